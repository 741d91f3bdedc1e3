"""Group commit: waiting calls share one transaction, in the order of their arrival."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from clau_doom.errors import StorageFailed
from clau_doom.storage.event_writer import AppendCall, EventWriter

__all__ = ["GroupCommit"]

_Waiting = tuple[AppendCall, "asyncio.Future[int]"]


class GroupCommit:
    """Passes all waiting calls to the writer's thread at once. Belongs to one event loop."""

    def __init__(self, writer: EventWriter, thread: Executor) -> None:
        """Commit through `writer`, which is used only in `thread`."""
        self._writer = writer
        self._thread = thread
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.news = asyncio.Event()
        """Event that is set and replaced after a commit or when the store closes."""

    async def append(self, call: AppendCall) -> int:
        """Commit a call and return its last sequence. A cancelled call may or may not be stored."""
        if self._closed:
            raise StorageFailed("the store is closed")
        future: asyncio.Future[int] = self._loop.create_future()
        self._waiting.append((call, future))
        if not self._busy:
            self._busy = True
            self._idle.clear()
            # Yield first, so that other ready tasks can join this transaction.
            self._loop.call_soon(self._start)
        return await future

    async def finish(self) -> None:
        """Refuse new calls, and wait until all waiting calls are finished."""
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
        # Run after the tasks that were woken, so that their next calls share the next transaction.
        self._loop.call_soon(self._start)

    def _announce(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
