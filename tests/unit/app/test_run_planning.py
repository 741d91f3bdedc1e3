"""Tests of the checks before an experiment is stored."""

from pathlib import Path

import pytest

from clau_doom.app.run_planning import plan_config
from clau_doom.config import ExperimentConfig, ScenarioConfig
from clau_doom.errors import ConfigError
from tests.unit.game.wad_building import own_scenario, udmf_things


def test_custom_scenario_is_tried_before_the_experiment_is_stored(tmp_path: Path) -> None:
    """The error contains the engine's output."""
    cfg = own_scenario(tmp_path, [("MAP01", b""), ("TEXTMAP", udmf_things(1)), ("ENDMAP", b"")])
    with pytest.raises(ConfigError, match=r"it printed: .*Map does not define a namespace"):
        plan_config(ExperimentConfig(scenario=ScenarioConfig(name=cfg)), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
