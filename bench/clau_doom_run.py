"""Measurement of a real ``clau-doom run`` from its event log."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType

from bench.child_processes import run_children
from bench.throughput_sample import Sample
from clau_doom.app.resource_estimate import most_training_episodes
from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain import Agent, Purpose
from clau_doom.domain.events import (
    AgentsAsked,
    EpisodeFinished,
    GenerationCompleted,
    GenerationStarted,
    RecordedEvent,
)
from clau_doom.storage import ExperimentFolders

__all__ = ["MeasuredRun", "measured_run"]

# Time limit of a run: a constant in seconds, plus seconds for each episode, about fifty times the usual duration.
_LEAST_PATIENCE, _PATIENCE = 300.0, 2.0


@dataclass(frozen=True, kw_only=True)
class MeasuredRun:
    """Result of a run.

    Attributes:
        sample: Training episodes from the start of the first generation to the end of the last. Engines are warm. The
            sample includes the cost of evolution and storage.
        episodes: Genome and seed of each training episode, in the order of their ends.
        generations: Genomes of the agents, by generation and index.
        lengths: Duration of each episode in seconds, in the order of `episodes`.
        tics: Length of each episode in game time, in the order of `episodes`.
    """

    sample: Sample
    episodes: tuple[tuple[tuple[float, ...], int], ...]
    generations: tuple[tuple[tuple[float, ...], ...], ...]
    lengths: tuple[float, ...]
    tics: tuple[float, ...]


def measured_run(config: ExperimentConfig, folder: Path) -> MeasuredRun:
    """Run an experiment by the command line, in a separate folder.

    Raises:
        MeasurementFailed: The run failed, or exceeded the time limit for its number of episodes.
    """
    file = folder / "config.yaml"
    file.write_text(to_yaml(config))
    arguments = ["-m", "clau_doom", "run", "-c", str(file), "--output-dir", str(folder / "runs")]
    episodes = most_training_episodes(config)
    run_children([arguments], folder / "run.log", _LEAST_PATIENCE + _PATIENCE * episodes)
    events = asyncio.run(_events(folder / "runs", config.name))
    asked = [each.event for each in events if isinstance(each.event, GenerationStarted | AgentsAsked)]
    populations: dict[int, list[Agent]] = {}
    for event in asked:
        populations.setdefault(event.generation, []).extend(event.agents)
    genomes = {agent.id: agent.genome.values for agents in populations.values() for agent in agents}
    played = [
        each.event.episode
        for each in events
        if isinstance(each.event, EpisodeFinished) and each.event.episode.purpose is Purpose.TRAINING
    ]
    sample = Sample(
        decisions=sum(episode.outcome.measures.decisions for episode in played),
        tics=sum(episode.outcome.measures.tics for episode in played),
        seconds=_last(events, GenerationCompleted) - _first(events, GenerationStarted | AgentsAsked),
    )
    return MeasuredRun(
        sample=sample,
        episodes=tuple((genomes[episode.agent], episode.outcome.seed) for episode in played),
        generations=tuple(tuple(agent.genome.values for agent in agents) for agents in populations.values()),
        lengths=tuple(episode.timing.seconds for episode in played),
        tics=tuple(episode.outcome.measures.tics for episode in played),
    )


async def _events(output_dir: Path, experiment: str) -> list[RecordedEvent]:
    async with ExperimentFolders(output_dir).open(experiment).read() as store:
        return [event async for event in store.events()]


def _first(events: Sequence[RecordedEvent], kind: type | UnionType) -> float:
    return next(each.time for each in events if isinstance(each.event, kind))


def _last(events: Sequence[RecordedEvent], kind: type) -> float:
    return next(each.time for each in reversed(events) if isinstance(each.event, kind))
