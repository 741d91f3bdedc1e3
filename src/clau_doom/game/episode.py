"""What every decision of an episode needs: its action checked, and its variables added up into measures."""

import math
import operator
from collections.abc import Sequence

from clau_doom.domain import Measures
from clau_doom.errors import PolicyFailed
from clau_doom.game.scenarios import CANONICAL_VARIABLES
from clau_doom.ports import Action, ScenarioFacts

__all__ = ["Tally", "checked"]

_PLACE = {name: place for place, name in enumerate(CANONICAL_VARIABLES)}
_X, _Y = _PLACE["POSITION_X"], _PLACE["POSITION_Y"]
_WEAPON, _AMMO = _PLACE["SELECTED_WEAPON"], _PLACE["SELECTED_WEAPON_AMMO"]


def checked(action: Action, facts: ScenarioFacts) -> tuple[list[float], int]:
    """Return an action's values and tics, ready for the game.

    Raises:
        PolicyFailed: It has not one finite value a button, or `tics` is out of range.
    """
    try:
        buttons = list(map(float, action.buttons))
        tics = operator.index(action.tics) or facts.frame_skip
    except (AttributeError, TypeError, ValueError) as error:
        raise PolicyFailed(f"the policy returned {action!r:.200}, which is no action: {error}") from error
    if len(buttons) != len(facts.buttons):
        raise PolicyFailed(f"the policy gave {len(buttons)} values for {len(facts.buttons)} buttons: {facts.buttons}")
    if not math.isfinite(sum(buttons)):
        raise PolicyFailed(f"the policy gave a button a value that is not finite: {buttons}")
    if not 1 <= tics <= facts.frame_skip:
        raise PolicyFailed(f"the policy held an action for {tics} tics; 1 to {facts.frame_skip} are allowed")
    return buttons, tics


class Tally:
    """Adds up one episode.

    Args:
        row: The values of the variables at the first decision, the canonical ones first.
        tic: The game's clock at the first decision.
    """

    __slots__ = ("_row", "decisions", "distance", "first_tic", "shots", "tic")

    def __init__(self, row: Sequence[float], tic: int) -> None:
        self._row = row
        self.first_tic = self.tic = tic
        self.decisions = 0
        self.shots = self.distance = 0.0

    def add(self, row: Sequence[float], tic: int) -> None:
        """Add what one decision led to."""
        last, self._row, self.tic = self._row, row, tic
        self.decisions += 1
        if row[_WEAPON] == last[_WEAPON] and row[_AMMO] < last[_AMMO]:
            self.shots += last[_AMMO] - row[_AMMO]
        across, along = row[_X] - last[_X], row[_Y] - last[_Y]
        if across or along:
            # Not hypot: only the square root is rounded alike by every library.
            self.distance += math.sqrt(across * across + along * along)

    def measures(self, reward: float) -> Measures:
        """Return the measures so far, with the scenario's reward."""
        value = dict(zip(CANONICAL_VARIABLES, self._row, strict=False))
        return Measures(
            kills=value["KILLCOUNT"],
            deaths=float(value["DEAD"] != 0.0),
            health=max(0.0, value["HEALTH"]),
            armor=value["ARMOR"],
            shots=self.shots,
            hits=value["HITCOUNT"],
            damage_dealt=value["DAMAGECOUNT"],
            damage_taken=value["DAMAGE_TAKEN"],
            items=value["ITEMCOUNT"],
            tics=float(self.tic - self.first_tic),
            reward=reward,
            distance=self.distance,
            decisions=float(self.decisions),
        )
