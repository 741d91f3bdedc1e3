"""Pursuit of items, and abandonment of unreachable ones."""

import math

from clau_doom.policies.perception import Target

__all__ = ["ItemPursuit"]

_STEP = 4.0  # map units of progress
_PATIENCE = 35  # tics


class ItemPursuit:
    """Item pursuit of one episode. An item without progress for a while, such as behind a wall, is abandoned.

    Attributes:
        given_up: Engine ids of abandoned items.
    """

    def __init__(self) -> None:
        self.given_up: set[int] = set()
        self._item = -1
        self._nearest = math.inf
        self._since = 0

    def go(self, item: Target, tic: int) -> None:
        """Update the progress towards an item."""
        if item.id != self._item or item.distance < self._nearest - _STEP:
            self._item, self._nearest, self._since = item.id, item.distance, tic
        elif tic - self._since > _PATIENCE:
            self.given_up.add(item.id)
