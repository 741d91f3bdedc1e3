"""Request to stop a run: new episodes stop at once, running episodes after a grace."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from clau_doom.errors import ShutdownRequested

__all__ = ["Shutdown"]


class Shutdown:
    """Request to stop one run. Create it and use it on one event loop."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._requested = asyncio.Event()
        self._expired = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        """Whether a stop was requested."""
        return self._requested.is_set()

    def request(self, reason: str, *, grace: float) -> None:
        """Request a stop. The first reason is kept, and the shortest grace is used.

        Args:
            reason: Reason for display.
            grace: Seconds until running episodes are abandoned; 0 abandons them at once.
        """
        self.reason = self.reason or reason
        self._requested.set()
        for callback in self._callbacks:
            callback()
        if grace > 0:
            asyncio.get_running_loop().call_later(grace, self._expired.set)
        else:
            self._expired.set()

    async def run_within_grace(self, work: Coroutine[Any, Any, object]) -> bool:
        """Run a coroutine until its end or the end of the grace, and raise its errors.

        Returns:
            True if the coroutine finished, False if it was cancelled.
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
    def on_request(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` at every request to stop during the block."""
        self._callbacks.append(callback)
        try:
            yield
        finally:
            self._callbacks.remove(callback)

    async def sleep(self, seconds: float) -> None:
        """Wait for a number of seconds, or until a stop is requested."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._requested.wait()

    def check(self) -> None:
        """Raise if a stop was requested.

        Raises:
            ShutdownRequested: A stop was requested.
        """
        if self.requested:
            raise ShutdownRequested(self.reason)
