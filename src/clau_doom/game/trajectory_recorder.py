"""Validation of actions, and recording of an episode's trajectory, its hash and its measures."""

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

__all__ = ["ActionCheck", "EpisodeRecorder"]

_ADDED_UP = [
    CANONICAL_VARIABLES.index(name) for name in ("SELECTED_WEAPON", "SELECTED_WEAPON_AMMO", "POSITION_X", "POSITION_Y")
]


_shown = reprlib.Repr()  # repr() of a policy's result may raise any error
_shown.maxother = 200


class ActionCheck:
    """Validator of the actions that a policy returns.

    Args:
        buttons: Number of buttons.
        longest: Maximum tics of an action, also the default.
    """

    __slots__ = ("_buttons", "_longest", "_pack")

    def __init__(self, buttons: int, longest: int) -> None:
        self._buttons = buttons
        self._longest = longest
        self._pack = struct.Struct(f"<{buttons}dq").pack

    def __call__(self, action: Action) -> tuple[list[float], int, bytes]:
        """Return values and tics of an action, and both as bytes for the trajectory hash.

        Raises:
            PolicyFailed: The action does not have one finite value for each button, or `tics` is out of range.
        """
        try:
            buttons, tics = action.buttons, action.tics or self._longest
            if type(buttons) is not list:
                buttons = [*map(float, buttons)]
            if len(buttons) != self._buttons:
                raise ValueError(f"it has {len(buttons)} values for {self._buttons} buttons")
            written = self._pack(*buttons, tics)
            if 1 <= tics <= self._longest and math.isfinite(sum(buttons)):
                return buttons, tics, written
        except Exception as error:
            raise PolicyFailed(f"the policy returned {_shown.repr(action)}, which is not an action: {error}") from error
        if not 1 <= tics <= self._longest:
            raise PolicyFailed(f"the policy held an action for {tics} tics; use 1 to {self._longest}")
        raise PolicyFailed(f"the policy returned a value that is not finite: {_shown.repr(action)}")


class EpisodeRecorder:
    """Recorder of one episode's trajectory and measures.

    Args:
        values: Variables at the first decision, canonical ones first.
        tic: Game clock at the first decision.
    """

    __slots__ = ("_first_tic", "_rows", "_tic")

    def __init__(self, values: NDArray[np.float64], tic: int) -> None:
        # Variables and actions in turns. Copied, because a policy may modify its observation. Hashed and summed at the
        # end, because Python code between two steps of the engine is slow: the engine evicts the CPU caches.
        self._rows = [values.tobytes()]
        self._first_tic = self._tic = tic

    @property
    def tic(self) -> int:
        """Game clock after the last decision."""
        return self._tic

    @property
    def variables(self) -> NDArray[np.float64]:
        """Variables after the last decision, as a copy, float64, shape (variables,)."""
        return np.frombuffer(self._rows[-1]).copy()

    def add(self, action: bytes, values: NDArray[np.float64], tic: int) -> None:
        """Add one decision and its result.

        Args:
            action: Bytes of the action from `ActionCheck`.
            values: Variables after the action.
            tic: Game clock after the action.
        """
        self._rows += (action, values.tobytes())
        self._tic = tic

    def _added_up(self) -> tuple[float, float]:
        """Return the ammunition spent and the distance covered.

        Uses only exact operations, correctly rounded square roots and one exact sum.
        """
        table = self.history()
        weapon, ammo, across, along = np.diff(table[:, _ADDED_UP], axis=0).T
        spent = -ammo[(ammo < 0) & (weapon == 0)]
        steps = np.sqrt(across * across + along * along)
        return math.fsum(spent.tolist()), math.fsum(steps.tolist())

    def trajectory_sha256(self) -> str:
        """Return the SHA-256 (hexadecimal) over all decisions so far.

        Each decision contributes its variables and then its action; see the port.
        """
        return hashlib.sha256(b"".join(self._rows[:-1])).hexdigest()  # no decision followed the last variables

    def actions(self) -> bytes:
        """Return the actions so far, in the hashed encoding."""
        return b"".join(self._rows[1::2])

    def history(self) -> NDArray[np.float64]:
        """Return the variables before each decision so far and after the last one; shape (decisions + 1, variables)."""
        seen = self._rows[::2]
        return np.frombuffer(b"".join(seen)).reshape(len(seen), -1)

    def measures(self, reward: float) -> Measures:
        """Return the measures so far, including the scenario's reward."""
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
