"""Configuration section of a budget in episodes or tics, an alternative to a number of generations."""

from collections.abc import Mapping

from pydantic import Field

from clau_doom.config.base_section import Clash, ConfigSection
from clau_doom.domain.budget import Budget, BudgetUnit

__all__ = ["BudgetConfig", "budget_clash", "budget_of", "without_default_generations"]

_UNITS = ("episodes", "tics")


class BudgetConfig(ConfigSection):
    """Amount of training after which evolution ends, instead of `generations`; the last generation is finished."""

    episodes: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000,
        description="Number of training episodes; null: `generations` decide.",
    )
    tics: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000_000,
        description="Number of tics of training episodes; null: `generations` decide.",
    )


def without_default_generations(data: object) -> object:
    """Return the data of a configuration in which a budget replaces the default of `generations`."""
    if not isinstance(data, Mapping) or "generations" in data:
        return data
    budget = data.get("budget")
    plain = budget.model_dump() if isinstance(budget, BudgetConfig) else budget
    if isinstance(plain, Mapping) and any(plain.get(unit) is not None for unit in _UNITS):
        return {**data, "generations": None}
    return data


def budget_clash(generations: int | None, budget: BudgetConfig) -> Clash | None:
    """Return the problem of a configuration that does not have exactly one budget."""
    given = [f"budget.{unit}" for unit in _UNITS if getattr(budget, unit) is not None]
    if generations is not None:
        given.insert(0, "generations")
    if not given:
        return (
            "generations",
            ("budget.episodes", "budget.tics"),
            "sets no budget: set it, budget.episodes or budget.tics",
        )
    if len(given) == 1:
        return None
    return given[-1], tuple(given[:-1]), f"conflicts with {' and '.join(given[:-1])}: set only one of them"


def budget_of(generations: int | None, budget: BudgetConfig) -> Budget:
    """Return the budget of a valid configuration."""
    if budget.episodes is not None:
        return Budget(budget.episodes, BudgetUnit.EPISODES)
    if budget.tics is not None:
        return Budget(budget.tics, BudgetUnit.TICS)
    assert generations is not None, "a configuration without a budget is refused"
    return Budget(generations)
