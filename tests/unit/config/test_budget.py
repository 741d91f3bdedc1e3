"""Tests of the configuration of budgets."""

import pytest

from clau_doom.config import ExperimentConfig, config_from_yaml, to_yaml
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.errors import ConfigError


def loaded(text: str, **overrides: object) -> ExperimentConfig:
    return config_from_yaml(text, name="test", overrides=overrides)


def test_budget_replaces_the_default_of_generations() -> None:
    """The stored form of the configuration is read again without a conflict."""
    config = loaded("budget: {tics: 5000}")
    assert (config.generations, config.evolution_budget) == (None, Budget(5000, BudgetUnit.TICS))
    assert loaded(to_yaml(config)) == config
    assert loaded("budget: {episodes: 7}").evolution_budget == Budget(7, BudgetUnit.EPISODES)
    assert loaded("{}").evolution_budget == Budget(100)


@pytest.mark.parametrize(
    ("text", "overrides", "problem"),
    [
        ("generations: 3\nbudget: {episodes: 9}", {}, r"budget\.episodes \(line 2\): 9 conflicts with generations"),
        ("budget: {episodes: 9, tics: 9}", {}, r"budget\.tics \(line 1\): 9 conflicts with budget\.episodes"),
        ("budget: {episodes: 9}", {"generations": 5}, r"conflicts with generations: set only one of them"),
        (
            "generations: null",
            {},
            r"generations \(line 1\): null sets no budget: set it, budget\.episodes or budget\.tics",
        ),
        ("budget: {episodes: 0}", {}, r"budget\.episodes"),
    ],
)
def test_exactly_one_budget_is_required(text: str, overrides: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        loaded(text, **overrides)
