"""Experiments: state, provenance, and summaries of generations, racing and held-out evaluation."""

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
    """State of an experiment."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    """Resumable. Causes: a user, a signal, a deadline, a kill, a full disk or exhausted attempts."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the state is final: the experiment cannot be resumed."""
        return self in {ExperimentState.COMPLETED, ExperimentState.FAILED, ExperimentState.CANCELLED}

    @property
    def ended(self) -> bool:
        """Whether no process runs the experiment any more: the state is final or `INTERRUPTED`."""
        return self.final or self is ExperimentState.INTERRUPTED


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """Facts that determine an experiment's results in addition to its configuration.

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
        uuid: Globally unique id. It distinguishes experiments of the same name in different folders.
        seed: Random seed of the experiment.
        config_yaml: The resolved configuration, as YAML text.
        provenance: Versions and hashes that determine its results.
    """

    id: str
    uuid: str
    seed: int
    config_yaml: str
    provenance: Provenance


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationSummary:
    """Summary of a finished generation. Fitness statistics cover the agents that have a fitness.

    Attributes:
        index: The generation, from 0.
        best: The best agent's place.
        best_fitness: Its fitness.
        mean_fitness: The mean.
        worst_fitness: The worst.
        std_fitness: The sample standard deviation; 0 for a single agent.
        failed: Agents without a fitness.
        episodes: Episodes that count in it.
        tics: Tics of these episodes, or None for a generation that an earlier version evolved.
    """

    index: int
    best: AgentRef
    best_fitness: float
    mean_fitness: float
    worst_fitness: float
    std_fitness: float
    failed: int
    episodes: int
    tics: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RaceTally:
    """Episodes saved by racing in one or more generations, and the quality of its decisions.

    Attributes:
        planned: Number of episodes without racing.
        played: Number of episodes played.
        dropped: Number of agents dropped.
        audited: Number of agents that racing would have dropped, but that played all episodes as a check.
        changed: Number of audited agents that ended among the best: wrong decisions.
    """

    planned: int = 0
    played: int = 0
    dropped: int = 0
    audited: int = 0
    changed: int = 0

    def __add__(self, other: "RaceTally") -> "RaceTally":
        """Return the sum of both tallies."""
        return RaceTally(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldoutResult:
    """One contestant's episodes on held-out seeds.

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
    """Counts of events that made the history depend on timing or chance; all 0 in a reproducible run."""

    exhausted_attempts: int = 0
    missed_deadlines: int = 0
    interventions: int = 0
    repeated_actions: int = 0

    @property
    def total(self) -> int:
        """The sum."""
        return self.exhausted_attempts + self.missed_deadlines + self.interventions + self.repeated_actions
