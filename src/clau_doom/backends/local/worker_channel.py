"""Message channel to one worker over its socket. Answers arrive in the order of the requests."""

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

# Seconds between two reads while more than `_FEW` answers are expected. Each wake-up of this process empties the
# caches of a core on which a worker plays. Unread answers stay in the socket, even if the worker ends.
_READ_INTERVAL = 0.03
_FEW = 2


class Disconnected(WorkerCrashed):
    """The worker has closed its end of the socket."""


class Requeued(WorkerCrashed):
    """The worker ended because of another episode. This episode is requeued, and its attempt is not counted."""


class WorkerChannel(asyncio.Protocol):
    """This process's end of one worker's socket.

    Attributes:
        on_answer: Called after every answer.
    """

    def __init__(self) -> None:
        self.on_answer: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self._data = bytearray()
        self._pending: deque[asyncio.Future[pb.FromWorker]] = deque()
        self._closed = False
        self._resume_timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, connected: socket.socket) -> "WorkerChannel":
        """Return a channel over a connected socket. The channel owns the socket from now on."""
        _, channel = await asyncio.get_running_loop().create_unix_connection(cls, sock=connected)
        return channel

    @property
    def outstanding(self) -> int:
        """Number of expected answers."""
        return len(self._pending)

    def send(self, message: Message) -> None:
        """Send a message. If the worker has ended, the message is lost, and the answer's future has the error."""
        if self._transport and not self._closed:
            self._transport.write(frame(message))

    def expect(self) -> "asyncio.Future[pb.FromWorker]":
        """Return the future of the next answer.

        When the worker ends, the first open future fails with `Disconnected` (or `MalformedMessage`), because the
        worker was busy with that request. Later futures fail with `Requeued`.
        """
        future: asyncio.Future[pb.FromWorker] = self._loop.create_future()
        self._pending.append(future)
        if self._closed:
            self._end(None)
        return future

    def close(self) -> None:
        """Close the socket. Open requests fail with `Requeued`."""
        if self._transport:
            self._transport.abort()
        self._end(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start reading; called by asyncio."""
        # No isinstance check: uvloop, which Ray uses if it is installed, has its own transport class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End all open requests; called by asyncio."""
        self._end(Disconnected(str(exc or "closed there")))

    def data_received(self, data: bytes) -> None:
        """Process received bytes; called by asyncio."""
        self._data += data
        try:
            while (message := self._next()) is not None:
                self._answer(message)
        except MalformedMessage as error:
            self._end(error)
            self.close()
            return
        if len(self._pending) > _FEW and self._transport:
            self._transport.pause_reading()
            self._resume_timer = self._loop.call_later(_READ_INTERVAL, self._resume)

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
        if not self._pending:
            raise MalformedMessage(f"unrequested message: {message.WhichOneof('message')}")
        future = self._pending.popleft()
        if not future.done():
            future.set_result(message)
        self.on_answer()

    def _resume(self) -> None:
        if self._transport and not self._closed:
            self._transport.resume_reading()

    def _end(self, error: WorkerCrashed | None) -> None:
        """Fail the open requests: the first one with the error, if any, and the others with `Requeued`."""
        self._closed = True
        if self._resume_timer:
            self._resume_timer.cancel()
        pending, self._pending = self._pending, deque()
        for future in pending:
            if not future.done():
                future.set_exception(error or Requeued("the worker ended with another episode"))
                future.exception()  # mark the exception as retrieved
            error = None
