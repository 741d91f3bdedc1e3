"""Mapping from intended movements to the available buttons of a scenario."""

from collections.abc import Mapping
from dataclasses import dataclass

from clau_doom.ports import Action, ScenarioFacts

__all__ = ["FAST_TURN", "SLOW_TICS", "SLOW_TURN", "ButtonMapping", "Intent", "scan_step"]

SLOW_TURN = 1.7578125
"""Degrees per tic of the turn buttons at first: DOOM's angleturn 320 of 65536."""
FAST_TURN = 3.515625
"""Degrees per tic after `SLOW_TICS`: angleturn 640."""
SLOW_TICS = 5

_DELTA_LIMIT = 45.0
_WALK, _RUN = 25.0, 50.0
"""Values of delta buttons that move the player like the buttons without and with SPEED."""


@dataclass(slots=True)
class Intent:
    """Intended movement and attack.

    Attributes:
        turn: Degrees to turn, positive to the left.
        forward: 1 forwards, -1 backwards, 0 neither.
        lateral: 1 to the left, -1 to the right, 0 neither.
        attack: Whether to fire.
        hurry: Whether to run instead of walk.
        tics: Maximum tics until the next decision.
    """

    turn: float = 0.0
    forward: int = 0
    lateral: int = 0
    attack: bool = False
    hurry: bool = False
    tics: int = 4


class _Axis:
    """Buttons for the two directions of one movement: a pair, a delta button, or one button.

    Args:
        places: Index of each available button.
        positive: Button for the positive direction.
        negative: Button for the negative direction.
        delta: Button with the movement as value, used for directions without a button.
        sign: Sign of the value of `delta` for the positive direction.
    """

    def __init__(self, places: Mapping[str, int], positive: str, negative: str, delta: str, *, sign: float) -> None:
        self._buttons = {1: places.get(positive), -1: places.get(negative)}
        self._sign = sign
        pair = None not in self._buttons.values()
        self.delta = None if pair else places.get(delta)
        self.sides = tuple(side for side, place in self._buttons.items() if place is not None or self.delta is not None)

    def press(self, buttons: list[float], side: int, amount: float) -> None:
        """Press the button of a direction, 1 or -1; a delta button is set to `amount`, which is positive."""
        place = self._buttons[side]
        if place is not None:
            buttons[place] = 1.0
        elif self.delta is not None:
            buttons[self.delta] = self._sign * side * amount


class ButtonMapping:
    """Available buttons of a scenario by function.

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
        """Whether an intent can use any button."""
        return self.can_turn or self.can_strafe or self.can_advance or self.can_retreat or self.can_attack

    def act(self, intent: Intent, turned: int) -> tuple[Action, int]:
        """Return the closest action to an intent, and the tics for which turn buttons are then held.

        Args:
            intent: Intended movement.
            turned: Tics for which the turn buttons have been held without a break.
        """
        buttons = [0.0] * self._count
        tics = min(max(intent.tics, 1), self._frame_skip)
        if self._turn.delta is not None and intent.turn:
            buttons[self._turn.delta] = -min(max(intent.turn, -_DELTA_LIMIT), _DELTA_LIMIT)
            tics = 1
        elif self._turn.delta is None and self._turn.sides:
            tics, turned = self._turn_by_button(buttons, intent.turn, tics, turned)
        pace = _RUN if intent.hurry else _WALK
        if intent.lateral:
            self._lateral.press(buttons, intent.lateral, pace)
        if intent.forward:
            self._along.press(buttons, intent.forward, pace)
        if self._attack is not None and intent.attack:
            buttons[self._attack] = 1.0
        if self._speed is not None and intent.hurry:
            buttons[self._speed] = 1.0
        return Action(buttons, tics), turned

    def _turn_by_button(self, buttons: list[float], turn: float, tics: int, turned: int) -> tuple[int, int]:
        """Press a turn button; with one direction only, turn the long way round."""
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
    """Return the tics that turn closest to `angle`, after the buttons were held for `turned` tics."""
    slow = max(SLOW_TICS - turned, 0)
    if angle <= slow * SLOW_TURN:
        return int(angle / SLOW_TURN + 0.5)
    return slow + int((angle - slow * SLOW_TURN) / FAST_TURN + 0.5)


def scan_step(frame_skip: int) -> float:
    """Return the degrees of one scanning turn: the maximum of one decision."""
    return frame_skip * FAST_TURN
