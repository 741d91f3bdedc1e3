"""The calls that a server is busy with: how many, and how they are told that it stops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc

from clau_doom.errors import ShutdownRequested
from clau_doom.rpc.errors import CallRefused

__all__ = ["ActiveCalls"]


class ActiveCalls:
    """The calls of one server, over all addresses that it listens on. Made and used on one event loop.

    gRPC's own limit and its own drain count calls that ended here long ago, while their last bytes wait for a client
    that does not read; this one counts what still does something.
    """

    def __init__(self, *, draining: Callable[[], bool] = lambda: False, most: int = 1024) -> None:
        """Begin with none.

        Args:
            draining: Says whether new work is refused already.
            most: How many calls are carried out at once.
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
        """Whether no new work is taken."""
        return self._stopping.is_set() or self._draining()

    @property
    def stopping(self) -> bool:
        """Whether no new calls are taken."""
        return self._stopping.is_set()

    def enter(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        """Count a call until its status is sent or given up."""
        self._calls += 1
        self._idle.clear()
        context.add_done_callback(self._leave)  # type: ignore[arg-type] # the stubs want a class of their own

    def admit(self, *, works: bool) -> None:
        """Say whether a call that was counted may be carried out.

        Raises:
            ShutdownRequested: It is new work, or the server stops.
            CallRefused: There are too many.
        """
        if self.stopping or (works and self.draining):
            raise ShutdownRequested("the server is shutting down: send this again when it is back")
        if self._calls > self._most:
            message = f"the server carries out {self._most} calls already: send this again later"
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, message)

    def stop(self) -> None:
        """Take no more calls, and have those that wait for their client go."""
        self._stopping.set()
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    async def idle(self, grace: float) -> bool:
        """Wait until no call is carried out, but no longer than a grace; return whether it came to that."""
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def stopped(self, seconds: float) -> bool:
        """Wait until calls are no longer taken, but not for long; return whether it came to that."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def until_stopping(self) -> AsyncIterator[None]:
        """Bound something that may take for ever.

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
            raise ShutdownRequested("the server is shutting down: come back when it is there again") from None

    def _leave(self, _context: object) -> None:
        self._calls -= 1
        if not self._calls:
            self._idle.set()
