"""Tests of Gymnasium environments with real engines."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.wrappers import TransformAction

from clau_doom.api.environment import make_env
from clau_doom.api.gymnasium_environment import DoomEnv
from clau_doom.errors import ConfigError, EngineCrashed, MeasureFailed
from clau_doom.game import has_ended
from clau_doom.ports import Action
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine

MakeEnv = Callable[..., DoomEnv]


@pytest.fixture
def made() -> Iterator[MakeEnv]:
    """Return `make_env`, whose environments are closed after the test."""
    environments: list[DoomEnv] = []

    def make(*arguments: Any, **settings: Any) -> DoomEnv:
        environments.append(make_env(*arguments, **settings))
        return environments[-1]

    yield make
    for env in environments:
        env.close()


def press(env: DoomEnv, *names: str, tics: int | None = None) -> Action:
    return Action([float(name in names) for name in env.facts.buttons], tics or env.facts.frame_skip)


def finish(env: DoomEnv, action: Action) -> tuple[Any, list[float], bool, bool, dict[str, Any]]:
    """Repeat an action to the end; return the last observation, all rewards, and the last of the rest."""
    rewards = []
    while True:
        seen, reward, terminated, truncated, info = env.step(action)
        rewards.append(reward)
        if terminated or truncated:
            return seen, rewards, terminated, truncated, info


@pytest.mark.parametrize("scenario", ["basic", "deathmatch", "health_gathering"])
def test_gymnasiums_checker_finds_nothing(made: MakeEnv, scenario: str) -> None:
    """Warnings are errors here. `deathmatch` has buttons with continuous values."""
    check_env(made(scenario, screen=True, render_mode="rgb_array", timeout=200))


def test_death_terminates(made: MakeEnv) -> None:
    """The final observation has the final variables, and the objects of the last decision."""
    env = made("take_cover")
    env.reset(seed=1)
    seen, rewards, terminated, truncated, info = finish(env, press(env))
    assert (terminated, truncated, info["end"]) == (True, False, "death")
    assert info["measures"]["deaths"] == 1.0
    assert seen["variables"][env.facts.variables.index("DEAD")] == 1.0
    assert seen["tic"].tolist() == [info["tics"]] == [info["measures"]["tics"]]
    assert seen["object_mask"].any()
    assert seen in env.observation_space
    assert sum(rewards) == info["measures"]["reward"]


def test_timeout_truncates(made: MakeEnv) -> None:
    env = made("basic", timeout=60)
    env.reset(seed=1)
    _, rewards, terminated, truncated, info = finish(env, press(env))
    assert (terminated, truncated, info["end"], info["tics"]) == (False, True, "timeout", 60)
    assert sum(rewards) == info["measures"]["reward"] == -60.0


def test_measures_of_the_user_are_computed_at_the_end(
    made: MakeEnv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are those of a worker's record, and the specification makes an environment with the same measures."""
    monkeypatch.syspath_prepend(tmp_path)
    source = "def held(episode):\n    return episode.held.sum()\n\ndef bad(episode):\n    return 1 / 0\n"
    (tmp_path / "measures_of_environments.py").write_text(source)
    env = made("basic", timeout=60, measures={"held": "measures_of_environments:held"})
    env.reset(seed=1)
    info = finish(env, press(env, tics=3))[-1]
    assert (info["measures"]["held"], info["measures"]["tics"]) == (60.0, 60.0)
    assert env.spec is not None
    assert env.spec.kwargs["measures"] == {"held": "measures_of_environments:held"}
    broken = made("basic", timeout=60, measures={"bad": "measures_of_environments:bad"})
    for _ in range(2):  # the environment can be used after the failure
        broken.reset(seed=1)
        with pytest.raises(MeasureFailed, match=r"measure bad raised ZeroDivisionError \(measures_of_env.*, line 5\)"):
            finish(broken, press(broken))


def test_end_of_the_scenario_terminates(made: MakeEnv) -> None:
    """The monster of this episode stands to the left: its death ends the scenario."""
    env = made("basic")
    for seed in range(20):
        env.reset(seed=seed)
        _, _, terminated, truncated, info = finish(env, press(env, "ATTACK"))
        if info["kills"]:
            break
    assert (terminated, truncated, info["end"], info["kills"]) == (True, False, "scenario", 1.0)


def test_frame_skip_is_the_interval_of_decisions(made: MakeEnv) -> None:
    env = made("basic", frame_skip=7)
    env.reset(seed=1)
    tics = [env.step(press(env, tics=tics))[0]["tic"].tolist() for tics in (7, 2, 1)]
    assert tics == [[7], [9], [10]]
    assert env.metadata["render_fps"] == 5.0


def test_episodes_of_unseeded_resets_follow_from_the_last_seed(made: MakeEnv) -> None:
    def seeds(env: DoomEnv, seed: int | None) -> list[int]:
        return [env.reset(seed=seed)[1]["seed"], *(env.reset()[1]["seed"] for _ in range(3))]

    first, second = made("basic"), made("basic")
    assert seeds(first, 5) == seeds(second, 5) == seeds(first, 5)
    assert seeds(first, 5)[1:] != seeds(first, 6)[1:]
    assert len(set(seeds(first, 5))) == 4
    assert len(set(seeds(made("basic"), None))) == 4


@pytest.mark.parametrize("seed", [-1, 2**32, "7"])
def test_invalid_seed_is_refused(made: MakeEnv, seed: Any) -> None:
    with pytest.raises(ConfigError, match=r"seed is .*: use a whole number from 0 to 4294967295"):
        made("basic").reset(seed=seed)


def test_largest_seed_can_be_played(made: MakeEnv) -> None:
    assert made("basic").reset(seed=2**32 - 1)[1]["seed"] == 2**32 - 1


def test_pictures_do_not_change_observations(made: MakeEnv) -> None:
    """The pictures come from a second engine, which performs the same actions."""
    plain, drawn = (
        made("defend_the_center", screen=True),
        made("defend_the_center", screen=True, render_mode="rgb_array"),
    )
    assert plain.reset(seed=3)[0]["screen"].tobytes() == drawn.reset(seed=3)[0]["screen"].tobytes()
    pictures = [drawn.render()]
    for _ in range(10):
        there, here = plain.step(press(plain, "TURN_LEFT", "ATTACK")), drawn.step(press(drawn, "TURN_LEFT", "ATTACK"))
        assert {name: array.tobytes() for name, array in there[0].items()} == {
            name: array.tobytes() for name, array in here[0].items()
        }
        pictures.append(drawn.render())
    assert {(picture.dtype.name, picture.shape) for picture in pictures if picture is not None} == {
        ("uint8", (480, 640, 3))
    }
    assert len({picture.tobytes() for picture in pictures if picture is not None}) == 11
    assert plain.render() is None


def test_picture_after_the_end_is_the_last_one(made: MakeEnv) -> None:
    env = made("basic", timeout=8, render_mode="rgb_array")
    env.reset(seed=1)
    env.step(press(env))
    before = env.render()
    finish(env, press(env))
    after = env.render()
    assert before is not None
    assert after is not None
    assert before.tobytes() == after.tobytes()


def test_step_needs_a_running_episode(made: MakeEnv) -> None:
    env = made("basic", timeout=8, render_mode="rgb_array")
    for wrong in (lambda: env.step(press(env)), env.render):
        with pytest.raises(ResetNeeded, match="call reset first"):
            wrong()
    env.reset(seed=1)
    finish(env, press(env))
    with pytest.raises(ResetNeeded, match="no episode is running: call reset first"):
        env.step(press(env))


def test_invalid_action_leaves_the_episode_as_it_is(made: MakeEnv) -> None:
    env = made("basic")
    env.reset(seed=1)
    with pytest.raises(ConfigError, match="the action has no 'buttons'"):
        env.step({"tics": 4})
    assert env.step(press(env))[0]["tic"].tolist() == [4]


@pytest.mark.parametrize("render_mode", [None, "rgb_array"])
def test_dead_engine_is_one_error_and_the_next_reset_starts_another(made: MakeEnv, render_mode: str | None) -> None:
    env = made("basic", render_mode=render_mode)
    first = env.reset(seed=4)[0]
    engine = env.engine_processes[-1]
    os.kill(engine, signal.SIGKILL)
    wait_until(lambda: has_ended(engine))
    with pytest.raises(EngineCrashed, match="call reset to start a new engine"):
        finish(env, press(env, tics=1))
    assert env.engine_processes == ()
    with pytest.raises(ResetNeeded):
        env.step(press(env))
    assert env.reset(seed=4)[0]["variables"].tolist() == first["variables"].tolist()
    assert engine not in env.engine_processes


def test_engine_that_died_between_episodes_is_replaced(made: MakeEnv) -> None:
    env = made("basic")
    first = env.reset(seed=4)[0]
    os.kill(env.engine_processes[0], signal.SIGKILL)
    assert env.reset(seed=4)[0]["variables"].tolist() == first["variables"].tolist()


def test_close_ends_the_engine(made: MakeEnv) -> None:
    env = made("basic", render_mode="rgb_array")
    env.reset(seed=1)
    engines = env.engine_processes
    assert len(engines) == 2
    env.close()
    assert all(has_ended(engine) for engine in engines)
    with pytest.raises(ClosedEnvironmentError, match="make a new one"):
        env.reset(seed=1)
    with pytest.raises(ResetNeeded):
        env.render()


def test_forgotten_environment_ends_its_engine() -> None:
    env = make_env("basic")
    env.reset(seed=1)
    engines = env.engine_processes
    del env
    gc.collect()
    assert all(has_ended(engine) for engine in engines)


def test_forked_process_does_not_end_the_engine_of_its_parent(made: MakeEnv) -> None:
    """A child of `AsyncVectorEnv` inherits the environments of its parent."""
    env = made("basic")
    env.reset(seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this process may have threads
        child = os.fork()
    if child == 0:
        env.close()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert env.step(press(env))[0]["tic"].tolist() == [4]


def test_process_without_close_leaves_neither_engine_nor_folder(tmp_path: Any) -> None:
    code = "import clau_doom as cd; env = cd.make_env('basic'); env.reset(seed=1); print(*env.engine_processes)"
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert done.stderr == ""
    wait_until(lambda: has_ended(int(done.stdout)))
    assert list(tmp_path.iterdir()) == []


def test_reset_in_another_thread_starts_a_new_engine(made: MakeEnv) -> None:
    """An engine ends with the thread that started it."""
    env = made("basic")
    thread = threading.Thread(target=lambda: env.reset(seed=1))
    thread.start()
    thread.join()
    assert env.reset(seed=1)[1]["seed"] == 1
    assert env.step(press(env))[0]["tic"].tolist() == [4]


@pytest.mark.parametrize("vector", [SyncVectorEnv, partial(AsyncVectorEnv, context="spawn")])
def test_vector_environments_play_the_same_episodes(made: MakeEnv, vector: Any) -> None:
    """Each environment has an engine of its own. The step after an end resets."""
    single, seeds = made("defend_the_center", timeout=16), [11, 12]
    single.action_space.seed(1)
    actions = [single.action_space.sample() | {"tics": np.int64(4)} for _ in range(5)]
    with contextlib.closing(vector([partial(make_env, "defend_the_center", timeout=16)] * 2)) as many:
        assert many.reset(seed=seeds)[1]["seed"].tolist() == seeds
        batches = [{name: np.stack([value] * 2) for name, value in action.items()} for action in actions]
        steps = [many.step(batch) for batch in batches]
    assert [step[3].tolist() for step in steps] == [[False] * 2] * 3 + [[True] * 2, [False] * 2]
    for place, seed in enumerate(seeds):
        single.reset(seed=seed)
        expected = [single.step(action)[0] for action in actions[:4]] + [single.reset()[0]]
        found = [{name: array[place].tobytes() for name, array in step[0].items()} for step in steps]
        assert found == [{name: array.tobytes() for name, array in seen.items()} for seen in expected]


def test_action_space_can_be_reduced(made: MakeEnv) -> None:
    """Libraries without dicts of actions need a wrapper: here, one button or none."""
    env = made("basic")
    count = len(env.facts.buttons)
    simple = TransformAction(
        env,
        lambda choice: {"buttons": np.arange(count) == choice, "tics": env.facts.frame_skip},
        gymnasium.spaces.Discrete(count + 1),
    )
    simple.reset(seed=1)
    seen, *_ = simple.step(np.int64(2))
    env.reset(seed=1)
    assert env.step(press(env, "ATTACK"))[0]["variables"].tolist() == seen["variables"].tolist()
