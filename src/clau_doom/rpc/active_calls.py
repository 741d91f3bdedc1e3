"""Count of the active calls of a server, and their end at shutdown."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc

from clau_doom.errors import ShutdownRequested
from clau_doom.rpc.errors import CallRefused

__all__ = ["ActiveCalls"]


class ActiveCalls:
    """Active calls of one server, over all its addresses. Create and use it on one event loop.

    gRPC's own limit and drain also count calls that have ended here but have unsent bytes, because the client does not
    read. This class counts only calls that still do work.
    """

    def __init__(self, *, draining: Callable[[], bool] = lambda: False, most: int = 1024) -> None:
        """Start without calls.

        Args:
            draining: Returns whether the server already refuses new work.
            most: Maximum number of concurrent calls.
        """
        self._draining = draining
        self._most = most
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = asyncio.Event()
        self._waits: set[asyncio.Timeout] = set()

    @property
    def draining(self) -> bool:
        """Whether new work is refused."""
        return self._stopping.is_set() or self._draining()

    @property
    def stopping(self) -> bool:
        """Whether new calls are refused."""
        return self._stopping.is_set()

    def enter(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        """Count a call until its status is sent or given up."""
        self._calls += 1
        self._idle.clear()
        context.add_done_callback(self._leave)  # type: ignore[arg-type] # the stubs want their own class

    def admit(self, *, works: bool) -> None:
        """Check that a counted call may be carried out.

        Raises:
            ShutdownRequested: The call is new work during a drain, or the server stops.
            CallRefused: The server has too many concurrent calls.
        """
        if self.stopping or (works and self.draining):
            raise ShutdownRequested("the server is shutting down: try again after its restart")
        if self._calls > self._most:
            message = f"the server handles {self._most} calls already: try again later"
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, message)

    def stop(self) -> None:
        """Refuse new calls, and end those that wait for their client."""
        self._stopping.set()
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    async def idle(self, grace: float) -> bool:
        """Wait until no call is active, at most for the grace time; return False on timeout."""
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def stopped(self, seconds: float) -> bool:
        """Wait until new calls are refused, at most for some seconds; return False on timeout."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def until_stopping(self) -> AsyncIterator[None]:
        """Cancel a wait of unlimited duration when the server stops.

        Raises:
            ShutdownRequested: The server stops.
        """
        try:
            async with asyncio.timeout(0 if self.stopping else None) as wait:
                self._waits.add(wait)
                try:
                    yield
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            raise ShutdownRequested("the server is shutting down: connect again after its restart") from None

    def _leave(self, _context: object) -> None:
        self._calls -= 1
        if not self._calls:
            self._idle.set()
