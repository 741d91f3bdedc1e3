"""What was read last, for browsers that ask often: reading a store costs time that the experiment's workers need.

However many ask, one read is under way at a time, and reads take at most a tenth of the time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

__all__ = ["ThrottledCache"]

_T = TypeVar("_T")

_PAUSE = 9.0
"""How much longer than a read the pause after it is."""
_LONGEST_PAUSE = 30.0


class ThrottledCache(Generic[_T]):
    """Keeps what `read` returned, until it may be read again."""

    def __init__(self, read: Callable[[], Awaitable[_T]]) -> None:
        """Keep nothing yet."""
        self._read = read
        self._lock = asyncio.Lock()
        self._kept: _T | None = None
        self._began = self._until = 0.0

    async def get(self, *, fresh: bool = False) -> _T:
        """Return what was read a moment ago, or is read now.

        Args:
            fresh: Return nothing that was read before this call, because something has changed just now.
        """
        asked = time.monotonic()
        async with self._lock:
            if self._kept is not None and asked < (self._began if fresh else self._until):
                return self._kept
            self._began = time.monotonic()
            self._kept = await self._read()
            now = time.monotonic()
            self._until = now + min((now - self._began) * _PAUSE, _LONGEST_PAUSE)
            return self._kept
