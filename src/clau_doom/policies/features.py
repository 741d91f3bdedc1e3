"""Network inputs: objects by kind and direction, the player's variables, and optionally a small screen.

Each feature is a multiple of 2⁻¹⁰ between -1 and 1, made by IEEE arithmetic without transcendental functions.
"""

import math

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.ports import Observation, ScenarioFacts, SeenObject

__all__ = ["Features", "to_grid"]

_GRID = 1024.0
_NEAR = 256.0  # map units at which nearness is one half
_EYE_HEIGHT = 56.0
_PIXELS = 4.0  # columns per tic at which motion reaches 1
_FORGET = 35  # tics
_SCALES = {"HEALTH": 100.0, "ARMOR": 100.0, "SELECTED_WEAPON_AMMO": 50.0, "AMMO2": 50.0, "ATTACK_READY": 1.0}
_ENEMY, _THREAT, _PICKUP, _MOTION, _CHANNELS = 0, 1, 2, 3, 4
_CHANNEL_OF = {"enemy": _ENEMY, "projectile": _THREAT, "hazard": _THREAT, "pickup": _PICKUP}


def to_grid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the multiples of 2⁻¹⁰ nearest to `values`."""
    return np.rint(values * _GRID) / _GRID


class Features:
    """Layout of the network's inputs for one scenario.

    For each direction: nearness of enemies, of projectiles and hazards, and of pick-ups, and the sideways motion of the
    nearest objects of the first two groups. Then follow the player's variables, the screen's blocks and a constant 1.
    Directions are bins of screen columns, narrow in the middle for aiming and wide at the sides.
    """

    def __init__(self, facts: ScenarioFacts, bins: int, screen: tuple[int, int] | None) -> None:
        width, height = facts.resolution
        named = facts.variables
        scales = {name: scale for name, scale in _SCALES.items() if name in named}
        if "SELECTED_WEAPON_AMMO" in scales:
            scales.pop("AMMO2", None)
        self.bins = bins
        self.focus = width / 2.0
        self.bin_of = _columns(width, bins)
        self.variables = tuple((named.index(name), 1.0 / scale) for name, scale in scales.items())
        at = [named.index(name) for name in ("POSITION_X", "POSITION_Y") if name in named]
        self.position = (at[0], at[1]) if len(at) == 2 else None
        self.blocks = _Blocks(width, height, *screen) if screen else None
        self.size = _CHANNELS * bins + len(self.variables) + (screen[0] * screen[1] if screen else 0) + 1

    def watch(self) -> "FeatureReader":
        """Return a reader for one episode, which remembers positions of objects."""
        return FeatureReader(self)


class FeatureReader:
    """Computes the features of one episode."""

    def __init__(self, layout: Features) -> None:
        self._layout = layout
        self._before: dict[int, tuple[str, int, int]] = {}

    def read(self, observation: Observation) -> NDArray[np.float64]:
        """Return the features of an observation, float64, shape (`Features.size`,)."""
        layout = self._layout
        values = observation.variables.tolist()
        row = [0.0] * (_CHANNELS * layout.bins)
        for seen in observation.objects:
            channel = _CHANNEL_OF.get(seen.kind)
            if channel is not None:
                self._mark(row, seen, channel, self._nearness(seen, values), observation.tic)
        row += [min(max(values[index] * scale, -1.0), 1.0) for index, scale in layout.variables]
        if layout.blocks is not None and observation.screen is not None:
            row += layout.blocks.means(observation.screen)
        row.append(1.0)
        return to_grid(np.array(row))

    def _nearness(self, seen: SeenObject, values: list[float]) -> float:
        """Return the nearness: 1 at the player, one half at 256 map units, towards 0 far away."""
        position = self._layout.position
        if position is None:
            distance = _EYE_HEIGHT * self._layout.focus / max(seen.height, 1)
        else:
            dx, dy = seen.position[0] - values[position[0]], seen.position[1] - values[position[1]]
            distance = math.sqrt(dx * dx + dy * dy)
        return _NEAR / (_NEAR + distance)

    def _mark(self, row: list[float], seen: SeenObject, channel: int, nearness: float, tic: int) -> None:
        bins, bin_of = self._layout.bins, self._layout.bin_of
        last = len(bin_of) - 1
        first_bin = bin_of[min(max(seen.x, 0), last)]
        last_bin = bin_of[min(max(seen.x + seen.width - 1, 0), last)]
        motion = 0.0 if channel == _PICKUP else self._motion(seen, tic)
        for place in range(channel * bins + first_bin, channel * bins + last_bin + 1):
            if nearness > row[place]:
                row[place] = nearness
                if channel != _PICKUP:
                    row[(_MOTION - channel) * bins + place] = motion

    def _motion(self, seen: SeenObject, tic: int) -> float:
        """Return the horizontal motion of a box's centre, positive to the right: 1 is 4 or more columns per tic."""
        twice = 2 * seen.x + seen.width
        name, middle, then = self._before.get(seen.id, ("", 0, tic))
        self._before[seen.id] = (seen.name, twice, tic)
        if name != seen.name or not 0 < tic - then <= _FORGET:
            return 0.0
        return min(max((twice - middle) / (2.0 * _PIXELS * (tic - then)), -1.0), 1.0)


class _Blocks:
    """Mean grey levels of a screen over a grid of blocks."""

    def __init__(self, width: int, height: int, columns: int, rows: int) -> None:
        if columns > width or rows > height:
            raise ConfigError(f"policy.screen {columns}x{rows} is larger than the screen: use at most {width}x{height}")
        self._rows = np.arange(rows) * height // rows
        self._columns = np.arange(columns) * width // columns
        tall = np.diff(np.append(self._rows, height))
        wide = np.diff(np.append(self._columns, width))
        self._full = np.outer(tall, wide) * 255.0

    def means(self, screen: NDArray[np.uint8]) -> list[float]:
        """Return the means, from 0 to 1, row by row; sums are integers and therefore exact."""
        sums = np.add.reduceat(screen, self._rows, axis=0, dtype=np.int64)
        blocks: list[float] = (np.add.reduceat(sums, self._columns, axis=1) / self._full).ravel().tolist()
        return blocks


def _columns(width: int, bins: int) -> tuple[int, ...]:
    """Return the bin of each column; widths of bins grow quadratically towards the sides."""

    def bin_of(column: int) -> int:
        off = (2 * column + 1) / width - 1.0
        return min(int((math.copysign(math.sqrt(abs(off)), off) + 1.0) / 2.0 * bins), bins - 1)

    return tuple(bin_of(column) for column in range(width))
