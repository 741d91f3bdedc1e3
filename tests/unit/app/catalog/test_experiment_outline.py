"""Tests of the outline of an experiment: without and with validation of the configuration, the values are equal."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clau_doom.app.catalog.experiment_outline import outline_of, read_outline
from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.config import CustomPolicyConfig, ExperimentConfig, to_yaml
from clau_doom.config.budget import BudgetConfig
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.errors import StoreCorrupted
from tests.support.stored_experiments import SMALL, store_experiment


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    store_experiment(folder)
    return folder


def configure(runs: Path, text: str) -> None:
    """Replace the stored configuration."""
    with closing(sqlite3.connect(runs / "lab" / "results.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE configs SET config_yaml = ?", (text,))


@pytest.mark.parametrize(
    ("changes", "budget", "policy"),
    [
        ({}, Budget(3), "rules"),
        (
            {"generations": None, "budget": BudgetConfig(episodes=24)},
            Budget(24, BudgetUnit.EPISODES),
            "rules",
        ),
        ({"generations": None, "budget": BudgetConfig(tics=9000)}, Budget(9000, BudgetUnit.TICS), "rules"),
        ({"policy": CustomPolicyConfig(target="mine:Mine")}, Budget(3), "mine:Mine"),
    ],
)
async def test_outline_has_the_values_of_the_configuration(
    runs: Path, changes: dict[str, object], budget: Budget, policy: str
) -> None:
    configure(runs, to_yaml(SMALL.model_copy(update=changes)))
    found = await read_outline(runs, "lab")
    assert (found.configuration.budget, found.configuration.policy) == (budget, policy)
    assert (found.configuration.population, found.configuration.episodes) == (4, 2)
    assert found.configuration == outline_of(await read_experiment(runs, "lab")).configuration


async def test_fields_of_an_older_version_have_defaults(runs: Path) -> None:
    configure(runs, "name: lab\nseed: 1\n")
    found = (await read_outline(runs, "lab")).configuration
    assert (found.scenario, found.policy, found.strategy) == ("defend_the_center", "rules", "genetic")
    assert (found.population, found.budget) == (ExperimentConfig().population, Budget(100))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: lab\n", "name: other\n", "its configuration names other and seed 1"),
        ("seed: 1\n", "seed: 7\n", "its configuration names lab and seed 7"),
        ("population: 4\n", "population: -4\n", "population"),
        ("population: 4\n", "population: 4\npopulation: 5\n", "given twice"),
    ],
)
async def test_damaged_configuration_is_described(runs: Path, old: str, new: str, message: str) -> None:
    whole = to_yaml(SMALL)
    assert old in whole
    configure(runs, whole.replace(old, new, 1))
    with pytest.raises(StoreCorrupted, match=f"experiment lab is damaged: .*{message}"):
        await read_outline(runs, "lab")
