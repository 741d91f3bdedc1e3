"""What every decision of an episode needs: its action checked; its trajectory kept, hashed, added up into measures."""

import hashlib
import math
import reprlib
import struct

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Measures
from clau_doom.errors import PolicyFailed
from clau_doom.game.scenarios import CANONICAL_VARIABLES
from clau_doom.ports import Action

__all__ = ["ActionCheck", "Tally"]

_ADDED_UP = [
    CANONICAL_VARIABLES.index(name) for name in ("SELECTED_WEAPON", "SELECTED_WEAPON_AMMO", "POSITION_X", "POSITION_Y")
]


_shown = reprlib.Repr()  # what a policy returned may raise anything when it is looked at
_shown.maxother = 200


class ActionCheck:
    """Whether what a policy returned is an action.

    Args:
        buttons: How many there are.
        longest: The most tics that an action is held for, and how long it is when it does not say.
    """

    __slots__ = ("_buttons", "_longest", "_pack")

    def __init__(self, buttons: int, longest: int) -> None:
        self._buttons = buttons
        self._longest = longest
        self._pack = struct.Struct(f"<{buttons}dq").pack

    def __call__(self, action: Action) -> tuple[list[float], int, bytes]:
        """Return an action's values and tics, ready for the game, and both as they enter the trajectory's hash.

        Raises:
            PolicyFailed: It has not one finite value a button, or `tics` is out of range.
        """
        try:
            buttons, tics = action.buttons, action.tics or self._longest
            if type(buttons) is not list:
                buttons = [*map(float, buttons)]
            if len(buttons) != self._buttons:
                raise ValueError(f"it has {len(buttons)} values where there are {self._buttons} buttons")
            written = self._pack(*buttons, tics)
            if 1 <= tics <= self._longest and math.isfinite(sum(buttons)):
                return buttons, tics, written
        except Exception as error:
            raise PolicyFailed(f"the policy returned {_shown.repr(action)}, which is no action: {error}") from error
        if not 1 <= tics <= self._longest:
            raise PolicyFailed(f"the policy held an action for {tics} tics; 1 to {self._longest} are allowed")
        raise PolicyFailed(f"the policy gave a button a value that is not finite: {_shown.repr(action)}")


class Tally:
    """Keeps one episode's trajectory, and adds it up.

    Args:
        values: The variables at the first decision, the canonical ones first.
        tic: The game's clock at the first decision.
    """

    __slots__ = ("_first_tic", "_rows", "_tic")

    def __init__(self, values: NDArray[np.float64], tic: int) -> None:
        # Variables and actions in turns. Copied, because a policy may write to what it is shown; added up and hashed at
        # the end, because between two turns of the engine, which empties the caches, every line of Python is dear.
        self._rows = [values.tobytes()]
        self._first_tic = self._tic = tic

    @property
    def tic(self) -> int:
        """The game's clock after the last decision."""
        return self._tic

    def add(self, action: bytes, values: NDArray[np.float64], tic: int) -> None:
        """Add one decision and what it led to.

        Args:
            action: As `ActionCheck` wrote it down.
            values: The variables that followed.
            tic: The game's clock then.
        """
        self._rows += (action, values.tobytes())
        self._tic = tic

    def _added_up(self) -> tuple[float, float]:
        """Return the rounds spent and the distance covered.

        Only exact operations and square roots, which every processor rounds alike, and one exact sum.
        """
        seen = self._rows[::2]
        table = np.frombuffer(b"".join(seen)).reshape(len(seen), -1)
        weapon, ammo, across, along = np.diff(table[:, _ADDED_UP], axis=0).T
        spent = -ammo[(ammo < 0) & (weapon == 0)]
        steps = np.sqrt(across * across + along * along)
        return math.fsum(spent.tolist()), math.fsum(steps.tolist())

    def trajectory_sha256(self) -> str:
        """Return the SHA-256, as hexadecimal digits, over every decision so far.

        Of each decision the variables that it was made on, then its action: see the port.
        """
        return hashlib.sha256(b"".join(self._rows[:-1])).hexdigest()  # the last variables led to no decision

    def actions(self) -> bytes:
        """Return the actions so far, as they are hashed."""
        return b"".join(self._rows[1::2])

    def measures(self, reward: float) -> Measures:
        """Return the measures so far, with the scenario's reward."""
        shots, distance = self._added_up()
        value = dict(zip(CANONICAL_VARIABLES, np.frombuffer(self._rows[-1]).tolist(), strict=False))
        return Measures(
            kills=value["KILLCOUNT"],
            deaths=float(value["DEAD"] != 0.0),
            health=max(0.0, value["HEALTH"]),
            armor=value["ARMOR"],
            shots=shots,
            hits=value["HITCOUNT"],
            damage_dealt=value["DAMAGECOUNT"],
            damage_taken=value["DAMAGE_TAKEN"],
            items=value["ITEMCOUNT"],
            tics=float(self._tic - self._first_tic),
            reward=reward,
            distance=distance,
            decisions=float(len(self._rows) // 2),
        )
