"""Tests of scenario trials in a child process."""

from pathlib import Path

import pytest

from clau_doom.config import ScenarioConfig
from clau_doom.errors import EngineCrashed
from clau_doom.game import resolve, try_scenario
from tests.unit.game.wad_building import own_scenario, udmf_things


def test_trial_of_a_valid_scenario_passes() -> None:
    try_scenario(resolve(ScenarioConfig(name="basic")))


def test_crashed_trial_has_the_output_of_the_engine(tmp_path: Path) -> None:
    """The engine crashes its process during the start."""
    broken = [("DECORATE", b"actor Foo : { } garbage"), ("MAP01", b""), ("TEXTMAP", udmf_things(1)), ("ENDMAP", b"")]
    cfg = own_scenario(tmp_path, broken)
    with pytest.raises(EngineCrashed, match=r"s\.cfg ended at its start \(it printed: .*'\{' not found in Foo\)$"):
        try_scenario(resolve(ScenarioConfig(name=cfg)))


def test_hanging_trial_is_terminated() -> None:
    with pytest.raises(EngineCrashed, match=r"the engine of basic did not start within 0\.01 s"):
        try_scenario(resolve(ScenarioConfig(name="basic")), limit=0.01)
