"""Contract tests of every engine: the scripted engine and ViZDoom."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from clau_doom.config import ScenarioConfig
from clau_doom.domain import Measures
from clau_doom.errors import EngineCrashed, PolicyFailed
from clau_doom.game import VizdoomEngine, resolve
from clau_doom.ports import Action, Engine, Needs, Observation, SeenObject
from clau_doom.testing import ScriptedEngine

MakeEngine = Callable[[], Engine]


@pytest.fixture(params=["scripted", pytest.param("vizdoom", marks=pytest.mark.engine)])
def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeEngine]:
    made: list[Engine] = []

    def make() -> Engine:
        if request.param == "scripted":
            engine: Engine = ScriptedEngine()
        else:
            engine = VizdoomEngine(resolve(ScenarioConfig(name="basic")), tmp_path / f"engine-{len(made)}")
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()


def buttons(engine: Engine, decision: int) -> list[float]:
    return [float((decision // 3 + place) % 3 == 0) for place in range(len(engine.facts.buttons))]


def play(engine: Engine, seed: int) -> tuple[Measures, list[tuple[int, list[float]]]]:
    """Play an episode with actions of changing length; return its measures and trajectory."""
    seen: Observation | None = engine.begin(seed)
    trajectory: list[tuple[int, list[float]]] = []
    while seen is not None:
        decision = len(trajectory)
        trajectory.append((seen.tic, seen.variables.tolist()))
        seen = engine.act(Action(buttons(engine, decision), decision % (engine.facts.frame_skip + 1)))
    return engine.measures(), trajectory


def test_first_observation(make_engine: MakeEngine) -> None:
    """An episode begins at tic 0 with one float64 for each variable. Objects and screen are absent."""
    engine = make_engine()
    engine.start(Needs(), record=False)
    seen = engine.begin(7)
    assert seen.tic == 0
    assert seen.variables.dtype == np.float64
    assert seen.variables.shape == (len(engine.facts.variables),)
    assert (len(seen.objects), seen.screen) == (0, None)


def test_needs_are_met(make_engine: MakeEngine) -> None:
    """Objects and the screen, at the scenario's resolution, are there when they are asked for."""
    engine = make_engine()
    engine.start(Needs(objects=True, screen=True), record=False)
    seen = engine.begin(7)
    width, height = engine.facts.resolution
    assert seen.screen is not None
    assert seen.screen.shape == (height, width)
    assert seen.screen.dtype == np.uint8
    assert [thing.kind for thing in seen.objects] == ["enemy"]
    assert 0 <= seen.objects[0].x < width


def test_needs_do_not_change_an_episode(make_engine: MakeEngine) -> None:
    """Requested objects, a requested screen and a recording change no variable and no measure."""
    played = []
    for needs, record in ((Needs(), False), (Needs(objects=True, screen=True), False), (Needs(objects=True), True)):
        engine = make_engine()
        engine.start(needs, record=record)
        played.append(play(engine, 11))
    assert played[1] == played[0]
    assert played[2] == played[0]


def test_glimpses_do_not_change_an_episode(make_engine: MakeEngine) -> None:
    """The outcome and the trajectory are equal with and without a live view."""
    played = []
    for looks in (False, True):
        engine = make_engine()
        engine.start(Needs(objects=True), record=False)
        seen: Observation | None = engine.begin(7)
        trajectory: list[tuple[int, list[float], list[SeenObject]]] = []
        while seen is not None:
            decision = len(trajectory)
            trajectory.append((seen.tic, seen.variables.tolist(), list(seen.objects)))
            if looks:
                engine.draw(in_full=decision % 3 == 0)
            seen = engine.act(Action(buttons(engine, decision)))
        played.append((engine.measures(), trajectory))
    assert played[0] == played[1]


def test_order_of_episodes(make_engine: MakeEngine) -> None:
    """An episode is the same in a fresh engine, in a used one, and after any others."""
    forward, backward = make_engine(), make_engine()
    forward.start(Needs(), record=False)
    backward.start(Needs(), record=False)
    seeds = [1, 2, 3]
    there = {seed: play(forward, seed) for seed in seeds}
    back = {seed: play(backward, seed) for seed in reversed(seeds)}
    assert there == back
    assert play(forward, 1) == there[1]
    assert there[1] != there[2]


def test_measures(make_engine: MakeEngine) -> None:
    """Measures count the decisions and the tics, in whole numbers of the game's clock, and grow while it runs."""
    engine = make_engine()
    engine.start(Needs(), record=False)
    engine.begin(3)
    assert (engine.measures().decisions, engine.measures().tics) == (0, 0)
    seen = engine.act(Action(buttons(engine, 0), 1))
    assert seen is not None
    assert seen.tic == 1
    assert (engine.measures().decisions, engine.measures().tics) == (1, 1)
    seen = engine.act(Action(buttons(engine, 0)))
    assert seen is not None
    assert seen.tic == 1 + engine.facts.frame_skip
    final, trajectory = play(engine, 3)
    assert final.decisions == len(trajectory)
    assert trajectory[-1][0] < final.tics <= trajectory[-1][0] + engine.facts.frame_skip
    assert engine.measures() == final


@pytest.mark.parametrize("values", [[1.0], [], [1.0, 0.0, math.nan], [1.0, 0.0, math.inf], [0.0] * 9, [1, 0, "x"]])
def test_bad_buttons(make_engine: MakeEngine, values: list[float]) -> None:
    """An action that has not one finite value a button is the policy's fault and never reaches the game."""
    engine = make_engine()
    engine.start(Needs(), record=False)
    engine.begin(1)
    with pytest.raises(PolicyFailed, match=r"button|no action"):
        engine.act(Action(values))
    assert engine.measures().decisions == 0
    assert engine.act(Action(buttons(engine, 0))) is not None


@pytest.mark.parametrize("tics", [-1, 5, 1000, 2.5])
def test_bad_tics(make_engine: MakeEngine, tics: int) -> None:
    """An action is held for 1 to frame_skip whole tics, or it is the policy's fault."""
    engine = make_engine()
    engine.start(Needs(), record=False)
    engine.begin(1)
    with pytest.raises(PolicyFailed, match=r"tics|no action"):
        engine.act(Action(buttons(engine, 0), tics))


def test_finished_episode_has_a_recording(make_engine: MakeEngine) -> None:
    """Equal episodes have equal recordings. An unfinished or unrecorded episode has none."""
    engine = make_engine()
    engine.start(Needs(), record=True)
    engine.begin(1)
    assert engine.recording() is None
    recordings = []
    for seed in (1, 2, 1):
        play(engine, seed)
        recordings.append(engine.recording())
        assert engine.recording() == recordings[-1]
    assert recordings[0]
    assert recordings[0] == recordings[2] != recordings[1]
    silent = make_engine()
    silent.start(Needs(), record=False)
    play(silent, 1)
    assert silent.recording() is None


def test_calls_in_wrong_order_are_errors(make_engine: MakeEngine) -> None:
    """A call without a running game raises `EngineCrashed`. A call outside an episode raises `RuntimeError`."""
    engine = make_engine()
    with pytest.raises(EngineCrashed):
        engine.begin(1)
    engine.start(Needs(), record=False)
    with pytest.raises(RuntimeError, match="begin"):
        engine.measures()
    with pytest.raises(RuntimeError, match="begin"):
        engine.act(Action(buttons(engine, 0)))
    play(engine, 1)
    with pytest.raises(RuntimeError, match="begin"):
        engine.act(Action(buttons(engine, 0)))
    engine.close()
    engine.close()
    with pytest.raises(EngineCrashed):
        engine.act(Action(buttons(engine, 0)))


def test_start_again(make_engine: MakeEngine) -> None:
    """A closed engine can be started again, with other needs, and plays the same."""
    engine = make_engine()
    engine.start(Needs(), record=False)
    before = play(engine, 5)
    engine.close()
    engine.start(Needs(objects=True), record=True)
    assert play(engine, 5) == before
