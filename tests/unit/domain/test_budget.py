"""Tests of budgets in generations, episodes and tics."""

import pytest

from clau_doom.domain import AgentRef
from clau_doom.domain.budget import Budget, BudgetUnit, running_totals
from clau_doom.domain.experiment import GenerationSummary


def summary(index: int, episodes: int, tics: int | None) -> GenerationSummary:
    return GenerationSummary(
        index=index,
        best=AgentRef(index, 0),
        best_fitness=1.0,
        mean_fitness=1.0,
        worst_fitness=1.0,
        std_fitness=0.0,
        failed=0,
        episodes=episodes,
        tics=tics,
    )


FINISHED = (summary(0, 12, 900), summary(1, 9, 1100))


@pytest.mark.parametrize(
    ("unit", "spent"), [(BudgetUnit.GENERATIONS, 2), (BudgetUnit.EPISODES, 21), (BudgetUnit.TICS, 2000)]
)
def test_finished_generations_use_the_budget(unit: BudgetUnit, spent: int) -> None:
    """A budget is used up exactly at its amount."""
    assert Budget(spent, unit).spent(FINISHED) == spent
    assert Budget(spent, unit).used_up(FINISHED)
    assert not Budget(spent + 1, unit).used_up(FINISHED)


def test_generation_of_an_earlier_version_has_no_tics() -> None:
    assert Budget(1, BudgetUnit.TICS).spent([summary(0, 12, None)]) == 0


def test_budget_is_raised_only_in_its_unit() -> None:
    old = Budget(10, BudgetUnit.EPISODES)
    assert Budget(11, BudgetUnit.EPISODES).raised_from(old)
    assert not Budget(10, BudgetUnit.EPISODES).raised_from(old)
    assert not Budget(11, BudgetUnit.TICS).raised_from(old)


def test_text_has_amount_and_unit() -> None:
    assert str(Budget(12_000, BudgetUnit.EPISODES)) == "12,000 episodes"
    assert str(Budget(1)) == "1 generation"
    assert Budget(3_000, BudgetUnit.TICS).progress(FINISHED) == "2,000 of 3,000 tics"


def test_totals_end_with_the_spent_part_of_a_budget() -> None:
    assert running_totals(BudgetUnit.GENERATIONS, FINISHED) == (1, 2)
    assert running_totals(BudgetUnit.EPISODES, FINISHED) == (12, 21)
    assert running_totals(BudgetUnit.TICS, FINISHED) == (900, 2000)
    assert running_totals(BudgetUnit.TICS, ()) == ()


def test_totals_are_unknown_after_a_generation_without_tics() -> None:
    """A later total without these tics would be too small."""
    mixed = (summary(0, 12, 900), summary(1, 9, None), summary(2, 9, 700))
    assert running_totals(BudgetUnit.TICS, mixed) == (900, None, None)
    assert running_totals(BudgetUnit.EPISODES, mixed) == (12, 21, 30)
