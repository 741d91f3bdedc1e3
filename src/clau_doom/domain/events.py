"""Events of an experiment: frozen values with a stable code each.

The event log is the only source of an experiment's state. Tables of the store, metrics, streams, the progress display
and the dashboard derive from it. A class is declared by `event`, with its code, scope, severity and summary.
"""

from dataclasses import dataclass
from enum import StrEnum

from clau_doom.domain.agent import Agent, AgentRef
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.event_declaration import Scope, Severity, event
from clau_doom.domain.experiment import Experiment, GenerationSummary
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.domain.genome import Genome
from clau_doom.domain.run_environment import RunEnvironment

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
    """Reason why an agent has no fitness."""

    POLICY_RAISED = "policy_raised"
    POLICY_TIMED_OUT = "policy_timed_out"
    """Deviation: still deciding at the episode's deadline."""
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    """Deviation: the infrastructure failed as often as the configuration allows."""
    STOPPED = "stopped"
    """Deviation: a user stopped the agent."""
    OUT_OF_MEMORY = "out_of_memory"
    """The agent exceeded the memory limit of its container."""
    FORGED = "forged"
    """The container's claims were false."""


@event("experiment_created", Scope.EXPERIMENT, Severity.ROUTINE, "stored")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentCreated:
    """The experiment was stored."""

    experiment: Experiment


@event("experiment_started", Scope.EXPERIMENT, Severity.INFO, "{event.verb}, {event.budget}")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentStarted:
    """A process began to run the experiment, or resumed it.

    Attributes:
        resumed: Whether it had run before.
        generations: Number of generations, which a resume can raise; None if the budget has another unit.
        config_yaml: The resolved configuration of this process.
        episodes: Budget in training episodes, or None.
        tics: Budget in tics of training episodes, or None.
        environment: Commits and packages of this process, or None in the log of an older version.
    """

    resumed: bool
    generations: int | None
    config_yaml: str
    episodes: int | None = None
    tics: int | None = None
    environment: RunEnvironment | None = None

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        amounts = ((getattr(self, unit), unit) for unit in BudgetUnit)
        return next(Budget(amount, unit) for amount, unit in amounts if amount is not None)

    @property
    def verb(self) -> str:
        """``resumed`` or ``started``."""
        return "resumed" if self.resumed else "started"


@event(
    "generation_started",
    Scope.GENERATION,
    Severity.ROUTINE,
    "generation {generation} started, {agents_count} agents",
)
@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationStarted:
    """The strategy proposed a generation of agents."""

    generation: int
    agents: tuple[Agent, ...]


@event("agents_asked", Scope.GENERATION, Severity.ROUTINE, "{agents_count} more agents in generation {generation}")
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentsAsked:
    """A steady-state strategy proposed further agents.

    Their indices follow the last agent's. A generation begins with its first agent, even if the one before it is not
    complete.
    """

    generation: int
    agents: tuple[Agent, ...]


@event(
    "episode_finished",
    Scope.EPISODE,
    Severity.ROUTINE,
    "{agent} finished {purpose} episode {episode.number}, {episode.outcome.measures.tics:g} tics",
)
@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeFinished:
    """An episode was played to its end."""

    episode: Episode


@event(
    "episode_lost",
    Scope.EPISODE,
    Severity.WARNING,
    "{agent} lost {purpose} episode {number}, attempt {attempt}: {reason}",
)
@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeLost:
    """An infrastructure failure lost an episode. It is repeated while attempts are left.

    Attributes:
        purpose: Purpose of the episode.
        agent: The agent's id.
        number: Index among the agent's episodes of that purpose.
        seed: Seed of the episode.
        attempt: The lost attempt, from 1.
        reason: The cause, on one line.
    """

    purpose: Purpose
    agent: str
    number: int
    seed: int
    attempt: int
    reason: str


@event("agent_failed", Scope.AGENT, Severity.ERROR, "{agent} failed: {reason}")
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentFailed:
    """An agent cannot be evaluated and has no fitness.

    Attributes:
        ref: The agent.
        kind: Category of the failure.
        reason: The cause, on one line.
        traceback: Traceback of the policy, or None.
    """

    ref: AgentRef
    kind: FailureKind
    reason: str
    traceback: FailureTrace | None = None


@event("agent_paused", Scope.AGENT, Severity.INFO, "{agent} paused by a user")
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentPaused:
    """A user paused an agent. Running episodes finish."""

    ref: AgentRef


@event("agent_resumed", Scope.AGENT, Severity.INFO, "{agent} resumed by a user")
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentResumed:
    """A user resumed a paused agent."""

    ref: AgentRef


@event("agent_restarted", Scope.AGENT, Severity.WARNING, "{agent} restarted by a user")
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentRestarted:
    """Deviation: a user restarted a failed agent. Its missing episodes are queued again."""

    ref: AgentRef


@event("genome_injected", Scope.GENERATION, Severity.WARNING, "genome injected for generation {generation}")
@dataclass(frozen=True, kw_only=True, slots=True)
class GenomeInjected:
    """Deviation: a user or a program gave a genome for the next generation.

    Attributes:
        generation: The generation that will contain it.
        genome: The genome.
    """

    generation: int
    genome: Genome


@event("agent_evaluated", Scope.AGENT, Severity.ROUTINE, "{agent} evaluated, fitness {fitness:.4g}")
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentEvaluated:
    """All training episodes of an agent are finished."""

    ref: AgentRef
    fitness: float


@event(
    "agent_dropped",
    Scope.AGENT,
    Severity.ROUTINE,
    "{agent} dropped from the race after {episodes} episodes, fitness {fitness:.4g}",
)
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentDropped:
    """Racing dropped an agent. It plays no further episodes.

    Attributes:
        ref: The agent.
        fitness: Mean over the episodes played.
        episodes: Number of these episodes.
    """

    ref: AgentRef
    fitness: float
    episodes: int


@event(
    "generation_completed",
    Scope.GENERATION,
    Severity.SUCCESS,
    "generation {summary.index} completed, best {summary.best_fitness:.4g}, mean {summary.mean_fitness:.4g}",
)
@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationCompleted:
    """All agents of a generation are evaluated, dropped or failed, and the strategy has their results."""

    summary: GenerationSummary


@event("contestant_failed", Scope.EPISODE, Severity.ERROR, "{agent} failed in {purpose} episode {number}: {reason}")
@dataclass(frozen=True, kw_only=True, slots=True)
class ContestantFailed:
    """A policy failed in a validation or held-out episode.

    In validation its agent is no longer a candidate. On held-out seeds the episode is missing.

    Attributes:
        purpose: Validation or held-out.
        agent: The agent's id.
        number: Index of the episode among the agent's episodes of that purpose.
        seed: Seed of the episode.
        kind: Category of the failure.
        reason: The cause, on one line.
        traceback: Traceback of the policy, or None.
    """

    purpose: Purpose
    agent: str
    number: int
    seed: int
    kind: FailureKind
    reason: str
    traceback: FailureTrace | None = None


@event(
    "champion_chosen",
    Scope.EXPERIMENT,
    Severity.SUCCESS,
    "champion {agent}, validation fitness {validation_fitness:.4g}",
)
@dataclass(frozen=True, kw_only=True, slots=True)
class ChampionChosen:
    """The champion was selected on the validation seeds among the best agents of the generations."""

    champion: AgentRef
    validation_fitness: float
    candidates: int


@event("experiment_paused", Scope.EXPERIMENT, Severity.INFO, "paused by a user")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentPaused:
    """A user paused the experiment. No new episode begins, and running time stops."""


@event("experiment_resumed", Scope.EXPERIMENT, Severity.INFO, "resumed by a user")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentResumed:
    """A user resumed a paused experiment."""


@event("experiment_cancelled", Scope.EXPERIMENT, Severity.WARNING, "cancelled by a user")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentCancelled:
    """A user cancelled the experiment. It cannot be resumed."""


@event("experiment_interrupted", Scope.EXPERIMENT, Severity.WARNING, "interrupted in generation {generation}: {reason}")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentInterrupted:
    """The run stopped and can be resumed.

    Attributes:
        generation: The generation in progress; the number of generations during the evaluation of the champion.
        reason: The cause, on one line.
    """

    generation: int
    reason: str


@event("experiment_failed", Scope.EXPERIMENT, Severity.ERROR, "failed: {reason}")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentFailed:
    """The run failed and cannot be resumed.

    Attributes:
        reason: Reason on one line.
        traceback: Traceback of the strategy, or None.
    """

    reason: str
    traceback: FailureTrace | None = None


@event("experiment_completed", Scope.EXPERIMENT, Severity.SUCCESS, "completed, {generations} generations")
@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentCompleted:
    """All generations are evolved and the champion is evaluated on held-out seeds."""

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
        sequence: Index in the experiment's log: 1, 2, 3, ... without a gap.
        time: Time of the commit, in seconds since the epoch. For display only.
        event: The event.
    """

    sequence: int
    time: float
    event: Event
