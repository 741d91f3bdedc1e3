"""What every decision of an episode needs: its action checked, and its variables added up into measures."""

import math
import operator

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Measures
from clau_doom.errors import PolicyFailed
from clau_doom.game.scenarios import CANONICAL_VARIABLES
from clau_doom.ports import Action

__all__ = ["Tally", "checked"]

# Weapon, ammunition, readiness, x and y: what is added up at every decision lies side by side.
_FIRST = CANONICAL_VARIABLES.index("SELECTED_WEAPON")
_PART = slice(_FIRST, _FIRST + 5)


def checked(action: Action, count: int, longest: int) -> tuple[list[float], int]:
    """Return an action's values and tics, ready for the game.

    Args:
        action: What a policy returned, which may be anything.
        count: The number of buttons.
        longest: The most tics that an action is held for, and how long it is when it does not say.

    Raises:
        PolicyFailed: It has not one finite value a button, or `tics` is out of range.
    """
    try:
        buttons = list(map(float, action.buttons))
        tics = operator.index(action.tics) or longest
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise PolicyFailed(f"the policy returned {action!r:.200}, which is no action: {error}") from error
    if len(buttons) == count and 1 <= tics <= longest and math.isfinite(sum(buttons)):
        return buttons, tics
    if len(buttons) != count:
        raise PolicyFailed(f"the policy gave {len(buttons)} values where there are {count} buttons")
    if not 1 <= tics <= longest:
        raise PolicyFailed(f"the policy held an action for {tics} tics; 1 to {longest} are allowed")
    raise PolicyFailed(f"the policy gave a button a value that is not finite: {buttons}")


class Tally:
    """Adds up one episode.

    Args:
        values: The variables at the first decision, the canonical ones first.
        tic: The game's clock at the first decision.
    """

    __slots__ = ("_rows", "_values", "decisions", "first_tic", "tic")

    def __init__(self, values: NDArray[np.float64], tic: int) -> None:
        self._values = values
        # Copied, because a policy may write to what it is shown; added up at the end, because between two turns of the
        # engine, which empties the caches, every line of Python is dear.
        self._rows = [values[_PART].tobytes()]
        self.first_tic = self.tic = tic
        self.decisions = 0

    def add(self, values: NDArray[np.float64], tic: int) -> None:
        """Add what one decision led to."""
        self._rows.append(values[_PART].tobytes())
        self._values = values
        self.tic = tic
        self.decisions += 1

    def _added_up(self) -> tuple[float, float]:
        """Return the rounds spent and the distance covered.

        Only exact operations and square roots, which every processor rounds alike, and one exact sum.
        """
        weapon, ammo, _, x, y = np.frombuffer(b"".join(self._rows)).reshape(-1, _PART.stop - _PART.start).T
        spent = -np.diff(ammo)[(np.diff(ammo) < 0) & (np.diff(weapon) == 0)]
        across, along = np.diff(x), np.diff(y)
        steps = np.sqrt(across * across + along * along)
        return math.fsum(spent.tolist()), math.fsum(steps.tolist())

    def measures(self, reward: float) -> Measures:
        """Return the measures so far, with the scenario's reward."""
        shots, distance = self._added_up()
        value = dict(zip(CANONICAL_VARIABLES, self._values.tolist(), strict=False))
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
            tics=float(self.tic - self.first_tic),
            reward=reward,
            distance=distance,
            decisions=float(self.decisions),
        )
