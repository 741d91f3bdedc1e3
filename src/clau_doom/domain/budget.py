"""Budget of a run: the amount of evolution after which a run ends, in generations, episodes or tics."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from clau_doom.domain.experiment import GenerationSummary
from clau_doom.number_format import counted

__all__ = ["Budget", "BudgetUnit", "running_totals"]


class BudgetUnit(StrEnum):
    """Unit of a budget."""

    GENERATIONS = "generations"
    EPISODES = "episodes"
    """Training episodes of the agents with a fitness."""
    TICS = "tics"
    """Tics of these episodes."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Amount of evolution. A run ends with the first whole generation at which the amount is reached.

    Only the recorded outcomes of agents with a fitness count. A failed agent's episodes do not count, because their
    number depends on the order in which episodes are played.

    Attributes:
        amount: Amount, at least 1.
        unit: Unit of the amount.
    """

    amount: int
    unit: BudgetUnit = BudgetUnit.GENERATIONS

    def spent(self, summaries: Iterable[GenerationSummary]) -> int:
        """Return the amount that finished generations have used."""
        match self.unit:
            case BudgetUnit.GENERATIONS:
                return sum(1 for _ in summaries)
            case BudgetUnit.EPISODES:
                return sum(each.episodes for each in summaries)
            case BudgetUnit.TICS:
                return sum(each.tics or 0 for each in summaries)

    def used_up(self, summaries: Iterable[GenerationSummary]) -> bool:
        """Return whether no generation follows the finished ones."""
        return self.spent(summaries) >= self.amount

    def raised_from(self, other: "Budget") -> bool:
        """Return whether this budget has the same unit as another one, and a larger amount."""
        return self.unit is other.unit and self.amount > other.amount

    def progress(self, summaries: Iterable[GenerationSummary]) -> str:
        """Return the spent part as text, such as ``1,200 of 10,000 episodes``."""
        return f"{self.spent(summaries):,} of {self}"

    def __str__(self) -> str:
        """Return the budget as text, such as ``10,000 episodes``."""
        return counted(self.amount, self.unit.removesuffix("s"))


def running_totals(unit: BudgetUnit, summaries: Iterable[GenerationSummary]) -> tuple[int | None, ...]:
    """Return the amount up to the end of each generation, with the same counting rule as a budget.

    Args:
        unit: Unit of the amounts.
        summaries: Finished generations in order.

    Returns:
        One amount for each generation, ascending. In tics, None from the first generation on for which an earlier
        version has stored no tics.
    """
    totals: list[int | None] = []
    total: int | None = 0
    for summary in summaries:
        spent = {BudgetUnit.GENERATIONS: 1, BudgetUnit.EPISODES: summary.episodes, BudgetUnit.TICS: summary.tics}[unit]
        total = None if total is None or spent is None else total + spent
        totals.append(total)
    return tuple(totals)
