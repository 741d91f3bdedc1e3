"""Horizontal axis of learning curves: generations, training episodes, or tics of training episodes.

Episodes and tics are counted as for a budget: those of agents with a fitness, summed up to the end of each generation.
"""

from dataclasses import dataclass, replace

from clau_doom.domain import AgentStatus
from clau_doom.domain.budget import BudgetUnit, running_totals
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ConfigError

__all__ = ["EvolutionAxis", "axis_unit", "totals_of"]

_NOUNS = {
    BudgetUnit.GENERATIONS: "generations",
    BudgetUnit.EPISODES: "training episodes",
    BudgetUnit.TICS: "tics of training episodes",
}


@dataclass(frozen=True, slots=True)
class EvolutionAxis:
    """Horizontal axis of learning curves.

    Attributes:
        unit: Unit of the axis.
    """

    unit: BudgetUnit

    @property
    def noun(self) -> str:
        """Unit in a sentence, such as ``training episodes``."""
        return _NOUNS[self.unit]

    @property
    def label(self) -> str:
        """Label of the axis of a curve: ``generation``, or the unit."""
        return "generation" if self.counts_generations else self.noun

    @property
    def counts_generations(self) -> bool:
        """Whether a position is the number of a generation, so that tables need no further column."""
        return self.unit is BudgetUnit.GENERATIONS

    def place(self, spent: int) -> int:
        """Return the position of an amount on the axis. The first generation has the number 0."""
        return spent - 1 if self.counts_generations else spent

    def places(self, snapshot: Snapshot) -> tuple[int, ...]:
        """Return the position of the end of each finished generation, ascending.

        Args:
            snapshot: Stored state of an experiment, with the measures of its training episodes.
        """
        return tuple(map(self.place, totals_of(snapshot, self.unit)))


def axis_unit(name: str | None) -> BudgetUnit | None:
    """Return the unit of an axis by its name; None for None.

    Raises:
        ConfigError: The name is unknown.
    """
    if name is None:
        return None
    try:
        return BudgetUnit(name)
    except ValueError:
        raise ConfigError(f"x {name!r} is not a unit: choose generations, episodes or tics") from None


def totals_of(snapshot: Snapshot, unit: BudgetUnit) -> tuple[int, ...]:
    """Return the amount up to the end of each finished generation.

    Tics that an earlier version has not stored are counted from the episodes.

    Args:
        snapshot: Stored state of an experiment, with the measures of its training episodes.
        unit: Unit of the amounts.
    """
    known = [
        replace(summary, tics=_played_tics(snapshot, summary)) if summary.tics is None else summary
        for summary in snapshot.summaries
    ]
    return tuple(total for total in running_totals(unit, known) if total is not None)


def _played_tics(snapshot: Snapshot, summary: GenerationSummary) -> int:
    evaluations = snapshot.finished_generations[summary.index]
    counted = [each for each in evaluations if each.status is not AgentStatus.FAILED]
    return int(sum(outcome.measures.tics for each in counted for outcome in each.outcomes))
