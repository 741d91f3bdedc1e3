"""Tests of how environments are made, and of their registration in Gymnasium."""

import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from clau_doom.api.environment import gymnasium_id, make_env
from clau_doom.config import ScenarioConfig
from clau_doom.errors import ConfigError
from clau_doom.game import SCENARIOS

CFG = """
doom_scenario_path = {wad}
doom_map = map01
available_buttons = {{ MOVE_LEFT MOVE_RIGHT }}
episode_timeout = 77
"""


def test_scenario_can_be_a_name_a_mapping_or_a_configuration() -> None:
    """Settings change a scenario of each form."""
    for scenario in ("basic", {"name": "basic"}, ScenarioConfig(name="basic", timeout=9)):
        with make_env(scenario, frame_skip=2, timeout=40) as env:
            assert (env.facts.name, env.facts.frame_skip, env.facts.timeout) == ("basic", 2, 40)
            assert env.observation_space["tic"] == gymnasium.spaces.Box(0, 42, (1,), np.int64)
            assert env.action_space["tics"] == gymnasium.spaces.Discrete(2, start=1)


def test_scenario_of_the_user_is_found_by_its_path(tmp_path: Path) -> None:
    import vizdoom

    cfg = tmp_path / "mine.cfg"
    cfg.write_text(CFG.format(wad=Path(vizdoom.scenarios_path) / "basic.wad"))
    with make_env(str(cfg)) as env:
        assert (env.facts.buttons, env.facts.timeout) == (("MOVE_LEFT", "MOVE_RIGHT"), 77)
        assert env.spec is not None
        assert env.spec.id == "clau_doom/Custom-v0"


def test_requested_parts_of_observations() -> None:
    def parts(**settings: object) -> set[str]:
        env = make_env("basic", **settings)  # type: ignore[arg-type] # several types
        env.close()
        return set(env.observation_space.spaces)

    rest, things = {"variables", "tic"}, {"objects", "object_names", "object_mask"}
    assert parts() == rest | things
    assert parts(objects=False) == rest
    assert parts(screen=True) == rest | things | {"screen"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scenario": "basics"}, "unknown scenario 'basics': did you mean 'basic'"),
        ({"frame_skip": 99}, "scenario.frame_skip: 99 is too large: use 35 or less"),
        ({"frame_skips": 2}, "scenario.frame_skips: is an unknown field: did you mean scenario.frame_skip"),
        ({"max_objects": 0}, "max_objects is 0: use 1 to 256"),
        ({"max_objects": 257}, "max_objects is 257"),
        ({"measures": {"kills": "mine:kills"}}, "measures.kills: 'mine:kills' has the name of a measure"),
        ({"measures": {"aim": "no_such_measures:aim"}}, "measures.aim 'no_such_measures:aim'"),
        ({"measures": {"aim": "aim of mine"}}, "measures.aim: "),
        ({"render_mode": "human"}, "render_mode is 'human': use 'rgb_array' or None"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_env(**({"scenario": "basic"} | settings))  # type: ignore[arg-type] # wrong on purpose


def test_bundled_scenarios_are_registered() -> None:
    assert gymnasium_id("defend_the_center") == "clau_doom/DefendTheCenter-v0"
    assert {gymnasium_id(name) for name in SCENARIOS} <= set(gymnasium.registry)
    with gymnasium.make("clau_doom/DefendTheCenter-v0", timeout=200, screen=True) as env:
        assert env.unwrapped.facts.timeout == 200  # type: ignore[attr-defined] # an Env of ours
        assert "screen" in env.observation_space.spaces  # type: ignore[attr-defined] # a Dict


def test_specification_makes_an_equal_environment() -> None:
    with make_env("basic", timeout=40, screen=True, max_objects=5) as env:
        assert env.spec is not None
        with env.spec.make() as other:
            assert other.observation_space == env.observation_space


def test_gymnasium_finds_the_scenarios_by_module_and_id() -> None:
    """A new process has not imported clau_doom."""
    code = (
        "import gymnasium; print(gymnasium.make('clau_doom.api.environment:clau_doom/Basic-v0').unwrapped.facts.name)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "basic"


def test_missing_gymnasium_is_one_error_with_the_remedy() -> None:
    """Agents can be loaded without Gymnasium."""
    code = """
import sys
from importlib.machinery import PathFinder
class Hidden(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] == "gymnasium" else super().find_spec(name, path, target)
sys.meta_path = [Hidden if finder is PathFinder else finder for finder in sys.meta_path]
import clau_doom as cd
agent = cd.load_agent("examples/champions/basic.json")
try:
    agent.make_env()
except cd.ClauDoomError as error:
    print(error)
"""
    root = Path(__file__).parents[3]
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root)
    assert found.stdout == "environments need Gymnasium: pip install 'clau-doom[gymnasium]'\n"
