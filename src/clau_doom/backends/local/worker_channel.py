"""Messages to and from one worker over its socket, answered in the order in which they were asked for."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import cast

from google.protobuf.message import Message

from clau_doom.errors import WorkerCrashed
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import PREFIX, MalformedMessage, frame, frame_size, parse

__all__ = ["Disconnected", "Requeued", "WorkerChannel"]

# Seconds for which answers lie unread while more than `_FEW` are still to come. Every wake-up of this process empties
# the caches of a core on which a worker plays; what waits in the socket is safe, whatever becomes of the worker.
_REST = 0.03
_FEW = 2


class Disconnected(WorkerCrashed):
    """The worker has closed its end of the socket."""


class Requeued(WorkerCrashed):
    """A worker ended because of another of its episodes; this one is played on the next, and it is no attempt."""


class WorkerChannel(asyncio.Protocol):
    """One worker's socket, on this process's side.

    Attributes:
        on_answer: Called after every answer.
    """

    def __init__(self) -> None:
        self.on_answer: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self._data = bytearray()
        self._waiting: deque[asyncio.Future[pb.FromWorker]] = deque()
        self._closed = False
        self._resting: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def over(cls, connected: socket.socket) -> "WorkerChannel":
        """Return a link over a connected socket, which it owns from now on."""
        _, link = await asyncio.get_running_loop().create_unix_connection(cls, sock=connected)
        return link

    @property
    def outstanding(self) -> int:
        """How many answers are still to come."""
        return len(self._waiting)

    def send(self, message: Message) -> None:
        """Send a message; one to a worker that has ended is lost, as the answer's future says."""
        if self._transport and not self._closed:
            self._transport.write(frame(message))

    def expect(self) -> "asyncio.Future[pb.FromWorker]":
        """Return the future of the next answer.

        When the worker ends, the first that lacks its answer ends with `Disconnected` (or `MalformedMessage`), because
        it is what the worker was busy with; those behind it end with `Requeued`.
        """
        future: asyncio.Future[pb.FromWorker] = self._loop.create_future()
        self._waiting.append(future)
        if self._closed:
            self._end(None)
        return future

    def close(self) -> None:
        """Close the socket; what is still expected is displaced."""
        if self._transport:
            self._transport.abort()
        self._end(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; asyncio calls it."""
        # By its methods alone: uvloop, which Ray takes where it is installed, has a class of its own.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; asyncio calls it."""
        self._end(Disconnected(str(exc or "closed there")))

    def data_received(self, data: bytes) -> None:
        """Take in what has come; asyncio calls it."""
        self._data += data
        try:
            while (message := self._next()) is not None:
                self._answer(message)
        except MalformedMessage as error:
            self._end(error)
            self.close()
            return
        if len(self._waiting) > _FEW and self._transport:
            self._transport.pause_reading()
            self._resting = self._loop.call_later(_REST, self._resume)

    def _next(self) -> pb.FromWorker | None:
        if len(self._data) < PREFIX:
            return None
        end = PREFIX + frame_size(bytes(self._data[:PREFIX]))
        if len(self._data) < end:
            return None
        body = bytes(self._data[PREFIX:end])
        del self._data[:end]
        return parse(pb.FromWorker, body)

    def _answer(self, message: pb.FromWorker) -> None:
        if not self._waiting:
            raise MalformedMessage(f"a {message.WhichOneof('message')} that nobody asked for")
        future = self._waiting.popleft()
        if not future.done():
            future.set_result(message)
        self.on_answer()

    def _resume(self) -> None:
        if self._transport and not self._closed:
            self._transport.resume_reading()

    def _end(self, error: WorkerCrashed | None) -> None:
        """End what is expected: the first with the error, if there is one, and the others as displaced by it."""
        self._closed = True
        if self._resting:
            self._resting.cancel()
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            if not future.done():
                future.set_exception(error or Requeued("the worker ended with another episode"))
                future.exception()  # whoever gave up waiting is not told
            error = None
