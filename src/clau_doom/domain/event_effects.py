"""Changes of an experiment's state that events cause.

`changes_of` is the only mapping of event types to changes. The tables of the store, the projection in memory, the
metrics and the progress display apply changes and do not distinguish event types.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clau_doom.domain.agent import Agent, AgentRef, AgentStatus
from clau_doom.domain.budget import Budget
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.domain.experiment import Experiment, ExperimentState, GenerationSummary
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.domain.genome import Genome
from clau_doom.domain.run_environment import RunEnvironment

__all__ = [
    "AgentStatusChanged",
    "AgentsAdded",
    "AttemptLost",
    "ChampionSelected",
    "Change",
    "ContestantExcluded",
    "EpisodeAdded",
    "ExperimentAdded",
    "GenerationClosed",
    "GenomeQueued",
    "Intervention",
    "PauseChanged",
    "RunConfigured",
    "StateChanged",
    "changes_of",
]


@dataclass(frozen=True, slots=True)
class ExperimentAdded:
    """The experiment exists, in state `PENDING`."""

    experiment: Experiment


@dataclass(frozen=True, slots=True)
class RunConfigured:
    """A run has a budget, a configuration and an environment."""

    budget: Budget
    config_yaml: str
    environment: RunEnvironment | None


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The experiment has a new state, and the reason for it or None."""

    state: ExperimentState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AgentsAdded:
    """A generation has further agents, in state `PENDING`.

    Attributes:
        generation: The generation, which exists from its first agents on.
        agents: The agents; their indices follow the last agent's.
        whole: Whether these are all agents of the generation.
    """

    generation: int
    agents: tuple[Agent, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class AgentStatusChanged:
    """An agent has a new status. Fitness and failure are replaced with it.

    Attributes:
        ref: The agent.
        status: Its status.
        fitness: Its fitness, or None.
        episodes: Number of episodes that a dropped agent played, or None.
        failure_kind: Category of its failure, or None.
        failure: Reason of its failure, or None.
        traceback: Traceback of its policy, or None.
    """

    ref: AgentRef
    status: AgentStatus
    fitness: float | None = None
    episodes: int | None = None
    failure_kind: FailureKind | None = None
    failure: str | None = None
    traceback: FailureTrace | None = None


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """An agent is paused, or no longer paused."""

    ref: AgentRef
    paused: bool


@dataclass(frozen=True, slots=True)
class EpisodeAdded:
    """An agent or the random baseline has a further finished episode."""

    episode: Episode


@dataclass(frozen=True, slots=True)
class AttemptLost:
    """An attempt of an episode was lost."""

    purpose: Purpose


@dataclass(frozen=True, slots=True)
class ContestantExcluded:
    """A policy failed in a validation or held-out episode.

    Attributes:
        purpose: Validation or held-out.
        agent: The id of the agent or of the random baseline.
        kind: Category of the failure.
        traceback: Traceback of the policy, or None.
    """

    purpose: Purpose
    agent: str
    kind: FailureKind
    traceback: FailureTrace | None


@dataclass(frozen=True, slots=True)
class GenomeQueued:
    """A genome waits for a generation that has no agents yet."""

    generation: int
    genome: Genome


@dataclass(frozen=True, slots=True)
class Intervention:
    """Deviation: a user or a program influenced the history."""


@dataclass(frozen=True, slots=True)
class GenerationClosed:
    """A generation is complete."""

    summary: GenerationSummary


@dataclass(frozen=True, slots=True)
class ChampionSelected:
    """The experiment has a champion."""

    ref: AgentRef
    validation_fitness: float


Change = (
    ExperimentAdded
    | RunConfigured
    | StateChanged
    | AgentsAdded
    | AgentStatusChanged
    | PauseChanged
    | EpisodeAdded
    | AttemptLost
    | ContestantExcluded
    | GenomeQueued
    | Intervention
    | GenerationClosed
    | ChampionSelected
)


_CHANGES: dict[type, Callable[[Any], tuple[Change, ...]]] = {
    ExperimentCreated: lambda event: (ExperimentAdded(event.experiment),),
    ExperimentStarted: lambda event: (
        RunConfigured(event.budget, event.config_yaml, event.environment),
        StateChanged(ExperimentState.RUNNING),
    ),
    ExperimentPaused: lambda _: (StateChanged(ExperimentState.PAUSED),),
    ExperimentResumed: lambda _: (StateChanged(ExperimentState.RUNNING),),
    ExperimentInterrupted: lambda event: (StateChanged(ExperimentState.INTERRUPTED, event.reason),),
    ExperimentFailed: lambda event: (StateChanged(ExperimentState.FAILED, event.reason),),
    ExperimentCompleted: lambda _: (StateChanged(ExperimentState.COMPLETED),),
    ExperimentCancelled: lambda _: (StateChanged(ExperimentState.CANCELLED),),
    ChampionChosen: lambda event: (ChampionSelected(event.champion, event.validation_fitness),),
    GenerationStarted: lambda event: (AgentsAdded(event.generation, event.agents, whole=True),),
    AgentsAsked: lambda event: (AgentsAdded(event.generation, event.agents, whole=False),),
    GenerationCompleted: lambda event: (GenerationClosed(event.summary),),
    GenomeInjected: lambda event: (GenomeQueued(event.generation, event.genome), Intervention()),
    AgentEvaluated: lambda event: (AgentStatusChanged(event.ref, AgentStatus.COMPLETED, fitness=event.fitness),),
    AgentDropped: lambda event: (
        AgentStatusChanged(event.ref, AgentStatus.DROPPED, fitness=event.fitness, episodes=event.episodes),
    ),
    AgentFailed: lambda event: (
        AgentStatusChanged(
            event.ref,
            AgentStatus.FAILED,
            failure_kind=event.kind,
            failure=event.reason,
            traceback=event.traceback,
        ),
        *((Intervention(),) if event.kind is FailureKind.STOPPED else ()),
    ),
    AgentPaused: lambda event: (PauseChanged(event.ref, paused=True),),
    AgentResumed: lambda event: (PauseChanged(event.ref, paused=False),),
    AgentRestarted: lambda event: (
        AgentStatusChanged(event.ref, AgentStatus.PENDING),
        PauseChanged(event.ref, paused=False),
        Intervention(),
    ),
    EpisodeFinished: lambda event: (EpisodeAdded(event.episode),),
    EpisodeLost: lambda event: (AttemptLost(event.purpose),),
    ContestantFailed: lambda event: (ContestantExcluded(event.purpose, event.agent, event.kind, event.traceback),),
}


def changes_of(event: Event) -> tuple[Change, ...]:
    """Return the changes of an event, in order. Event types that are not in `_CHANGES` change no state."""
    find = _CHANGES.get(type(event))
    return () if find is None else find(event)
