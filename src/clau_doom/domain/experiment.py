"""An experiment as a whole: its state, what it was made with, and what its generations and champions came to."""

from dataclasses import dataclass, fields
from enum import StrEnum

from clau_doom.domain.agent import AgentRef
from clau_doom.domain.episode import Measures

__all__ = [
    "Deviations",
    "Experiment",
    "ExperimentState",
    "GenerationSummary",
    "HoldoutResult",
    "Provenance",
    "RaceTally",
]


class ExperimentState(StrEnum):
    """Where an experiment stands."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    """Resumable: stopped by a person, a signal, a deadline, a kill, a full disk or exhausted attempts."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more can happen in this state."""
        return self in {ExperimentState.COMPLETED, ExperimentState.FAILED, ExperimentState.CANCELLED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """What decides an experiment's numbers beside its configuration.

    Attributes:
        facts: (name, version or SHA-256) pairs, sorted by name.
    """

    facts: tuple[tuple[str, str], ...]

    def first_difference(self, other: "Provenance") -> tuple[str, str, str] | None:
        """Return (name, here, there) of the first fact that differs, or None; a missing fact reads ``none``."""
        here, there = dict(self.facts), dict(other.facts)
        for name in sorted(here.keys() | there.keys()):
            if here.get(name, "none") != there.get(name, "none"):
                return name, here.get(name, "none"), there.get(name, "none")
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """One experiment as it is stored.

    Attributes:
        id: Its name.
        uuid: Unique among all experiments anywhere: two of one name, in two folders, are told apart by it.
        seed: Where all its random numbers come from.
        config_yaml: The resolved configuration, as YAML text.
        provenance: What else decides its numbers.
    """

    id: str
    uuid: str
    seed: int
    config_yaml: str
    provenance: Provenance


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationSummary:
    """What a finished generation came to; fitness over the agents that have one.

    Attributes:
        index: The generation, from 0.
        best: The best agent's place.
        best_fitness: Its fitness.
        mean_fitness: The mean.
        worst_fitness: The worst.
        std_fitness: The sample standard deviation; 0 for a single agent.
        failed: Agents without a fitness.
        episodes: Episodes that count in it.
    """

    index: int
    best: AgentRef
    best_fitness: float
    mean_fitness: float
    worst_fitness: float
    std_fitness: float
    failed: int
    episodes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RaceTally:
    """What racing saved in one generation or more, and how good its decisions were.

    Attributes:
        planned: The episodes without racing.
        played: Those that were played.
        dropped: The agents that were dropped.
        audited: Those that were to be dropped and played on all the same.
        changed: The audited ones that in the end belonged to the best: decisions that were wrong.
    """

    planned: int = 0
    played: int = 0
    dropped: int = 0
    audited: int = 0
    changed: int = 0

    def __add__(self, other: "RaceTally") -> "RaceTally":
        """Return the tally of both."""
        return RaceTally(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldoutResult:
    """One contestant's episodes on seeds that it was not selected on.

    Attributes:
        role: ``champion``, ``generation 0``, ``random`` or ``candidate``.
        agent: The agent's id, or that of the random baseline.
        seeds: The seed of each episode, by number; contestants are compared on the seeds that both finished.
        fitnesses: The fitness of each episode, by number.
        measures: The measures of each episode, by number.
    """

    role: str
    agent: str
    seeds: tuple[int, ...]
    fitnesses: tuple[float, ...]
    measures: tuple[Measures, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviations:
    """How often something that depends on time or luck entered the history; all 0 in a reproducible run."""

    exhausted_attempts: int = 0
    missed_deadlines: int = 0
    interventions: int = 0
    repeated_actions: int = 0

    @property
    def total(self) -> int:
        """The sum."""
        return self.exhausted_attempts + self.missed_deadlines + self.interventions + self.repeated_actions
