"""The way to an item, and when to give it up."""

import math

from clau_doom.policies.perception import Target

__all__ = ["ItemPursuit"]

_STEP = 4.0  # map units by which one must come nearer
_PATIENCE = 35  # tics


class ItemPursuit:
    """One episode's errands: an item that has come no nearer for a while, as behind a wall, is given up.

    Attributes:
        given_up: The engine's ids of such items.
    """

    def __init__(self) -> None:
        self.given_up: set[int] = set()
        self._item = -1
        self._nearest = math.inf
        self._since = 0

    def go(self, item: Target, tic: int) -> None:
        """Note how far the way to an item still is."""
        if item.id != self._item or item.distance < self._nearest - _STEP:
            self._item, self._nearest, self._since = item.id, item.distance, tic
        elif tic - self._since > _PATIENCE:
            self.given_up.add(item.id)
