"""Agents in containers compared with the same agents in local workers, and start times of containers."""

import asyncio
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.clau_doom_run import MeasuredRun, measured_run
from bench.throughput_sample import MeasurementFailed, Sample
from clau_doom.app.gene_space import genome_space
from clau_doom.app.run import make_backend
from clau_doom.app.run_planning import plan_config
from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.config import ExecutionConfig, ExperimentConfig, GeneticConfig, HoldoutConfig, ScenarioConfig
from clau_doom.domain import Genome, Purpose
from clau_doom.ports import EpisodeTask
from tests.support.docker_host import DockerHost

__all__ = ["EVALUATIONS", "ContainerRound", "container_round", "run_in_containers", "start_seconds"]

EVALUATIONS = {"2 s": (24, 40), "20 s": (16, 400)}
"""Number of agents, and episodes of each, by duration of an evaluation. Episodes of the quickstart take about 50 ms."""
_STARTS = 8


@dataclass(frozen=True, kw_only=True)
class ContainerRound:
    """One generation of the quickstart, with both backends.

    Attributes:
        evaluation: Mean duration of an agent's evaluation in a local worker, in seconds.
        episodes: Number of episodes.
        local: Result of the local backend.
        docker: Result of the Docker backend.
    """

    evaluation: float
    episodes: int
    local: Sample
    docker: Sample

    @property
    def ratio(self) -> float:
        """Ratio of the throughput in containers to the throughput in local workers, in episodes per second."""
        return self.local.seconds / self.docker.seconds


def run_in_containers(config: ExperimentConfig, folder: Path) -> MeasuredRun:
    """Run an experiment with one container for each agent, in a network that is removed afterwards."""
    execution = config.execution.model_copy(update={"backend": "docker"})
    with _network() as network:
        contained = config.model_copy(update={"execution": execution, "docker": DockerConfig(network=network)})
        return measured_run(contained, folder)


def container_round(folder: Path, *, population: int, episodes: int, workers: int) -> ContainerRound:
    """Run the first generation of the quickstart with each backend.

    Raises:
        MeasurementFailed: The backends played different episodes.
    """
    execution = ExecutionConfig(workers=workers)
    config = _quickstart(population, episodes).model_copy(update={"execution": execution})
    for backend in ("local", "docker"):
        (folder / backend).mkdir(parents=True)
    local = measured_run(config, folder / "local").sample
    contained = run_in_containers(config, folder / "docker").sample
    if (local.decisions, local.tics) != (contained.decisions, contained.tics):
        raise MeasurementFailed(f"the backends played different episodes: {local} and {contained}")
    return ContainerRound(
        evaluation=local.seconds * workers / population,
        episodes=population * episodes,
        local=local,
        docker=contained,
    )


def start_seconds(folder: Path) -> list[float]:
    """Return the seconds from the request for a new agent's episode to its end, measured for one agent after another.

    The episode lasts a third of a second of game time, which takes some milliseconds.
    """
    with _network() as network:
        config = _quickstart(8, 1).model_copy(
            update={
                "name": "starts",
                "scenario": ScenarioConfig(timeout=10),
                "execution": ExecutionConfig(backend="docker", workers=1),
                "docker": DockerConfig(network=network),
            }
        )
        return asyncio.run(_starts(config, folder))


@contextmanager
def _network() -> Iterator[str]:
    """Yield the name of a network that is removed afterwards."""
    docker, name = DockerHost(), f"clau-doom-bench-{secrets.token_hex(3)}"
    try:
        yield name
    finally:
        if name in docker.networks():
            docker("network", "rm", name)


async def _starts(config: ExperimentConfig, folder: Path) -> list[float]:
    genome = Genome(tuple(float(gene.low) for gene in genome_space(config).genes))
    task = EpisodeTask(purpose=Purpose.TRAINING, agent="starts-g000-a000", genome=genome, number=0, seed=1)
    plan = await asyncio.to_thread(plan_config, config, folder)
    taken = []
    async with make_backend(plan, None, uuid=f"bench-{os.getpid()}") as backend:
        for number in range(_STARTS):
            began = time.perf_counter()
            await backend.play(replace(task, agent=f"starts-g000-a{number:03d}"))
            taken.append(time.perf_counter() - began)
    return taken


def _quickstart(population: int, episodes: int) -> ExperimentConfig:
    return ExperimentConfig(
        name="bench",
        generations=1,
        population=population,
        episodes=episodes,
        scenario=ScenarioConfig(name="defend_the_center", doom_skill=3, frame_skip=4),
        fitness="kills",
        evolution=GeneticConfig(),
        holdout=HoldoutConfig(validation=1, episodes=2),
    )
