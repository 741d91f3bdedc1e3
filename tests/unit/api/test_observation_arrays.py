"""Tests of the conversion of observations and actions to arrays and back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from clau_doom.api.observation_arrays import (
    MOST_OBJECTS,
    OBJECT_COLUMNS,
    OBJECT_KINDS,
    action_from_arrays,
    action_to_arrays,
    observation_from_arrays,
    observation_to_arrays,
)
from clau_doom.errors import ConfigError
from clau_doom.ports import Needs, Observation, SeenObject
from clau_doom.testing import SCRIPTED_FACTS

FACTS = replace(SCRIPTED_FACTS, buttons=("TURN_LEFT", "LOOK_UP_DOWN_DELTA", "ATTACK", "TURN_LEFT_RIGHT_DELTA"))
ALL = Needs(objects=True, screen=True)
PRESSED = {"buttons": np.array([1, 0]), "deltas": np.array([0.5, -0.25]), "tics": 3}

fixed_point = st.integers(-(2**31), 2**31 - 1).map(lambda value: value / 65536)
vectors = st.tuples(fixed_point, fixed_point, fixed_point)
objects = st.builds(
    SeenObject,
    id=st.integers(0, 2**32 - 1),
    name=st.text(st.characters(min_codepoint=1, max_codepoint=0x7FF), min_size=1, max_size=40),
    kind=st.sampled_from(OBJECT_KINDS),
    x=st.integers(0, 640),
    y=st.integers(0, 480),
    width=st.integers(0, 640),
    height=st.integers(0, 480),
    position=vectors,
    velocity=vectors,
)


def seen(variables: NDArray[np.float64] | None = None, things: list[SeenObject] | None = None) -> Observation:
    values = np.arange(19.0) if variables is None else variables
    return Observation(values, 8, things or [], np.arange(120 * 160, dtype=np.uint8).reshape(120, 160))


def thing(number: int, size: int) -> SeenObject:
    return SeenObject(number, "Demon", "enemy", 0, 0, size, size, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0))


@given(
    st.lists(st.floats(-(2.0**31), 2.0**31), min_size=19, max_size=19),
    st.integers(0, 2100),
    st.lists(objects, max_size=8),
)
def test_observations_survive_both_conversions(values: list[float], tic: int, things: list[SeenObject]) -> None:
    before = Observation(np.array(values), tic, things, seen().screen)
    after = observation_from_arrays(observation_to_arrays(before, ALL, MOST_OBJECTS), ALL, FACTS)
    assert after.variables.tobytes() == before.variables.tobytes()
    assert (after.tic, after.objects) == (tic, things)
    assert after.screen is not None
    assert before.screen is not None
    assert after.screen.tobytes() == before.screen.tobytes()
    assert [type(value) for one in after.objects for value in (one.id, one.x, one.height)] == [int] * 3 * len(things)


def test_name_of_the_longest_field_survives() -> None:
    named = replace(thing(1, 4), name="x" * 128)
    arrays = observation_to_arrays(seen(things=[named]), ALL, 2)
    assert observation_from_arrays(arrays, ALL, FACTS).objects == [named]


def test_arrays_have_the_documented_shapes_and_values() -> None:
    arrays = observation_to_arrays(seen(things=[thing(7, 5)]), ALL, 3)
    assert {name: (array.dtype.name, array.shape) for name, array in arrays.items()} == {
        "variables": ("float64", (19,)),
        "tic": ("int64", (1,)),
        "objects": ("float64", (3, 12)),
        "object_names": ("uint8", (3, 128)),
        "object_mask": ("int8", (3,)),
        "screen": ("uint8", (120, 160)),
    }
    assert dict(zip(OBJECT_COLUMNS, arrays["objects"][0].tolist(), strict=True)) == {
        "id": 7.0,
        "kind": 1.0,
        "x": 0.0,
        "y": 0.0,
        "width": 5.0,
        "height": 5.0,
        "position_x": 1.0,
        "position_y": 2.0,
        "position_z": 3.0,
        "velocity_x": 0.0,
        "velocity_y": 0.0,
        "velocity_z": 0.0,
    }
    assert arrays["object_mask"].tolist() == [1, 0, 0]
    assert not arrays["objects"][1:].any()
    assert arrays["object_names"][0, :6].tobytes() == b"Demon\0"


def test_unneeded_parts_are_left_out() -> None:
    arrays = observation_to_arrays(seen(things=[thing(7, 5)]), Needs(), 3)
    assert set(arrays) == {"variables", "tic"}
    after = observation_from_arrays(observation_to_arrays(seen(things=[thing(7, 5)]), ALL, 3), Needs(), FACTS)
    assert (after.objects, after.screen) == ((), None)


def test_largest_objects_are_kept_in_order() -> None:
    things = [thing(number, size) for number, size in enumerate([3, 9, 1, 5])]
    arrays = observation_to_arrays(seen(things=things), ALL, 2)
    assert arrays["objects"][:, 0].tolist() == [1.0, 3.0]


def test_arrays_do_not_share_memory_with_the_observation() -> None:
    before = seen()
    arrays = observation_to_arrays(before, ALL, 1)
    arrays["variables"][:] = -1.0
    arrays["screen"][:] = 0
    assert before.variables.tolist() == np.arange(19.0).tolist()
    assert before.screen is not None
    assert before.screen.any()


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda arrays: {key: value for key, value in arrays.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("objects"), "the observation has no 'objects'"),
        (without("screen"), "the observation has no 'screen'"),
        (lambda a: a | {"variables": a["variables"].astype(np.float32)}, r"'variables' is float32 .*expected float64"),
        (lambda a: a | {"variables": a["variables"][:5]}, r"'variables' is float64 of shape \(5,\): .*\(19\)"),
        (lambda a: a | {"variables": np.stack([a["variables"]] * 2)}, r"shape \(2, 19\).*for one episode"),
        (lambda a: a | {"screen": a["screen"][:60]}, r"'screen' is uint8 of shape \(60, 160\)"),
        (lambda a: a | {"tic": 4}, "'tic' is int: expected int64"),
        (lambda a: a | {"objects": a["objects"][:1]}, r"'objects' is float64 of shape \(1, 12\)"),
    ],
)
def test_other_observations_are_refused(change: Callable[[dict[str, Any]], dict[str, Any]], message: str) -> None:
    arrays = observation_to_arrays(seen(), ALL, 3)
    with pytest.raises(ConfigError, match=message):
        observation_from_arrays(change(arrays), ALL, FACTS)


@given(
    st.lists(st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-300), min_size=4, max_size=4),
    st.integers(1, 4),
)
def test_actions_survive_both_conversions(buttons: list[float], tics: int) -> None:
    after = action_from_arrays(action_to_arrays(buttons, tics, FACTS), FACTS)
    assert np.array(after.buttons).tobytes() == np.array(buttons).tobytes()
    assert after.tics == tics


def test_action_arrays_have_the_documented_values() -> None:
    """Values of `*_DELTA` buttons are in units of 16."""
    arrays = action_to_arrays([1.0, 8.0, 0.0, -4.0], 3, FACTS)
    assert {name: np.asarray(array).tolist() for name, array in arrays.items()} == {
        "buttons": [1.0, 0.0],
        "deltas": [0.5, -0.25],
        "tics": 3,
    }
    assert action_from_arrays(PRESSED, FACTS).buttons == [1.0, 8.0, 0.0, -4.0]
    assert set(action_to_arrays([1.0, 0.0, 0.0], 1, SCRIPTED_FACTS)) == {"buttons", "tics"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tics": 0}, "'tics' is 0: use a whole number from 1 to 4"),
        ({"tics": 5}, "'tics' is 5"),
        ({"tics": 1.5}, "'tics' is 1.5"),
        ({"buttons": np.array([1])}, r"'buttons' has shape \(1,\): expected \(2,\)"),
        ({"buttons": 1}, r"'buttons' has shape \(\)"),
        ({"buttons": ["left", "right"]}, "'buttons' has values that are not numbers"),
        ({"deltas": np.array([np.nan, 0.0])}, "'deltas' has a value that is not finite"),
    ],
)
def test_invalid_actions_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        action_from_arrays(PRESSED | change, FACTS)


@pytest.mark.parametrize("name", ["buttons", "deltas", "tics"])
def test_incomplete_actions_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"the action has no '{name}'"):
        action_from_arrays(without(name)(PRESSED), FACTS)


@pytest.mark.parametrize("wrong", [3, None, [1, 0], np.array([1, 0])])
def test_actions_that_are_not_dicts_are_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match=f"the action is a {type(wrong).__name__}: give a dict of buttons"):
        action_from_arrays(wrong, FACTS)


def test_result_of_reset_is_not_an_observation() -> None:
    """A call such as `agent.act(env.reset())` is a frequent mistake."""
    result: Any = (observation_to_arrays(seen(), ALL, 3), {})
    with pytest.raises(ConfigError, match="the observation is a tuple: give the dict that reset and step return first"):
        observation_from_arrays(result, ALL, FACTS)
