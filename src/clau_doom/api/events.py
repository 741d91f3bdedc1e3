"""Events of an experiment, for callbacks and for `async for` loops over a run.

An event is a frozen dataclass, such as `EpisodeFinished` or `GenerationCompleted`. Callbacks receive it in a
`RecordedEvent`, with its place in the log (`sequence`, from 1) and its time (seconds since the epoch).
``docs/events.md`` describes each event.

Example:
    >>> from clau_doom.api.events import GenerationCompleted, RecordedEvent
    >>> def best(recorded: RecordedEvent) -> float | None:
    ...     match recorded.event:
    ...         case GenerationCompleted(summary=summary):
    ...             return summary.best_fitness
    ...     return None
"""

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
    RecordedEvent,
)

__all__ = [
    "AgentDropped",
    "AgentEvaluated",
    "AgentFailed",
    "AgentPaused",
    "AgentRestarted",
    "AgentResumed",
    "AgentsAsked",
    "ChampionChosen",
    "ContestantFailed",
    "EpisodeFinished",
    "EpisodeLost",
    "Event",
    "ExperimentCancelled",
    "ExperimentCompleted",
    "ExperimentCreated",
    "ExperimentFailed",
    "ExperimentInterrupted",
    "ExperimentPaused",
    "ExperimentResumed",
    "ExperimentStarted",
    "FailureKind",
    "GenerationCompleted",
    "GenerationStarted",
    "GenomeInjected",
    "RecordedEvent",
]
