"""From what an agent wants to do to the buttons of a scenario, whichever of them it has."""

from collections.abc import Mapping
from dataclasses import dataclass

from clau_doom.ports import Action, ScenarioFacts

__all__ = ["FAST_TURN", "SLOW_TICS", "SLOW_TURN", "Controls", "Intent", "scan_step"]

SLOW_TURN = 1.7578125
"""Degrees a tic that the turn buttons turn at first: DOOM's angleturn 320 of 65536."""
FAST_TURN = 3.515625
"""Degrees a tic once they have been held for longer than `SLOW_TICS`: angleturn 640."""
SLOW_TICS = 5

_DELTA_LIMIT = 45.0
_WALK, _RUN = 25.0, 50.0
"""Values of delta buttons with which the player moves as by the buttons without and with SPEED."""


@dataclass(slots=True)
class Intent:
    """What an agent wants to do next.

    Attributes:
        turn: Degrees to turn, positive to the left.
        forward: 1 forwards, -1 backwards, 0 neither.
        lateral: 1 to the left, -1 to the right, 0 neither.
        attack: Whether to pull the trigger.
        hurry: Whether to run rather than walk.
        tics: The most tics before looking again.
    """

    turn: float = 0.0
    forward: int = 0
    lateral: int = 0
    attack: bool = False
    hurry: bool = False
    tics: int = 4


class _Axis:
    """Buttons for the two directions of one movement: a pair, a delta button, or a button for one direction only.

    Args:
        places: The place of each button that the scenario offers.
        positive: Button for the positive direction.
        negative: Button for the negative direction.
        delta: Button whose value is the movement, used for what the two others leave out.
        sign: Sign of the value of `delta` for the positive direction.
    """

    def __init__(self, places: Mapping[str, int], positive: str, negative: str, delta: str, *, sign: float) -> None:
        self._buttons = {1: places.get(positive), -1: places.get(negative)}
        self._sign = sign
        pair = None not in self._buttons.values()
        self.delta = None if pair else places.get(delta)
        self.sides = tuple(side for side, place in self._buttons.items() if place is not None or self.delta is not None)

    def press(self, buttons: list[float], side: int, amount: float) -> None:
        """Set the button for a direction, 1 or -1; a delta button to `amount`, which is positive."""
        place = self._buttons[side]
        if place is not None:
            buttons[place] = 1.0
        elif self.delta is not None:
            buttons[self.delta] = self._sign * side * amount


class Controls:
    """The buttons that a scenario offers, by what they do.

    Attributes:
        strafe_sides: Directions in which the player can move sideways: 1 left, -1 right.
    """

    def __init__(self, facts: ScenarioFacts) -> None:
        places = {name: place for place, name in enumerate(facts.buttons)}
        self._count = len(facts.buttons)
        self._frame_skip = facts.frame_skip
        self._turn = _Axis(places, "TURN_LEFT", "TURN_RIGHT", "TURN_LEFT_RIGHT_DELTA", sign=-1.0)
        self._lateral = _Axis(places, "MOVE_LEFT", "MOVE_RIGHT", "MOVE_LEFT_RIGHT_DELTA", sign=-1.0)
        self._along = _Axis(places, "MOVE_FORWARD", "MOVE_BACKWARD", "MOVE_FORWARD_BACKWARD_DELTA", sign=1.0)
        self._attack = places.get("ATTACK")
        self._speed = places.get("SPEED")
        self.strafe_sides = self._lateral.sides
        self.can_turn = bool(self._turn.sides)
        self.can_strafe = bool(self._lateral.sides)
        self.can_advance = 1 in self._along.sides
        self.can_retreat = -1 in self._along.sides
        self.can_attack = self._attack is not None

    @property
    def usable(self) -> bool:
        """Whether any button does something that an agent can want."""
        return self.can_turn or self.can_strafe or self.can_advance or self.can_retreat or self.can_attack

    def act(self, wish: Intent, turned: int) -> tuple[Action, int]:
        """Return the action that comes closest to a wish, and for how many tics the turn buttons are then held.

        Args:
            wish: What is wanted.
            turned: For how many tics the turn buttons have been held without a break.
        """
        buttons = [0.0] * self._count
        tics = min(max(wish.tics, 1), self._frame_skip)
        if self._turn.delta is not None and wish.turn:
            buttons[self._turn.delta] = -min(max(wish.turn, -_DELTA_LIMIT), _DELTA_LIMIT)
            tics = 1
        elif self._turn.delta is None and self._turn.sides:
            tics, turned = self._turn_by_button(buttons, wish.turn, tics, turned)
        pace = _RUN if wish.hurry else _WALK
        if wish.lateral:
            self._lateral.press(buttons, wish.lateral, pace)
        if wish.forward:
            self._along.press(buttons, wish.forward, pace)
        if self._attack is not None and wish.attack:
            buttons[self._attack] = 1.0
        if self._speed is not None and wish.hurry:
            buttons[self._speed] = 1.0
        return Action(buttons, tics), turned

    def _turn_by_button(self, buttons: list[float], turn: float, tics: int, turned: int) -> tuple[int, int]:
        """Press a turn button; the long way round where the player can turn in one direction only."""
        needed = _turn_tics(abs(turn), turned)
        if not needed:
            return tics, 0
        side = 1 if turn > 0.0 else -1
        if side not in self._turn.sides:
            side, needed = -side, _turn_tics(360.0 - abs(turn), turned)
        self._turn.press(buttons, side, 1.0)
        tics = min(tics, needed)
        return tics, turned + tics


def _turn_tics(angle: float, turned: int) -> int:
    """Return the tics that come closest to turning by `angle`, when the buttons were held for `turned` tics before."""
    slow = max(SLOW_TICS - turned, 0)
    if angle <= slow * SLOW_TURN:
        return int(angle / SLOW_TURN + 0.5)
    return slow + int((angle - slow * SLOW_TURN) / FAST_TURN + 0.5)


def scan_step(frame_skip: int) -> float:
    """Return the degrees by which to turn when looking around: as far as one decision reaches."""
    return frame_skip * FAST_TURN
