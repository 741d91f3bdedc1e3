"""Comparison with peers: the same genomes and seeds in a run, in bare loops and in each installed peer."""

import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.table import Table

from bench.bare_loops import Job, bare_loops
from bench.child_processes import run_children
from bench.clau_doom_run import measured_run
from bench.containers import run_in_containers
from bench.measurement_journal import Play
from bench.peers.evaluation import JOB, PeerJob, noted
from bench.throughput_sample import Sample, Spread
from bench.vector_env import JOB as VECTOR_JOB
from bench.vector_env import VectorJob, vector_env
from clau_doom.config import ExperimentConfig
from clau_doom.domain import Purpose, episode_seeds
from tests.support.docker_host import DockerHost

__all__ = ["PeerRound", "peer_round", "peer_table"]

_PATIENCE = 600.0


@dataclass(frozen=True, kw_only=True)
class _Peer:
    """Evaluation of a population by another package.

    Attributes:
        name: Name in the table.
        module: The benchmark's module that calls the package.
        packages: Required packages.
        argument: Second argument of the module, or None for a separate folder with a short path.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    argument: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that are not installed."""
        return tuple(package for package in self.packages if importlib.util.find_spec(package) is None)


_PEERS = (
    _Peer(name="DEAP, multiprocessing", module="deap_pools", packages=("deap", "loky"), argument="multiprocessing"),
    _Peer(name="DEAP, loky", module="deap_pools", packages=("deap", "loky"), argument="loky"),
    _Peer(name="EvoTorch", module="evo_torch", packages=("evotorch", "ray", "torch")),
    _Peer(name="Ray Tune", module="ray_tune", packages=("ray", "fsspec", "pandas", "pyarrow")),
)
_ENVPOOL = _Peer(name="EnvPool, random play", module="env_pool", packages=("envpool",))
_RUN, _BARE, _VECTOR = "clau-doom run", "bare loops", "AsyncVectorEnv, random play"
_FLAT = "bare loops, floors flat as in a run"
_ON_RAY = _Peer(name="clau-doom run on Ray", module="", packages=("ray",))
_CONTAINED = "clau-doom run in containers"
_RANDOM_RUN = "clau-doom run, random play"


@dataclass(frozen=True, kw_only=True)
class PeerRound:
    """Results of each contestant; peers that are not installed are omitted.

    Attributes:
        same: Contestants that played the same episodes, including the run and the bare loops.
        random: Contestants that played at random.
        missing: Missing packages of the other peers, by name.
    """

    same: dict[str, Sample]
    random: dict[str, Sample]
    missing: dict[str, tuple[str, ...]]


def peer_round(
    config: ExperimentConfig, at_random: ExperimentConfig, vector: VectorJob, cores: tuple[int, ...], play: Play
) -> PeerRound:
    """Play one round.

    Args:
        config: Configuration of the run. All generations play the same seeds, because peers do not pass a generation to
            their evaluation function.
        at_random: Configuration of a run with the random policy.
        vector: Settings of the other contestants with random play.
        cores: Core of each process.
        play: The round; contestants that fail or play other episodes are omitted.

    Raises:
        MeasurementFailed: The run failed, which is the reference for all others.
    """
    assert config.seeds == "fixed"
    folder = play.folder
    run = measured_run(config, folder)
    scenario, policy = config.scenario.model_dump_json(), config.policy.model_dump_json()
    loops = Job(
        folder=str(folder),
        scenario=scenario,
        policy=policy,
        episodes=run.episodes,
        cores=cores,
        seconds=run.sample.seconds,
    )
    (folder / "flat").mkdir()
    contestants: dict[str, Callable[[], Sample]] = {
        _RUN: lambda: run.sample,
        _BARE: lambda: bare_loops(loops)[0],
        _FLAT: lambda: bare_loops(replace(loops, folder=str(folder / "flat"), flat=True))[0],
    }
    if not _ON_RAY.missing:
        (folder / "ray").mkdir()
        on_ray = config.model_copy(update={"execution": config.execution.model_copy(update={"backend": "ray"})})
        contestants[_ON_RAY.name] = lambda: measured_run(on_ray, folder / "ray").sample
    if DockerHost().answers:
        (folder / "docker").mkdir()
        contestants[_CONTAINED] = lambda: run_in_containers(config, folder / "docker").sample
    for number, peer in enumerate(each for each in _PEERS if not each.missing):
        (folder / str(number)).mkdir()
        job = PeerJob(
            folder=str(folder / str(number)),
            scenario=scenario,
            policy=policy,
            generations=run.generations,
            seeds=episode_seeds(config.seed, Purpose.TRAINING, config.episodes),
            cores=cores,
        )
        contestants[peer.name] = partial(_evaluated, peer, job)
    return PeerRound(
        same=play.samples(contestants, like=run.sample),
        random=play.samples(_random(at_random, vector, folder)),
        missing={peer.name: peer.missing for peer in (_ON_RAY, *_PEERS, _ENVPOOL) if peer.missing},
    )


def _evaluated(peer: _Peer, job: PeerJob) -> Sample:
    path = Path(job.folder) / "job.json"
    path.write_bytes(JOB.dump_json(job))
    # Ray creates sockets in the given folder, and the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as short:
        command = ["-m", f"bench.peers.{peer.module}", str(path), peer.argument or short]
        run_children([command], path.with_name("log"), _PATIENCE)
    return noted(job)


def _random(config: ExperimentConfig, job: VectorJob, folder: Path) -> dict[str, Callable[[], Sample]]:
    (folder / "random").mkdir()
    contestants: dict[str, Callable[[], Sample]] = {
        _RANDOM_RUN: lambda: measured_run(config, folder / "random").sample,
        _VECTOR: lambda: vector_env(job, folder),
    }
    if not _ENVPOOL.missing:
        contestants[_ENVPOOL.name] = lambda: _env_pool(job, folder)
    return contestants


def _env_pool(job: VectorJob, folder: Path) -> Sample:
    path, result = folder / "envpool.json", folder / "envpool-result.json"
    path.write_bytes(VECTOR_JOB.dump_json(job))
    run_children([["-m", "bench.peers.env_pool", str(path), str(result)]], folder / "envpool.log", _PATIENCE)
    return Sample(**json.loads(result.read_text()))


def peer_table(rounds: Sequence[PeerRound]) -> Table:
    """Return the results of each contestant; ratios of tics are computed within a round."""
    table = Table(title="peers: the same genomes on the same seeds", title_justify="left", header_style="bold")
    for heading in ("who", "decisions/s", "tics/s", "run / this", "goal"):
        table.add_column(heading, justify="left" if heading == "who" else "right", no_wrap=True)

    def rows(pick: Callable[[PeerRound], dict[str, Sample]], run: str) -> None:
        for name in dict.fromkeys(name for each in rounds for name in pick(each)):
            found = [pick(each) for each in rounds if name in pick(each)]
            samples = [each[name] for each in found]
            ratios = tuple(each[run].tics_per_second / each[name].tics_per_second for each in found if run in each)
            goal = {run: "", _ON_RAY.name: "", _CONTAINED: "", _FLAT: "", _BARE: ">= 0.98"}.get(name, "> 1")
            rate = Spread(tuple(sample.decisions_per_second for sample in samples)).text()
            tics = Spread(tuple(sample.tics_per_second for sample in samples)).text()
            table.add_row(name, rate, tics, Spread(ratios).text(".3f"), goal)

    rows(lambda each: each.same, _RUN)
    table.add_section()
    rows(lambda each: each.random, _RANDOM_RUN)
    for name, packages in (rounds[0].missing if rounds else {}).items():
        hint = f"{name} is left out: install {', '.join(packages)} (uv pip install --group bench)"
        print(hint, file=sys.stderr)
    return table
