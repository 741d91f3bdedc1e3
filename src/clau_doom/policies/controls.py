"""From what an agent wants to do to the buttons of a scenario, whichever of them it has."""

from dataclasses import dataclass

from clau_doom.ports import Action, ScenarioFacts

__all__ = ["FAST_TURN", "SLOW_TICS", "SLOW_TURN", "Controls", "Wish", "scan_step"]

SLOW_TURN = 1.7578125
"""Degrees a tic that the turn buttons turn at first: DOOM's angleturn 320 of 65536."""
FAST_TURN = 3.515625
"""Degrees a tic once they have been held for longer than `SLOW_TICS`: angleturn 640."""
SLOW_TICS = 5

_DELTA_LIMIT = 45.0


@dataclass(slots=True)
class Wish:
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


class Controls:
    """The buttons that a scenario offers, by what they do."""

    def __init__(self, facts: ScenarioFacts) -> None:
        places = {name: place for place, name in enumerate(facts.buttons)}
        self._count = len(facts.buttons)
        self._frame_skip = facts.frame_skip
        self._turns = _pair(places, "TURN_LEFT", "TURN_RIGHT")
        self._turn_delta = None if self._turns else places.get("TURN_LEFT_RIGHT_DELTA")
        self._laterals = _pair(places, "MOVE_LEFT", "MOVE_RIGHT")
        self._forward = places.get("MOVE_FORWARD")
        self._backward = places.get("MOVE_BACKWARD")
        self._attack = places.get("ATTACK")
        self._speed = places.get("SPEED")
        self.can_turn = self._turns is not None or self._turn_delta is not None
        self.can_strafe = self._laterals is not None
        self.can_advance = self._forward is not None
        self.can_retreat = self._backward is not None
        self.can_attack = self._attack is not None

    def act(self, wish: Wish, turned: int) -> tuple[Action, int]:
        """Return the action that comes closest to a wish, and for how many tics the turn buttons are then held.

        Args:
            wish: What is wanted.
            turned: For how many tics the turn buttons have been held without a break.
        """
        buttons = [0.0] * self._count
        tics = min(max(wish.tics, 1), self._frame_skip)
        if self._turns is not None:
            needed = _turn_tics(abs(wish.turn), turned)
            if needed:
                buttons[self._turns[0] if wish.turn > 0.0 else self._turns[1]] = 1.0
                tics = min(tics, needed)
                turned += tics
            else:
                turned = 0
        elif self._turn_delta is not None and wish.turn:
            buttons[self._turn_delta] = -min(max(wish.turn, -_DELTA_LIMIT), _DELTA_LIMIT)
            tics = 1
        if self._laterals is not None and wish.lateral:
            buttons[self._laterals[0] if wish.lateral > 0 else self._laterals[1]] = 1.0
        if self._forward is not None and wish.forward > 0:
            buttons[self._forward] = 1.0
        if self._backward is not None and wish.forward < 0:
            buttons[self._backward] = 1.0
        if self._attack is not None and wish.attack:
            buttons[self._attack] = 1.0
        if self._speed is not None and wish.hurry:
            buttons[self._speed] = 1.0
        return Action(buttons, tics), turned


def _pair(places: dict[str, int], first: str, second: str) -> tuple[int, int] | None:
    if first in places and second in places:
        return places[first], places[second]
    return None


def _turn_tics(angle: float, turned: int) -> int:
    """Return the tics that come closest to turning by `angle`, when the buttons were held for `turned` tics before."""
    slow = max(SLOW_TICS - turned, 0)
    if angle <= slow * SLOW_TURN:
        return int(angle / SLOW_TURN + 0.5)
    return slow + int((angle - slow * SLOW_TURN) / FAST_TURN + 0.5)


def scan_step(frame_skip: int) -> float:
    """Return the degrees by which to turn when looking around: as far as one decision reaches."""
    return frame_skip * FAST_TURN
