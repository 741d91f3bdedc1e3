"""Data of one experiment, and the results that are computed from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, cast

from clau_doom.analysis.elite_map import EliteMap
from clau_doom.analysis.evolution_axis import EvolutionAxis
from clau_doom.analysis.topsis import Criterion
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef, Evaluation, Fitness, GenomeSpace
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.experiment import RaceTally
from clau_doom.ports import StoredExperiment

__all__ = ["ExperimentData"]

T = TypeVar("T")
Computation = Callable[["ExperimentData"], T]


@dataclass(frozen=True, kw_only=True)
class ExperimentData:
    """Data of one experiment. A result is computed at its first use.

    Attributes:
        stored: The experiment. The analysis covers the finished part.
        scenario: Name of the scenario.
        fitness: Fitness of an episode's measures.
        fitness_name: Display name of the fitness.
        measures: The scenario's most informative measures.
        criteria: Criteria for the ranking of agents. Empty: no ranking.
        find_space: Returns the genes of the policy, or the reason why they are unknown.
        find_archive: Returns the map of the MAP-Elites archive for these genes, or the reason why it is unavailable.
        count_races: Returns the number of episodes that racing saved, or the reason why it is unavailable.
        x: Unit of the horizontal axis of curves and of their tables. None: see `axis`.
        given: Results that replace computations, by computation.
    """

    stored: StoredExperiment
    scenario: str
    fitness: Fitness
    fitness_name: str
    measures: tuple[str, ...]
    criteria: Sequence[Criterion]
    find_space: Callable[[], GenomeSpace | Unavailable]
    find_archive: Callable[[GenomeSpace | Unavailable], EliteMap | Unavailable]
    count_races: Callable[[], RaceTally | Unavailable]
    x: BudgetUnit | None = None
    given: Mapping[Computation[Any], object] = field(default_factory=dict)

    def result(self, compute: Computation[T]) -> T:
        """Return the result of a computation, which runs once."""
        if compute not in self._results:
            self._results[compute] = compute(self)
        return cast("T", self._results[compute])

    def having(self, compute: Computation[T], value: T) -> "ExperimentData":
        """Return the same data with a given result of a computation."""
        return replace(self, given={**self.given, compute: value})

    @cached_property
    def _results(self) -> dict[Computation[Any], object]:
        return {**self.given}

    @property
    def id(self) -> str:
        """Id of the experiment."""
        return self.stored.snapshot.experiment.id

    @property
    def seed(self) -> int:
        """Seed of the experiment."""
        return self.stored.snapshot.experiment.seed

    def axis(self, default: BudgetUnit = BudgetUnit.GENERATIONS) -> EvolutionAxis:
        """Return the horizontal axis of curves: the chosen unit, or else the unit of a budget in episodes or tics.

        Args:
            default: Unit of a curve if neither is given.
        """
        budget = self.stored.config.evolution_budget.unit
        return EvolutionAxis(self.x or (default if budget is BudgetUnit.GENERATIONS else budget))

    @property
    def champion(self) -> AgentRef | None:
        """The champion, or None before it is chosen."""
        return self.stored.snapshot.champion[0] if self.stored.snapshot.champion else None

    @property
    def finished_generations(self) -> Sequence[Sequence[Evaluation]]:
        """Evaluations of the finished generations."""
        return self.stored.snapshot.finished_generations

    @cached_property
    def space(self) -> GenomeSpace | Unavailable:
        """Genes of the policy, or the reason why they are unknown."""
        return self.find_space()
