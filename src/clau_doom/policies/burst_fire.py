"""Trigger control: bursts of fire and pauses."""

from clau_doom.policies.button_mapping import Intent
from clau_doom.policies.perception import PlayerView

__all__ = ["BurstFire"]

_LOADING = 5  # tics from the button press to the first round, during which aim must be kept
_CYCLE = 14  # tics between rounds while the button is held, for DOOM's pistol


class BurstFire:
    """Trigger control of one episode.

    The first round of a burst is accurate and later rounds scatter: short bursts are accurate, long ones fast. A pause
    follows each burst.
    """

    def __init__(self, burst: int, pause: float) -> None:
        self._hold = (burst - 1) * _CYCLE
        self._pause = pause
        self._pulled = -1
        self._rest = 0.0
        self.firing = False

    def pull(self, view: PlayerView, intent: Intent) -> None:
        """Set `intent.attack` to whether the attack button is held."""
        tic = view.tic
        aimed, intent.attack = intent.attack, False
        if self._pulled >= 0:
            held = tic - self._pulled
            intent.attack = held < self._hold and aimed
            self.firing = held < self._hold + _LOADING
            if not self.firing:
                self._pulled, self._rest = -1, tic + self._pause
        elif aimed and view.ready and tic >= self._rest:
            intent.attack = self.firing = True
            self._pulled = tic
