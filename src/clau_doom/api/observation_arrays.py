"""Conversion of observations and actions to arrays of fixed shapes, and back, without loss.

Gymnasium environments exchange arrays. An agent decides on the `Observation` of a run. Each array below has the type in
which the engine reports its values, so that both directions are exact.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.ports import Action, Needs, Observation, ScenarioFacts, SeenObject

__all__ = [
    "DELTA_UNIT",
    "MOST_OBJECTS",
    "NAME_BYTES",
    "OBJECT_COLUMNS",
    "OBJECT_KINDS",
    "Arrays",
    "action_from_arrays",
    "action_to_arrays",
    "observation_from_arrays",
    "observation_to_arrays",
]

Arrays = dict[str, Any]
"""NumPy arrays and numbers by the name of their space."""

_T = TypeVar("_T", bound=np.generic)

MOST_OBJECTS = 256
"""Number of objects that the engine reports at most in one observation."""

NAME_BYTES = 128
"""Length of the engine's field for an object's name, in bytes."""

OBJECT_KINDS = ("enemy", "projectile", "pickup", "hazard", "other")
"""Kinds of objects. An array has the position in this tuple plus 1, and 0 for an empty row."""

OBJECT_COLUMNS = (
    "id",
    "kind",
    "x",
    "y",
    "width",
    "height",
    "position_x",
    "position_y",
    "position_z",
    "velocity_x",
    "velocity_y",
    "velocity_z",
)
"""Columns of the array of objects; see `clau_doom.ports.SeenObject`."""

DELTA_UNIT = 16.0
"""Degrees or map units per tic of the value 1 for a ``*_DELTA`` button. A power of two keeps the scaling exact."""

_ACTION_FORM = "give a dict of buttons, deltas and tics as in the action space"
_CODES = {kind: code for code, kind in enumerate(OBJECT_KINDS, start=1)}


def observation_to_arrays(seen: Observation, needs: Needs, max_objects: int) -> Arrays:
    """Convert an observation to new arrays.

    Args:
        seen: Observation with the needed parts.
        needs: Parts to convert, in addition to the variables and the tic.
        max_objects: Rows of the arrays of objects. If there are more objects, those with the largest boxes are kept.

    Returns:
        ``variables``: float64, shape (variables,). ``tic``: int64, shape (1,). With objects: ``objects``, float64,
        shape (max_objects, 12); ``object_names``, uint8, shape (max_objects, 128), encoded as UTF-8 and padded with
        zeros; ``object_mask``, int8, shape (max_objects,), 1 for a row with an object. With the screen: ``screen``,
        uint8, shape (height, width).
    """
    arrays: Arrays = {"variables": seen.variables.copy(), "tic": np.array([seen.tic])}
    if needs.objects:
        arrays |= _objects_to_arrays(_largest(seen.objects, max_objects), max_objects)
    if needs.screen:
        assert seen.screen is not None
        arrays["screen"] = seen.screen.copy()
    return arrays


def observation_from_arrays(arrays: Mapping[str, object], needs: Needs, facts: ScenarioFacts) -> Observation:
    """Convert the arrays of `observation_to_arrays` back to the observation.

    Args:
        arrays: Arrays by name. Further arrays are ignored.
        needs: Parts of the observation to convert.
        facts: Facts about the scenario, which determine the shapes.

    Raises:
        ConfigError: An array is missing, or has another type or shape; the message names both.
    """
    if not isinstance(arrays, Mapping):
        raise ConfigError(
            f"the observation is a {type(arrays).__name__}: give the dict that reset and step return first"
        )
    width, height = facts.resolution
    variables = _array(arrays, "variables", np.float64, (len(facts.variables),))
    tic = _array(arrays, "tic", np.int64, (1,))
    screen = _array(arrays, "screen", np.uint8, (height, width)) if needs.screen else None
    return Observation(variables, int(tic[0]), _objects_from_arrays(arrays) if needs.objects else (), screen)


def action_to_arrays(buttons: Sequence[float], tics: int, facts: ScenarioFacts) -> Arrays:
    """Convert an action to arrays.

    Args:
        buttons: One value for each button.
        tics: Number of tics to hold them, at least 1.
        facts: Facts about the scenario.

    Returns:
        ``buttons``: float64, the values of the buttons that are pressed or not. ``deltas``: float64, those of the
        ``*_DELTA`` buttons, in units of `DELTA_UNIT`. Both in the order of the scenario, and absent if they would be
        empty. ``tics``: int64.
    """
    values, deltas = np.asarray(buttons, dtype=np.float64), _deltas(facts.buttons)
    arrays: Arrays = {"tics": np.int64(tics)}
    if not deltas.all():
        arrays["buttons"] = values[~deltas]
    if deltas.any():
        arrays["deltas"] = values[deltas] / DELTA_UNIT
    return arrays


def action_from_arrays(arrays: Mapping[str, object], facts: ScenarioFacts) -> Action:
    """Convert the arrays of `action_to_arrays`, or of equal spaces, back to the action.

    Raises:
        ConfigError: An array is missing, has another shape, or has an invalid value; the message names both.
    """
    if not isinstance(arrays, Mapping):
        raise ConfigError(f"the action is a {type(arrays).__name__}: {_ACTION_FORM}")
    deltas = _deltas(facts.buttons)
    values = np.zeros(len(deltas))
    if not deltas.all():
        values[~deltas] = _numbers(arrays, "buttons", (int((~deltas).sum()),))
    if deltas.any():
        values[deltas] = _numbers(arrays, "deltas", (int(deltas.sum()),)) * DELTA_UNIT
    tics = float(_numbers(arrays, "tics", ()))
    if tics not in range(1, facts.frame_skip + 1):
        raise ConfigError(f"the action's 'tics' is {tics:g}: use a whole number from 1 to {facts.frame_skip}")
    return Action(values.tolist(), int(tics))


def _largest(objects: Sequence[SeenObject], most: int) -> Sequence[SeenObject]:
    if len(objects) <= most:
        return objects
    order = sorted(range(len(objects)), key=lambda place: -objects[place].width * objects[place].height)
    return [objects[place] for place in sorted(order[:most])]


def _objects_to_arrays(objects: Sequence[SeenObject], rows: int) -> Arrays:
    numbers = np.zeros((rows, len(OBJECT_COLUMNS)))
    names = np.zeros((rows, NAME_BYTES), dtype=np.uint8)
    mask = np.zeros(rows, dtype=np.int8)
    for row, seen in enumerate(objects):
        box = (seen.x, seen.y, seen.width, seen.height)
        numbers[row] = (seen.id, _CODES[seen.kind], *box, *seen.position, *seen.velocity)
        name = seen.name.encode()
        names[row, : len(name)] = np.frombuffer(name, dtype=np.uint8)
    mask[: len(objects)] = 1
    return {"objects": numbers, "object_names": names, "object_mask": mask}


def _objects_from_arrays(arrays: Mapping[str, object]) -> list[SeenObject]:
    mask = _array(arrays, "object_mask", np.int8, (None,))
    numbers = _array(arrays, "objects", np.float64, (len(mask), len(OBJECT_COLUMNS)))
    names = _array(arrays, "object_names", np.uint8, (len(mask), NAME_BYTES))
    return [_object(numbers[row].tolist(), names[row].tobytes()) for row in np.flatnonzero(mask)]


def _object(values: list[float], name: bytes) -> SeenObject:
    number, kind, x, y, width, height = map(int, values[:6])
    position, velocity = (values[6], values[7], values[8]), (values[9], values[10], values[11])
    text = name.rstrip(b"\0").decode()
    return SeenObject(number, text, OBJECT_KINDS[kind - 1], x, y, width, height, position, velocity)


def _array(arrays: Mapping[str, object], name: str, dtype: type[_T], shape: tuple[int | None, ...]) -> NDArray[_T]:
    """Return an array with a type and a shape, in which None is any length."""
    if name not in arrays:
        raise ConfigError(f"the observation has no {name!r}, which the policy uses: make the environment with it")
    found = arrays[name]
    if isinstance(found, np.ndarray) and found.dtype == dtype and _fits(found.shape, shape):
        return found
    given = f"{found.dtype.name} of shape {found.shape}" if isinstance(found, np.ndarray) else type(found).__name__
    sizes = ", ".join("any" if size is None else str(size) for size in shape)
    raise ConfigError(
        f"the observation's {name!r} is {given}: expected {np.dtype(dtype).name} of shape ({sizes}), as the "
        "environment of the agent's scenario returns it for one episode"
    )


def _fits(found: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(found) == len(expected) and all(n in {None, m} for n, m in zip(expected, found, strict=True))


def _numbers(arrays: Mapping[str, object], name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if name not in arrays:
        raise ConfigError(f"the action has no {name!r}: {_ACTION_FORM}")
    try:
        values = np.asarray(arrays[name], dtype=np.float64)
    except (TypeError, ValueError):
        raise ConfigError(f"the action's {name!r} has values that are not numbers") from None
    if values.shape != shape:
        raise ConfigError(f"the action's {name!r} has shape {values.shape}: expected {shape}")
    if not math.isfinite(values.sum()):
        raise ConfigError(f"the action's {name!r} has a value that is not finite: {values.tolist()}")
    return values


@lru_cache(maxsize=32)
def _deltas(buttons: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([name.endswith("_DELTA") for name in buttons])
