"""Simulation of scale: the real orchestrator and store with up to 10,000 workers on a virtual clock.

``python -m bench.scale_simulation JOB RESULT`` simulates one fleet twice in a separate process. In the first
simulation, the orchestrator takes no time: only the ends of generations, failures and stragglers keep workers idle. In
the second, the orchestrator has one core. Both must produce the same history.
"""

import asyncio
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bench.child_processes import run_children
from bench.simulated_backend import Fleet, SimulatedBackend, Span
from bench.virtual_time import LoopClock, VirtualLoop
from clau_doom.config import EvolutionConfig, ExperimentConfig, GeneticConfig, HoldoutConfig, to_yaml
from clau_doom.domain import Fitness, Gene, GenomeSpace
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.domain.history_hash import history_sha256
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.storage import ExperimentFolders

__all__ = ["FLEETS", "SLOWNESS", "Simulation", "experiment", "simulation"]

FLEETS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
SLOWNESS = {"quickstart's": 1.0, "ten times longer": 10.0}
"""Lengths of episodes, by name."""
_SPACE = GenomeSpace(tuple(Gene.real(f"gene_{number}", -1.0, 1.0) for number in range(16)))
_GENERATIONS, _EPISODES, _FEWEST = 2, 8, 32
"""Number of generations, episodes of each agent, and minimum population. A generation has one agent for each worker."""
_LEAST_PATIENCE, _PATIENCE = 600.0, 0.5  # time limit: a constant in seconds, plus seconds for each worker
_KINDS = ("free", "charged")


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Results of one fleet; all seconds except the orchestrator's are virtual.

    Attributes:
        workers: Number of workers.
        seconds: Time from the request for the first episode to the end of the last generation.
        episodes: Episodes finished in that time.
        lost: Episodes that were lost and repeated.
        free: Share of the workers' time in which they played, with an orchestrator that takes no time.
        busy: The same share with an orchestrator that has one core.
        orchestrator: Processor seconds of the orchestrator, its store and the simulation, in that time.
    """

    workers: int
    seconds: float
    episodes: int
    lost: int
    free: float
    busy: float
    orchestrator: float

    @property
    def load(self) -> float:
        """Processor seconds of the orchestrator per virtual second."""
        return self.orchestrator / self.seconds


_JOB = TypeAdapter(Fleet)


def simulation(fleet: Fleet) -> Simulation:
    """Simulate a fleet in a child process."""
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        job, result = Path(name) / "fleet.json", Path(name) / "result.json"
        job.write_bytes(_JOB.dump_json(fleet))
        patience = _LEAST_PATIENCE + _PATIENCE * fleet.workers
        run_children([["-m", "bench.scale_simulation", str(job), str(result)]], Path(name) / "log", patience)
        found = Simulation(**json.loads(result.read_text()))
    print(f"{fleet.workers} workers are simulated", file=sys.stderr)
    return found


def simulate(fleet: Fleet, folder: Path) -> Simulation:
    """Simulate one fleet in this process.

    Raises:
        SystemExit: The two simulations have different histories.
    """
    (free, history), (span, same) = (_run(fleet, folder / name, charged=name == "charged") for name in _KINDS)
    if history != same:
        raise SystemExit(f"{fleet.workers} workers: histories {history} and {same} differ")
    return Simulation(
        workers=fleet.workers,
        seconds=span.seconds,
        episodes=span.played,
        lost=span.lost,
        free=free.busy / (free.seconds * fleet.workers),
        busy=span.busy / (span.seconds * fleet.workers),
        orchestrator=span.processor,
    )


def _run(fleet: Fleet, folder: Path, *, charged: bool) -> tuple[Span, str]:
    backend, population = SimulatedBackend(fleet), max(_FEWEST, fleet.workers)
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(charged=charged)) as runner:
        history = runner.run(
            experiment(backend, folder, generations=_GENERATIONS, population=population, episodes=_EPISODES)
        )
    assert backend.span is not None
    return backend.span, history


async def experiment(
    backend: SimulatedBackend,
    folder: Path,
    *,
    generations: int,
    population: int,
    episodes: int,
    evolution: EvolutionConfig | None = None,
) -> str:
    """Run an experiment on simulated workers with the clock of the running loop; return its history."""
    config = ExperimentConfig(
        name="scale",
        generations=generations,
        population=population,
        episodes=episodes,
        evolution=evolution or GeneticConfig(),
        holdout=HoldoutConfig(validation=1, episodes=2),
    )
    text = to_yaml(config)
    created = Experiment(
        id=config.name, uuid="4f8", seed=config.seed, config_yaml=text, provenance=Provenance(facts=())
    )
    async with ExperimentFolders(folder).create(created).write() as store, backend:
        run = ExperimentRun(
            config,
            text,
            space=_SPACE,
            fitness=Fitness.named("reward"),
            store=store,
            backend=backend,
            shutdown=Shutdown(),
            clock=LoopClock(),
        )
        state = await run.run()
        assert state is ExperimentState.COMPLETED
        return history_sha256((await store.snapshot()).finished_generations)


def main() -> None:
    """Simulate one fleet; entry point of the child process."""
    fleet = _JOB.validate_json(Path(sys.argv[1]).read_bytes())
    with tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as name:
        Path(sys.argv[2]).write_text(json.dumps(asdict(simulate(fleet, Path(name)))))


if __name__ == "__main__":
    main()
