"""How a run is asked to stop: no new episodes at once, and an end to the running ones after a grace."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from clau_doom.errors import ShutdownRequested

__all__ = ["Shutdown"]


class Shutdown:
    """One run's request to stop. Made and used on one event loop."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._requested = asyncio.Event()
        self._expired = asyncio.Event()
        self._told: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        """Whether anybody has asked."""
        return self._requested.is_set()

    def request(self, reason: str, *, grace: float) -> None:
        """Ask the run to stop; the first reason is kept, and a shorter grace wins.

        Args:
            reason: Why, for people.
            grace: Seconds that running episodes may take to end; 0 abandons them.
        """
        self.reason = self.reason or reason
        self._requested.set()
        for tell in self._told:
            tell()
        if grace > 0:
            asyncio.get_running_loop().call_later(grace, self._expired.set)
        else:
            self._expired.set()

    async def bound(self, work: Coroutine[Any, Any, object]) -> bool:
        """Wait for some work, but no longer than the grace lasts; what it raises is raised here.

        Returns:
            Whether it came to its end; if not, it was cancelled.
        """
        working, expired = asyncio.ensure_future(work), asyncio.ensure_future(self._expired.wait())
        try:
            await asyncio.wait({working, expired}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
                return True
        finally:
            for future in (working, expired):
                future.cancel()
            await asyncio.gather(working, expired, return_exceptions=True)
        return False

    @contextlib.contextmanager
    def telling(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` at every request that comes in the meantime."""
        self._told.append(tell)
        try:
            yield
        finally:
            self._told.remove(tell)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds, or until a stop is requested."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._requested.wait()

    def check(self) -> None:
        """Do nothing unless the run is to stop.

        Raises:
            ShutdownRequested: It is.
        """
        if self.requested:
            raise ShutdownRequested(self.reason)
