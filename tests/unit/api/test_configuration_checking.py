"""Tests of the check of a configuration without a run."""

from pathlib import Path

import pytest

import clau_doom as cd
from clau_doom.errors import ConfigError
from tests.support.scripted_runs import small, workplace

__all__ = ["workplace"]


def test_a_valid_configuration_is_returned_and_nothing_is_written(workplace: Path) -> None:
    """Keyword arguments override the configuration, and the environment is applied."""
    found = cd.check_config(small(), population=7)
    assert (found.name, found.population, found.episodes) == ("small", 7, 2)
    assert [*workplace.iterdir()] == []


def test_all_problems_are_reported(workplace: Path) -> None:
    """Agents of a warm start are looked up in the given folder."""
    config = small(**{"evolution.start.agents": ["nowhere"], "episodes": 0})
    with pytest.raises(ConfigError) as refused:
        cd.check_config(config, output_dir=workplace / "other")
    assert {path for path, _ in refused.value.problems} == {"episodes", "evolution.start.agents[0]"}
