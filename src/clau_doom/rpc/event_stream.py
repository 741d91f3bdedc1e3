"""Streams of events to any number of clients, without a queue for each client.

While an experiment has streaming clients, one follower reads its log. The follower keeps the last events, already
serialised, as the tail. Each client has a cursor, which advances at the speed of its connection. A client whose cursor
is before the tail reads pages of the log, which are shared by all clients. Each event is therefore mapped and
serialised once. A slow client does not delay other clients, and costs only its cursor.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from clau_doom.domain.events import RecordedEvent
from clau_doom.errors import InvalidMessage, ShutdownRequested, UsageError
from clau_doom.orchestration.log_reader_supervision import ReaderHealth
from clau_doom.ports import Orchestrator
from clau_doom.wire import event_message, is_large

__all__ = ["EventStream"]

_PAGE = 256
"""Number of events in a page of the log."""

_TAIL = 4 * 1024 * 1024
_PAGES = 8 * 1024 * 1024

_Key = tuple[str, int, int]


class _Tail:
    """Last events of one experiment, with a notification of new ones."""

    def __init__(self, uuid: str, last: int, most: int) -> None:
        self.uuid = uuid
        self.first = last + 1
        self.last = last
        self.readers = 0
        self.over = False
        self.error: Exception | None = None
        self.reading = asyncio.Lock()
        self.follower: asyncio.Task[None] | None = None
        self._events: dict[int, bytes] = {}
        self._size = 0
        self._most = most
        self._news = asyncio.Event()

    def __getitem__(self, sequence: int) -> bytes:
        return self._events[sequence]

    def add(self, sequence: int, event: bytes) -> None:
        self._events[sequence] = event
        self.last = sequence
        self._size += len(event)
        while self._size > self._most and self.first < self.last:
            self._size -= len(self._events.pop(self.first))
            self.first += 1
        self.announce()

    def end(self, error: Exception | None = None) -> None:
        self.over, self.error = True, error
        self.announce()

    def announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        await self._news.wait()


class _Pages:
    """Cache of serialised pages of logs, which keeps the most recently read ones."""

    def __init__(self, most: int) -> None:
        self._pages: OrderedDict[_Key, tuple[bytes, ...]] = OrderedDict()
        self._size = 0
        self._most = most

    def get(self, key: _Key) -> tuple[bytes, ...] | None:
        if key in self._pages:
            self._pages.move_to_end(key)
        return self._pages.get(key)

    def add(self, key: _Key, page: tuple[bytes, ...]) -> None:
        self._pages[key] = page
        self._size += sum(map(len, page))
        while self._size > self._most and len(self._pages) > 1:
            _, gone = self._pages.popitem(last=False)
            self._size -= sum(map(len, gone))


class EventStream:
    """Streams event logs. Its followers run between enter and exit."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        *,
        tail: int = _TAIL,
        pages: int = _PAGES,
        readers: ReaderHealth | None = None,
        streaming: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Prepare the stream.

        Args:
            orchestrator: The orchestrator that has the logs.
            tail: Maximum size of an experiment's last events in bytes.
            pages: Maximum size of cached pages in bytes, over all experiments.
            readers: Counts failures.
            streaming: Context that is active while a client receives events.
        """
        self._orchestrator = orchestrator
        self._readers = readers or ReaderHealth()
        self._streaming = streaming
        self._most = tail
        self._pages = _Pages(pages)
        self._tails: dict[str, _Tail] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._group = asyncio.TaskGroup()
        self._stack = AsyncExitStack()
        self._stopping = False

    async def __aenter__(self) -> Self:
        """Start; logs are read from the first request on."""
        await self._stack.enter_async_context(self._group)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all followers."""
        for tail in self._tails.values():
            if tail.follower:
                tail.follower.cancel()
        await self._stack.aclose()

    def stop(self) -> None:
        """End every stream after the available events; of a run that has ended, its last event is included."""
        self._stopping = True
        for tail in self._tails.values():
            tail.announce()

    async def stream(self, experiment: str, after: int, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Send an experiment's events after a sequence, stored and new ones, until its run has ended.

        Raises:
            ExperimentNotFound: No experiment has that id.
            InvalidMessage: The log is shorter than `after`.
            ShutdownRequested: The server stops, and the run has not ended.
        """
        async with self._shared_tail(experiment) as tail:
            with self._streaming():
                await self._send(experiment, after, write, tail)

    async def _send(self, experiment: str, after: int, write: Callable[[bytes], Awaitable[None]], tail: _Tail) -> None:
        await self._check_cursor(experiment, after, tail)
        while True:
            if after < tail.first - 1:
                for event in await self._page(experiment, after, tail):
                    await write(event)
                    after += 1
            elif after < tail.last:
                after += 1
                await write(tail[after])
            elif tail.over:
                if tail.error:
                    raise tail.error
                return
            elif self._stopping and experiment in self._orchestrator.live:
                raise ShutdownRequested(f"the server is shutting down: connect again and continue after event {after}")
            else:
                await tail.news()

    async def _check_cursor(self, experiment: str, after: int, tail: _Tail) -> None:
        if after > tail.last:
            last = (await self._orchestrator.experiment(experiment)).snapshot.last_sequence
            if after > last:
                raise InvalidMessage(f"after_sequence is {after}: the log of {experiment} ends with event {last}")

    @asynccontextmanager
    async def _shared_tail(self, experiment: str) -> AsyncIterator[_Tail]:
        lock = self._locks.setdefault(experiment, asyncio.Lock())
        async with lock:
            tail = self._tails.get(experiment)
            if tail is None or tail.over:
                tail = self._tails[experiment] = await self._new_tail(experiment, tail)
            tail.readers += 1
        try:
            yield tail
        finally:
            tail.readers -= 1
            if not tail.readers:
                if tail.follower:
                    tail.follower.cancel()
                if self._tails.get(experiment) is tail:
                    del self._tails[experiment]

    async def _new_tail(self, experiment: str, before: _Tail | None) -> _Tail:
        """Return a new tail with its follower; an ended log is followed too, because a run can be resumed."""
        if before is None:
            snapshot = (await self._orchestrator.experiment(experiment)).snapshot
            tail = _Tail(snapshot.experiment.uuid, snapshot.last_sequence, self._most)
        else:
            tail = _Tail(before.uuid, before.last, self._most)
        tail.follower = self._group.create_task(self._follow(experiment, tail))
        return tail

    async def _follow(self, experiment: str, tail: _Tail) -> None:
        """Read the log to its end; after a second failure at the same position, pass the error to the clients."""
        failed = -1
        try:
            while not tail.over:
                try:
                    await self._read_log(experiment, tail)
                except UsageError as error:
                    tail.end(error)
                except Exception as error:
                    self._readers.failed("gRPC streams", experiment, error)
                    if failed == tail.last:
                        tail.end(error)
                    failed = tail.last
                else:
                    tail.end()
        finally:
            if not tail.over:
                tail.end()

    async def _read_log(self, experiment: str, tail: _Tail) -> None:
        async with _closing(self._orchestrator.events(experiment, tail.last)) as log:
            async for recorded in log:
                tail.add(recorded.sequence, await _bytes_of(experiment, recorded))

    async def _page(self, experiment: str, after: int, tail: _Tail) -> tuple[bytes, ...]:
        """Return the events after a sequence, up to the end of the page or the start of the tail."""
        begin = after - after % _PAGE
        end = min(begin + _PAGE, tail.first - 1)
        key = (tail.uuid, begin, end)
        async with tail.reading:  # a concurrent request may have read the page already
            page = self._pages.get(key)
            if page is None:
                try:
                    page = await self._read(experiment, begin, end)
                except UsageError:
                    raise
                except Exception as error:  # one retry, as for the tail
                    self._readers.failed("gRPC streams", experiment, error)
                    page = await self._read(experiment, begin, end)
                self._pages.add(key, page)
        return page[after - begin :]

    async def _read(self, experiment: str, begin: int, end: int) -> tuple[bytes, ...]:
        page: list[bytes] = []
        async with _closing(self._orchestrator.events(experiment, begin)) as log:
            async for recorded in log:
                page.append(await _bytes_of(experiment, recorded))
                if recorded.sequence >= end:
                    break
        return tuple(page)


async def _bytes_of(experiment: str, recorded: RecordedEvent) -> bytes:
    if is_large(recorded.event):  # a large event may take seconds, which would block every other request
        return await asyncio.to_thread(_serialised, experiment, recorded)
    return _serialised(experiment, recorded)


def _serialised(experiment: str, recorded: RecordedEvent) -> bytes:
    return event_message(experiment, recorded).SerializeToString()


@asynccontextmanager
async def _closing(log: AsyncIterator[RecordedEvent]) -> AsyncIterator[AsyncIterator[RecordedEvent]]:
    """Close a log that can be closed, so that no follower waits for its next event."""
    try:
        yield log
    finally:
        if isinstance(log, AsyncGenerator):
            await log.aclose()
