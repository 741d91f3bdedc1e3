"""Cache that limits the time spent on reading a store, which the experiment's workers need.

For any number of requests, only one read runs at a time, and reads take at most a tenth of the time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

__all__ = ["ThrottledCache"]

_T = TypeVar("_T")

_PAUSE = 9.0
"""Length of the pause after a read, as a multiple of the read's duration."""
_LONGEST_PAUSE = 30.0


class ThrottledCache(Generic[_T]):
    """Caches the result of `read` until the end of the pause."""

    def __init__(self, read: Callable[[], Awaitable[_T]]) -> None:
        """Start with an empty cache."""
        self._read = read
        self._lock = asyncio.Lock()
        self._kept: _T | None = None
        self._began = self._until = 0.0

    async def get(self, *, fresh: bool = False) -> _T:
        """Return the cached result, or read again.

        Args:
            fresh: Whether to ignore results read before this call, because of a change.
        """
        requested = time.monotonic()
        async with self._lock:
            if self._kept is not None and requested < (self._began if fresh else self._until):
                return self._kept
            self._began = time.monotonic()
            self._kept = await self._read()
            now = time.monotonic()
            self._until = now + min((now - self._began) * _PAUSE, _LONGEST_PAUSE)
            return self._kept
