"""Tests of scenario trials in a child process."""

from pathlib import Path

import pytest

from clau_doom.config import ScenarioConfig
from clau_doom.errors import EngineCrashed
from clau_doom.game import resolve, try_scenario
from tests.unit.game.wad_building import own_scenario, udmf_things


def test_scenario_that_plays() -> None:
    """A scenario that plays raises nothing."""
    try_scenario(resolve(ScenarioConfig(name="basic")))


def test_engine_that_does_not_start(tmp_path: Path) -> None:
    """The error has the last output lines of an engine that crashes its process during the start."""
    broken = [("DECORATE", b"actor Foo : { } garbage"), ("MAP01", b""), ("TEXTMAP", udmf_things(1)), ("ENDMAP", b"")]
    cfg = own_scenario(tmp_path, broken)
    with pytest.raises(EngineCrashed, match=r"s\.cfg ended at its start \(it printed: .*'\{' not found in Foo\)$"):
        try_scenario(resolve(ScenarioConfig(name=cfg)))


def test_engine_that_hangs() -> None:
    """A child that exceeds the time limit is terminated."""
    with pytest.raises(EngineCrashed, match=r"the engine of basic did not start within 0\.01 s"):
        try_scenario(resolve(ScenarioConfig(name="basic")), limit=0.01)
