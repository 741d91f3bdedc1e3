"""Folder of an experiment, and the events to fill it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clau_doom.domain import Agent, AgentRef, Episode, EpisodeOutcome, EpisodeTiming, Genome, Measures, Purpose
from clau_doom.domain.events import EpisodeFinished, Event, ExperimentStarted, GenerationStarted
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.storage import ExperimentFolder, ExperimentFolders

Finished = Callable[..., EpisodeFinished]


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(id="lab", uuid="4f8", seed=1, config_yaml="name: lab\n", provenance=Provenance(facts=()))


@pytest.fixture
def folder(experiment: Experiment, tmp_path: Path) -> ExperimentFolder:
    return ExperimentFolders(tmp_path / "runs").create(experiment)


@pytest.fixture
def beginning() -> list[Event]:
    """Return the start of a run: generation 0 of four agents."""
    agents = tuple(
        Agent(experiment="lab", ref=AgentRef(0, index), genome=Genome((0.5,)), parents=(), operator="draw")
        for index in range(4)
    )
    started = ExperimentStarted(resumed=False, generations=1, config_yaml="name: lab\n")
    return [started, GenerationStarted(generation=0, agents=agents)]


@pytest.fixture
def finished() -> Finished:
    """Return a function that makes an episode's event: `finished(agent index, number, recording)`."""

    def make(agent: int, number: int, recording: bytes | None = None) -> EpisodeFinished:
        episode = Episode(
            purpose=Purpose.TRAINING,
            agent=f"lab-g000-a{agent:03d}",
            number=number,
            outcome=EpisodeOutcome(seed=number, measures=Measures(kills=float(number)), trajectory_sha256="ab" * 32),
            timing=EpisodeTiming(seconds=0.5),
            recording=recording,
        )
        return EpisodeFinished(episode=episode)

    return make
