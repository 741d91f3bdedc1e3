"""What has happened: frozen, in the past tense, complete.

The store keeps tables that can be read off these events alone, and whatever shows an experiment (progress bar, metrics,
streams, dashboard) reads this one log.
"""

from dataclasses import dataclass
from enum import StrEnum

from clau_doom.domain.agent import Agent, AgentRef
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.experiment import Experiment, GenerationSummary
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.domain.genome import Genome

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


class FailureKind(StrEnum):
    """Why an agent has no fitness."""

    POLICY_RAISED = "policy_raised"
    POLICY_TIMED_OUT = "policy_timed_out"
    """Deviation: still deciding at the episode's deadline."""
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    """Deviation: the infrastructure failed as often as the configuration allows."""
    STOPPED = "stopped"
    """Deviation: a person gave the agent up."""
    OUT_OF_MEMORY = "out_of_memory"
    """It took more memory than its container may have."""
    FORGED = "forged"
    """What its container claimed was not true."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentCreated:
    """The experiment was stored for the first time."""

    experiment: Experiment


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentStarted:
    """A process began to run it, from the start or after an interruption.

    Attributes:
        resumed: Whether it had run before.
        generations: How many generations it is to have (a resume may raise it).
        config_yaml: The resolved configuration that this process runs with.
    """

    resumed: bool
    generations: int
    config_yaml: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationStarted:
    """A strategy was asked, and these agents are to be evaluated."""

    generation: int
    agents: tuple[Agent, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentsAsked:
    """A steady-state strategy was asked, and these agents are to be evaluated as well.

    They follow the last agent. A generation begins with its first agent, whether or not the one before is complete.
    """

    generation: int
    agents: tuple[Agent, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeFinished:
    """An episode was played to its end."""

    episode: Episode


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeLost:
    """The infrastructure lost an episode; it is played again while attempts are left.

    Attributes:
        purpose: What it was played for.
        agent: The agent's id.
        number: Its place among the agent's episodes of that purpose.
        seed: Its seed.
        attempt: Which attempt was lost, from 1.
        reason: What happened, on one line.
    """

    purpose: Purpose
    agent: str
    number: int
    seed: int
    attempt: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentFailed:
    """An agent cannot be evaluated; it gets no fitness.

    Attributes:
        ref: Its place.
        kind: Why it failed.
        reason: What happened, on one line.
        traceback: Where its policy raised, or None.
    """

    ref: AgentRef
    kind: FailureKind
    reason: str
    traceback: FailureTrace | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentPaused:
    """A person had an agent's episodes wait; those that were being played go on to their end."""

    ref: AgentRef


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentResumed:
    """A person let a paused agent's episodes be played again."""

    ref: AgentRef


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentRestarted:
    """Deviation: a person had a failed agent's missing episodes queued again."""

    ref: AgentRef


@dataclass(frozen=True, kw_only=True, slots=True)
class GenomeInjected:
    """Deviation: a person or another program gave a genome for the next generation.

    Attributes:
        generation: The generation that it will be in.
        genome: Its genes.
    """

    generation: int
    genome: Genome


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentEvaluated:
    """All of an agent's training episodes are finished."""

    ref: AgentRef
    fitness: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentDropped:
    """An agent has lost the race of its generation, and plays no more.

    Attributes:
        ref: Its place.
        fitness: The mean over the episodes that it has played.
        episodes: How many these are.
    """

    ref: AgentRef
    fitness: float
    episodes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationCompleted:
    """All of a generation's agents are evaluated, dropped or failed, and the strategy was told."""

    summary: GenerationSummary


@dataclass(frozen=True, kw_only=True, slots=True)
class ContestantFailed:
    """A policy failed while the champion was chosen or judged; a candidate is out, a judged one lacks the episode.

    Attributes:
        purpose: Validation or held-out.
        agent: The agent's id.
        number: The episode's place among the agent's episodes of that purpose.
        seed: Its seed.
        kind: Why it failed.
        reason: What happened, on one line.
        traceback: Where its policy raised, or None.
    """

    purpose: Purpose
    agent: str
    number: int
    seed: int
    kind: FailureKind
    reason: str
    traceback: FailureTrace | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChampionChosen:
    """The validation seeds chose the champion among the generations' best agents."""

    champion: AgentRef
    validation_fitness: float
    candidates: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentPaused:
    """A person had the run wait: no new episode is begun, and its running time stands still."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentResumed:
    """A person let a paused run go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentCancelled:
    """A person ended the experiment for good."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentInterrupted:
    """The run stopped and can be resumed.

    Attributes:
        generation: The generation that it stopped in; the number of generations when the champion was being judged.
        reason: Why, on one line.
    """

    generation: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentFailed:
    """The run cannot go on."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentCompleted:
    """All generations are evolved and the champion is judged."""

    generations: int


Event = (
    ExperimentCreated
    | ExperimentStarted
    | GenerationStarted
    | AgentsAsked
    | EpisodeFinished
    | EpisodeLost
    | AgentFailed
    | AgentEvaluated
    | AgentDropped
    | AgentPaused
    | AgentResumed
    | AgentRestarted
    | GenomeInjected
    | GenerationCompleted
    | ContestantFailed
    | ChampionChosen
    | ExperimentPaused
    | ExperimentResumed
    | ExperimentInterrupted
    | ExperimentFailed
    | ExperimentCompleted
    | ExperimentCancelled
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedEvent:
    """An event in the log.

    Attributes:
        sequence: Its place in the experiment's log: 1, 2, 3, ... without a gap.
        time: When it was committed, in seconds since the epoch; for people, never compared.
        event: What happened.
    """

    sequence: int
    time: float
    event: Event
