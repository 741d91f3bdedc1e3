"""Agents in containers beside the same agents in local workers, and what a container's start takes."""

import asyncio
import os
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench.product import product_run
from bench.samples import Sample
from clau_doom.bootstrap.planning import genome_space, plan_config
from clau_doom.bootstrap.running import make_backend
from clau_doom.config import (
    DockerConfig,
    ExecutionConfig,
    ExperimentConfig,
    GeneticConfig,
    HoldoutConfig,
    ScenarioConfig,
)
from clau_doom.domain import Genome, Purpose
from clau_doom.ports import EpisodeTask
from clau_doom.testing import DockerHost

__all__ = ["EVALUATIONS", "ContainerRound", "container_round", "start_seconds"]

EVALUATIONS = {"2 s": (24, 40), "20 s": (16, 400)}
"""Agents, and episodes of each, by how long an evaluation is to take: the quickstart's episodes last about 50 ms."""
_STARTS = 8
_PATIENCE = 1200.0


@dataclass(frozen=True, kw_only=True)
class ContainerRound:
    """One generation of the quickstart, with both backends.

    Attributes:
        evaluation: Seconds that an agent's evaluation took a local worker, in the mean.
        episodes: How many were played.
        local: With the local backend.
        docker: With the Docker backend.
    """

    evaluation: float
    episodes: int
    local: Sample
    docker: Sample

    @property
    def ratio(self) -> float:
        """Episodes a second in containers, as a part of those in local workers."""
        return self.local.seconds / self.docker.seconds


def container_round(folder: Path, *, population: int, episodes: int, workers: int) -> ContainerRound:
    """Run the quickstart's first generation with each backend.

    Raises:
        SystemExit: They played different episodes.
    """
    docker, network = DockerHost(), f"clau-doom-bench-{secrets.token_hex(3)}"
    played = {}
    try:
        for backend in ("local", "docker"):
            execution = ExecutionConfig.model_validate({"backend": backend, "workers": workers})
            config = _quickstart(population, episodes).model_copy(
                update={"execution": execution, "docker": DockerConfig(network=network)}
            )
            (folder / backend).mkdir(parents=True)
            played[backend] = product_run(config, folder / backend, patience=_PATIENCE).sample
    finally:
        if network in docker.networks():
            docker("network", "rm", network)
    local, contained = played["local"], played["docker"]
    if (local.decisions, local.tics) != (contained.decisions, contained.tics):
        raise SystemExit(f"the backends played different episodes: {local} and {contained}")
    return ContainerRound(
        evaluation=local.seconds * workers / population,
        episodes=population * episodes,
        local=local,
        docker=contained,
    )


def start_seconds(folder: Path) -> list[float]:
    """Return how long it takes from asking for a new agent's episode to its end, one after the other.

    The episode lasts a third of a second of game time: some milliseconds.
    """
    docker, network = DockerHost(), f"clau-doom-bench-{secrets.token_hex(3)}"
    config = _quickstart(8, 1).model_copy(
        update={
            "name": "starts",
            "scenario": ScenarioConfig(timeout=10),
            "execution": ExecutionConfig(backend="docker", workers=1),
            "docker": DockerConfig(network=network),
        }
    )
    try:
        return asyncio.run(_starts(config, folder))
    finally:
        if network in docker.networks():
            docker("network", "rm", network)


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
