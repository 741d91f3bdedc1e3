"""Remote agent compared with the same agent in the worker: cost of a call and throughput of a run."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.clau_doom_run import measured_run
from bench.throughput_sample import MeasurementFailed, Sample
from clau_doom.config import CustomPolicyConfig, ExperimentConfig, RemotePolicyConfig
from clau_doom.domain import Genome, generator
from clau_doom.game import resolve
from clau_doom.policies.remote import RemotePolicy
from clau_doom.testing import synthetic_observations

__all__ = ["RemoteRound", "RoundTrip", "agents", "remote_round", "round_trip"]

_EXAMPLE = Path(__file__).parent.parent / "examples" / "remote_agent"
_WARM = 300
_DEADLINE = 30.0
IN_PROCESS = CustomPolicyConfig(target="bench.remote_policy:Sentry")


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """Wall time of a decision of the remote agent, in seconds.

    Attributes:
        median: Median.
        p99: 99th percentile.
    """

    median: float
    p99: float


@dataclass(frozen=True, kw_only=True)
class RemoteRound:
    """The same experiment with the agent in the workers, and behind a socket.

    Attributes:
        inside: Result with the agent in the worker's process, one worker per core.
        remote: Result with the agent behind a socket, by programming language.
    """

    inside: Sample
    remote: dict[str, Sample]


def agents() -> dict[str, list[str]]:
    """Return the commands of the available agents, by language. The packages of the JavaScript agent may be missing."""
    found = {"Python": [sys.executable, str(_EXAMPLE / "agent.py")]}
    node = shutil.which("node")
    if node and (_EXAMPLE / "node_modules").is_dir():
        found["JavaScript"] = [node, str(_EXAMPLE / "agent.js")]
    return found


def remote_round(config: ExperimentConfig, folder: Path, *, workers: int) -> RemoteRound:
    """Run an experiment with the agent in the workers, then behind a socket in each language.

    Args:
        config: The experiment; its policy is replaced.
        folder: Folder for all files.
        workers: Number of workers that call the agent concurrently.

    Raises:
        MeasurementFailed: The runs played different episodes.
    """
    inside = _run(config.model_copy(update={"policy": IN_PROCESS}), folder / "inside")
    played = {}
    for language, command in agents().items():
        address = f"unix:{folder}/{language}"
        policy = RemotePolicyConfig(address=address, deadline=_DEADLINE)
        execution = config.execution.model_copy(update={"workers": workers})
        with serving(command, address):
            played[language] = _run(
                config.model_copy(update={"policy": policy, "execution": execution}), folder / f"{language}-run"
            )
    if others := [each for each in played.values() if (each.decisions, each.tics) != (inside.decisions, inside.tics)]:
        raise MeasurementFailed(f"the remote agent played other episodes: {inside} and {others}")
    return RemoteRound(inside=inside, remote=played)


def round_trip(
    command: list[str], folder: Path, config: ExperimentConfig, *, streams: bool, decisions: int = 3000
) -> RoundTrip:
    """Measure one decision after another, through the policy, without an engine.

    Args:
        command: Command that starts the agent.
        folder: Folder for its socket.
        config: Experiment with the scenario of the observations.
        streams: Use `Play`; otherwise `GetAction`.
        decisions: Number of decisions.
    """
    facts = resolve(config.scenario).facts
    seen = [*synthetic_observations(facts, 1, 500)]
    for each in seen:
        each.screen, each.objects = None, each.objects[:5]
    address = f"unix:{folder}/trip"
    with serving(command, address):
        policy = RemotePolicy(facts, RemotePolicyConfig(address=address, deadline=_DEADLINE), streams=streams)
        decide = policy.begin(Genome((10.0, 50.0, 0.0)), generator(1))
        taken = []
        for number in range(_WARM + decisions):
            began = time.perf_counter()
            decide(seen[number % len(seen)])
            taken.append(time.perf_counter() - began)
        policy.close()
    taken = sorted(taken[_WARM:])
    return RoundTrip(median=taken[decisions // 2], p99=taken[decisions * 99 // 100])


def _run(config: ExperimentConfig, folder: Path) -> Sample:
    folder.mkdir()
    return measured_run(config, folder).sample


@contextmanager
def serving(command: list[str], address: str) -> Iterator[None]:
    """Run an agent's program until the end of the block."""
    with subprocess.Popen([*command, address], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            if not program.stdout.readline():
                raise MeasurementFailed(f"{command} does not listen at {address}")
            yield
        finally:
            program.kill()
