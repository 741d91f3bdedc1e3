"""Events of a small experiment, and fixtures with them."""

from collections.abc import Sequence

import pytest

from clau_doom.config import ExperimentConfig, HoldoutConfig, to_yaml
from clau_doom.domain import (
    Agent,
    AgentRef,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Genome,
    Measures,
    Purpose,
    agent_id,
)
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    ChampionChosen,
    EpisodeFinished,
    Event,
    ExperimentCompleted,
    ExperimentInterrupted,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
)
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.policies import GENES

__all__ = ["config", "config_yaml", "interrupted", "story", "story_of"]

CONFIG = ExperimentConfig(
    name="tiny", seed=7, generations=2, population=3, episodes=2, holdout=HoldoutConfig(validation=1, episodes=5)
)


def _played(purpose: Purpose, agent: str, number: int, seed: int, kills: float) -> EpisodeFinished:
    outcome = EpisodeOutcome(seed=seed, measures=Measures(kills=kills, reward=kills), trajectory_sha256="ab" * 32)
    timing = EpisodeTiming(seconds=0.1)
    return EpisodeFinished(episode=Episode(purpose=purpose, agent=agent, number=number, outcome=outcome, timing=timing))


def _generation(name: str, index: int, fitnesses: Sequence[float | None]) -> list[Event]:
    """Return a generation's events: the first agent has two parents in the generation before, the others one."""
    agents = tuple(
        Agent(
            experiment=name,
            ref=AgentRef(index, place),
            genome=Genome((float(index), *(gene.low for gene in GENES.genes[1:]))),
            parents=tuple(AgentRef(index - 1, parent) for parent in ((0, 1) if place == 0 else (place,)))
            if index
            else (),
            operator=("crossover" if place == 0 else "mutation") if index else "draw",
        )
        for place in range(len(fitnesses))
    )
    events: list[Event] = [GenerationStarted(generation=index, agents=agents)]
    for agent, fitness in zip(agents, fitnesses, strict=True):
        if fitness is None:
            kind = FailureKind.POLICY_RAISED
            events.append(AgentFailed(ref=agent.ref, kind=kind, reason="division by zero"))
            continue
        events += [_played(Purpose.TRAINING, agent.id, number, 100 + number, fitness) for number in range(2)]
        events.append(AgentEvaluated(ref=agent.ref, fitness=fitness))
    fit = [(fitness, -place) for place, fitness in enumerate(fitnesses) if fitness is not None]
    summary = GenerationSummary(
        index=index,
        best=AgentRef(index, -max(fit)[1]),
        best_fitness=max(fit)[0],
        mean_fitness=sum(fitness for fitness, _ in fit) / len(fit),
        worst_fitness=min(fit)[0],
        std_fitness=1.0,
        failed=len(fitnesses) - len(fit),
        episodes=2 * len(fit),
    )
    return [*events, GenerationCompleted(summary=summary)]


def config_yaml(name: str) -> str:
    """Return the configuration of the experiment as text."""
    return to_yaml(CONFIG.model_copy(update={"name": name}))


def story_of(name: str = "tiny") -> list[Event]:
    """Return all events of the experiment but its creation."""
    champion, first = agent_id(name, 1, 0), agent_id(name, 0, 1)
    events: list[Event] = [
        ExperimentStarted(resumed=False, generations=2, config_yaml=config_yaml(name)),
        *_generation(name, 0, [1.0, 4.0, 2.0]),
        *_generation(name, 1, [9.0, 5.0, None]),
        *(_played(Purpose.VALIDATION, agent, 0, 200, kills) for agent, kills in ((first, 3.0), (champion, 8.0))),
        ChampionChosen(champion=AgentRef(1, 0), validation_fitness=8.0, candidates=2),
    ]
    for agent, kills in ((champion, 7.0), (first, 3.0), (f"{name}-random", 0.0)):
        events += [_played(Purpose.HELD_OUT, agent, number, 300 + number, kills + number) for number in range(5)]
    return [*events, ExperimentCompleted(generations=2)]


@pytest.fixture
def config() -> ExperimentConfig:
    """Return the configuration of the experiment `tiny`."""
    return CONFIG


@pytest.fixture
def story() -> list[Event]:
    """Return all events of the experiment `tiny` but its creation."""
    return story_of()


@pytest.fixture
def interrupted() -> Event:
    """Return the event of an interruption."""
    return ExperimentInterrupted(generation=1, reason="Ctrl-C")
