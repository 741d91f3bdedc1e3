"""Tests of the ViZDoom engine: reproducible episodes and cleanup."""

import json
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import vizdoom as vzd

from clau_doom.config import ScenarioConfig
from clau_doom.errors import EngineCrashed
from clau_doom.game import SCENARIOS, Scenario, VizdoomEngine, resolve, sweep
from clau_doom.game.process_liveness import child_deaths, child_has_ended
from clau_doom.ports import Action, Needs, Observation, SeenObject
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine

MakeEngine = Callable[[Scenario], VizdoomEngine]
Trajectory = list[tuple[int, list[float], list[SeenObject]]]
SCRIPT = Path(__file__).with_name("playing.py")
_script: dict[str, Any] = runpy.run_path(str(SCRIPT))
choose, play = _script["choose"], _script["play"]


@pytest.mark.parametrize("name", ["defend_the_center", "deadly_corridor", "predict_position"])
def test_episodes_depend_on_the_seed_only(make_engine: MakeEngine, tmp_path: Path, name: str) -> None:
    """Order, engine reuse, recording and process do not change an episode."""
    seeds = [3, 5, 8]
    command = [sys.executable, str(SCRIPT), "play", name, str(tmp_path / "other"), *map(str, seeds)]
    log = tmp_path / "other.json"
    with log.open("w") as output:
        other = subprocess.Popen(command, stdout=output, stdin=subprocess.DEVNULL)
    engine = make_engine(resolve(ScenarioConfig(name=name)))
    engine.start(Needs(), record=False)
    there = [play(engine, seed) for seed in seeds]
    back = [play(engine, seed) for seed in reversed(seeds)][::-1]
    engine.start(Needs(objects=True, screen=True), record=True)
    recorded = [play(engine, seed) for seed in seeds]
    assert back == there
    assert recorded == there
    assert other.wait(timeout=60) == 0
    assert json.loads(log.read_text()) == [repr(episode) for episode in there]
    assert len({trajectory for _, trajectory in there}) == len(seeds)


def test_interrupted_shot_is_not_counted_in_the_next_episode(make_engine: MakeEngine) -> None:
    """The timeout interrupts the shot. Both recorded and unrecorded episodes are tested.

    ViZDoom counts the shot: after twelve decisions of turning right, the player shoots a monster in the last tics.
    """
    firsts = []
    for record in (False, True):
        engine = make_engine(resolve(ScenarioConfig(name="defend_the_center", timeout=80)))
        engine.start(Needs(), record=record)
        firsts.append(engine.begin(2).variables.tolist())
        seen: Observation | None = engine.begin(0)
        decisions = 0
        while seen is not None:
            seen = engine.act(Action([0.0, 1.0, 0.0] if decisions < 12 else [0.0, 0.0, 1.0]))
            decisions += 1
        firsts.append(engine.begin(2).variables.tolist())
    assert firsts == [firsts[0]] * 4


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_bundled_scenario_plays(make_engine: MakeEngine, name: str) -> None:
    """Each bundled scenario plays. An episode in between does not change a repeated episode."""
    engine = make_engine(resolve(ScenarioConfig(name=name, timeout=60)))
    engine.start(Needs(objects=True, screen=True), record=False)
    episodes = []
    for _ in range(2):
        seen = engine.begin(9)
        assert seen.screen is not None
        first = (seen.variables.tolist(), list(seen.objects), seen.screen.tobytes())
        episodes.append((first, play(engine, 9)))
        play(engine, 10)
    assert episodes[0] == episodes[1]
    measures, _ = episodes[0][1]
    assert measures.decisions > 0
    assert 0 < measures.tics <= 60 + engine.facts.frame_skip


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_objects_do_not_depend_on_the_screen(make_engine: MakeEngine, name: str) -> None:
    """Objects and ids are the same for a policy without the screen, with or without a live view."""
    (trajectory, _), (same, _) = (_seen(make_engine, name, screen=screen) for screen in (True, False))
    assert same == trajectory
    assert len(trajectory) > 1


@pytest.mark.parametrize("name", ["take_cover", "health_gathering"])
def test_live_view_shows_the_screen_of_the_policy(make_engine: MakeEngine, name: str) -> None:
    """The screens are equal pixel by pixel. Frames without a live view are drawn differently.

    The player does not shoot in these scenarios, because sparks and smoke are random.
    """
    (_, policy_screens), (_, viewer_screens) = (_seen(make_engine, name, screen=screen) for screen in (True, False))
    assert [screen for looks, screen in viewer_screens if looks] == [
        screen for looks, screen in policy_screens if looks
    ]
    assert [screen for looks, screen in viewer_screens if not looks] != [
        screen for looks, screen in policy_screens if not looks
    ]


def _seen(make_engine: MakeEngine, name: str, *, screen: bool) -> tuple[Trajectory, list[tuple[bool, bytes]]]:
    """Play at random and return the observations. Every third screen is requested by the live view."""
    engine = make_engine(resolve(ScenarioConfig(name=name, timeout=120)))
    engine.start(Needs(objects=True, screen=screen), record=False)
    rng = random.Random(3)
    seen: Observation | None = engine.begin(3)
    trajectory: Trajectory = []
    screens = []
    while seen is not None:
        looks = len(trajectory) % 3 == 0
        engine.draw(in_full=looks)
        trajectory.append((seen.tic, seen.variables.tolist(), list(seen.objects)))
        seen = engine.act(choose(engine, rng))
        if seen is not None:
            screens.append((looks, engine.screen().tobytes()))
    return trajectory, screens


def test_custom_scenario_is_played(make_engine: MakeEngine, tmp_path: Path) -> None:
    """A user's .cfg and .wad in another folder play, with any mode and window in the file."""
    folder = tmp_path / "my scenarios"
    folder.mkdir()
    shutil.copy(Path(vzd.scenarios_path) / "basic.wad", folder / "mine.wad")
    lines = ["doom_scenario_path = mine.wad", "mode = ASYNC_PLAYER", "window_visible = true", "living_reward = 2"]
    lines += ["available_buttons = { ATTACK }", "available_game_variables = { AMMO2 }"]
    (folder / "mine.cfg").write_text("\n".join(lines))
    engine = make_engine(resolve(ScenarioConfig(name=str(folder / "mine.cfg"), timeout=40)))
    engine.start(Needs(), record=False)
    seen: Observation | None = engine.begin(1)
    while seen is not None:
        assert seen.variables.shape == (len(engine.facts.variables),)
        seen = engine.act(Action([0]))
    assert (engine.measures().tics, engine.measures().reward) == (40, 80)


def test_measures_at_death(make_engine: MakeEngine) -> None:
    """There is one death and the scenario's penalty. Health is 0, even if the engine's value is negative."""
    engine = make_engine(resolve(ScenarioConfig(name="defend_the_center")))
    engine.start(Needs(), record=False)
    seen: Observation | None = engine.begin(5)
    assert seen is not None
    start = seen.variables
    while seen is not None:
        seen = engine.act(Action([0, 0, 1]))
    measures = engine.measures()
    assert (measures.deaths, measures.health) == (1, 0)
    assert measures.damage_taken >= 100
    assert measures.reward == measures.kills - 1
    assert 0 < measures.shots <= start[engine.facts.variables.index("AMMO2")]


def test_measures_at_timeout(make_engine: MakeEngine) -> None:
    """At the timeout, the tics count from the first decision and equal the timeout, without a death."""
    engine = make_engine(resolve(ScenarioConfig(name="basic", timeout=50)))
    engine.start(Needs(), record=False)
    seen: Observation | None = engine.begin(5)
    while seen is not None:
        seen = engine.act(Action([1, 0, 0]))
    measures = engine.measures()
    assert (measures.tics, measures.deaths, measures.health, measures.shots) == (50, 0, 100, 0)
    assert measures.reward == -50
    assert measures.decisions == 13
    assert measures.distance > 100


def test_measures_at_an_exit(make_engine: MakeEngine) -> None:
    """The tics are correct after an exit from the map, which resets the game's clock."""
    engine = make_engine(resolve(ScenarioConfig(name="predict_position")))
    engine.start(Needs(), record=False)
    seen: Observation | None = engine.begin(1)
    tic = 0
    while seen is not None:
        tic = seen.tic
        seen = engine.act(Action([0, 0, tic == 8]))
    assert engine.measures().shots == 1
    assert 0 < tic < engine.measures().tics <= tic + 4
    assert engine.measures().tics < engine.facts.timeout


def test_recording_replays(make_engine: MakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step and the end are equal, also at another resolution."""
    scenario = resolve(ScenarioConfig(name="defend_the_center"))
    engine = make_engine(scenario)
    engine.start(Needs(), record=True)
    play(engine, 1)
    seen: Observation | None = engine.begin(2)
    rows: list[list[float]] = []
    while seen is not None:
        rows.append(seen.variables.tolist())
        seen = engine.act(Action([len(rows) % 2, 0, 1]))
    recording = engine.recording()
    assert recording is not None
    file = tmp_path / "episode.lmp"
    file.write_bytes(recording)
    monkeypatch.chdir(tmp_path)
    Path("_vizdoom").mkdir()
    game = vzd.DoomGame()
    game.load_config(str(scenario.cfg))
    game.set_window_visible(False)
    game.set_screen_resolution(vzd.ScreenResolution.RES_640X480)
    game.set_available_game_variables([getattr(vzd.GameVariable, name) for name in scenario.facts.variables])
    game.init()
    try:
        game.replay_episode(str(file))
        replayed = []
        while not game.is_episode_finished():
            values = game.get_state().game_variables
            assert values is not None
            replayed.append(values.tolist())
            game.advance_action(4)
    finally:
        game.close()
    assert replayed == rows


@pytest.mark.parametrize("record", [False, True])
def test_killed_engine_is_reported(make_engine: MakeEngine, *, record: bool) -> None:
    """Each method reports an engine that was killed between two steps, and a new engine can start."""
    engine = make_engine(resolve(ScenarioConfig(name="basic")))
    engine.start(Needs(), record=record)
    whole = play(engine, 1)
    engine.begin(1)
    assert engine.process is not None
    pid, deaths = engine.process.pid, child_deaths()
    os.kill(pid, signal.SIGKILL)
    # The signal of the death reaches the thread that started the engine, so that the count may lag behind the death.
    wait_until(lambda: child_has_ended(pid) and child_deaths() != deaths)
    before = time.monotonic()
    with pytest.raises(EngineCrashed, match="gone"):
        engine.act(Action([0, 0, 0]))
    with pytest.raises(EngineCrashed, match="gone"):
        engine.measures()
    with pytest.raises(EngineCrashed, match="gone"):
        engine.begin(2)
    assert time.monotonic() - before < 2
    engine.start(Needs(), record=record)
    assert play(engine, 1) == whole


def test_no_engine_outlives_its_parent(tmp_path: Path) -> None:
    """An engine ends within 5 s of its parent's death. A sweep removes only its own shared memory."""
    folder = tmp_path / "with space's"
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), "wait", "basic", str(folder)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, instance = parent.stdout.readline().split()
        parent.kill()
    deadline = time.monotonic() + 5
    while _runs(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(int(pid))
    mine = sorted(Path("/dev/shm").glob(f"ViZDoom*{instance}"))
    foreign = Path("/dev/shm") / f"ViZDoomSMtest{os.getpid()}"
    foreign.touch()
    try:
        assert len(mine) == 3
        assert sorted(sweep(folder)) == mine
        assert not any(path.exists() for path in mine)
        assert foreign.exists()
        assert sweep(folder) == ()
    finally:
        foreign.unlink()


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def test_engine_writes_to_its_folder(
    make_engine: MakeEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The standard streams and the working folder stay empty."""
    before = sorted(Path.cwd().iterdir())
    engine = make_engine(resolve(ScenarioConfig(name="basic")))
    engine.start(Needs(), record=True)
    play(engine, 1)
    engine.recording()
    engine.close()
    assert capfd.readouterr() == ("", "")
    assert sorted(Path.cwd().iterdir()) == before


def test_unusable_folder_is_an_error_before_the_start(tmp_path: Path) -> None:
    """ViZDoom would end the process."""
    (tmp_path / "file").touch()
    engine = VizdoomEngine(resolve(ScenarioConfig(name="basic")), tmp_path / "file" / "folder")
    with pytest.raises(EngineCrashed, match="did not start"):
        engine.start(Needs(), record=False)
