"""When to pull the trigger and when to let it go."""

from clau_doom.policies.button_mapping import Intent
from clau_doom.policies.perception import View

__all__ = ["Trigger"]

_LOADING = 5  # tics from the pull to the first round: aim must be kept until then
_CYCLE = 14  # tics between rounds while the trigger is held; those of DOOM's pistol


class Trigger:
    """One episode's trigger finger.

    The first round of a pull flies straight and those after it scatter, so that short bursts are accurate and long
    ones fast. After a burst the trigger rests for a pause.
    """

    def __init__(self, burst: int, pause: float) -> None:
        self._hold = (burst - 1) * _CYCLE
        self._pause = pause
        self._pulled = -1
        self._rest = 0.0
        self.firing = False

    def pull(self, view: View, wish: Intent) -> None:
        """Turn the wish to attack into a trigger that is held or let go."""
        tic = view.tic
        aimed, wish.attack = wish.attack, False
        if self._pulled >= 0:
            held = tic - self._pulled
            wish.attack = held < self._hold and aimed
            self.firing = held < self._hold + _LOADING
            if not self.firing:
                self._pulled, self._rest = -1, tic + self._pause
        elif aimed and view.ready and tic >= self._rest:
            wish.attack = self.firing = True
            self._pulled = tic
