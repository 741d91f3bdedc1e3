"""Group commit: calls that wait at the same time share one transaction, in the order in which they came."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from clau_doom.errors import StorageFailed
from clau_doom.storage.writer import Call, Writer

__all__ = ["Commits"]

_Waiting = tuple[Call, "asyncio.Future[int]"]


class Commits:
    """Hands calls to the writer's thread, all that wait at once. Belongs to one event loop."""

    def __init__(self, writer: Writer, thread: Executor) -> None:
        """Commit through `writer`, which is used in `thread` alone."""
        self._writer = writer
        self._thread = thread
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.news = asyncio.Event()
        """Set, and replaced by a new one, when something was committed or the store is closing."""

    async def append(self, call: Call) -> int:
        """Commit a call and return its last sequence. When cancelled, the call may be kept or not."""
        if self._closed:
            raise StorageFailed("the store is closed")
        future: asyncio.Future[int] = self._loop.create_future()
        self._waiting.append((call, future))
        if not self._busy:
            self._busy = True
            self._idle.clear()
            # Not at once: whoever else is ready to run gets to join this transaction.
            self._loop.call_soon(self._start)
        return await future

    async def finish(self) -> None:
        """Take no more calls, and return when those that wait are settled."""
        self._closed = True
        try:
            await self._idle.wait()
        finally:
            for _, future in self._waiting:
                future.cancel()
            self._announce()

    def _start(self) -> None:
        batch = [(call, future) for call, future in self._waiting if not future.cancelled()]
        self._waiting.clear()
        if not batch:
            self._busy = False
            self._idle.set()
            return
        done = self._loop.run_in_executor(self._thread, self._writer.commit, [call for call, _ in batch])
        done.add_done_callback(lambda done: self._settle(batch, done))

    def _settle(self, batch: Sequence[_Waiting], done: "asyncio.Future[list[int | StorageFailed]]") -> None:
        error = done.exception()
        results = [error] * len(batch) if error else done.result()
        for (_, future), result in zip(batch, results, strict=True):
            if future.cancelled():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        self._announce()
        # After those that were just woken, so that their next calls share the next transaction.
        self._loop.call_soon(self._start)

    def _announce(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
