"""Client for one gRPC call over one HTTP/2 connection (RFC 9113), on a blocking socket and in the calling thread.

The client supports the features that a stream of small messages between two programs needs. It has no multiplexing, TLS
or compression. It applies flow control in both directions, answers pings and settings, and reads the status.
"""

import contextlib
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from urllib.parse import unquote

from clau_doom.policies.remote import hpack

__all__ = ["Call", "CallEnded", "connect"]

UNAVAILABLE = 14
"""gRPC's status for an unreachable peer."""
MAX_MESSAGE = 4 * 1024 * 1024
"""Longest accepted message, in bytes: gRPC's own default."""

_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW, _CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
_END_STREAM = _ACK = 0x1
_END_HEADERS, _PADDED, _PRIORITY = 0x4, 0x8, 0x20
_HEADER = 9
_LARGEST_FRAME = 16_384  # default of every peer, and the limit for received frames
_FIRST_WINDOW = 65_535
_OPEN_WINDOW = 1 << 30
_STREAM = 1
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_TABLE_SIZE, _INITIAL_WINDOW, _MAX_FRAME = 1, 4, 5
_pack_frame = struct.Struct(">HBBBI").pack
_pack_message = struct.Struct(">BI").pack


class CallEnded(Exception):
    """The call has ended.

    Attributes:
        status: gRPC's status number.
        text: The status message.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def connect(address: str, timeout: float) -> socket.socket:
    """Return a socket to ``unix:PATH``, ``host:port`` or ``[IPv6]:port``.

    Raises:
        OSError: No program accepts the connection.
    """
    if address.startswith("unix:"):
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(timeout)
            made.connect(address.removeprefix("unix:"))
        except BaseException:
            made.close()
            raise
        return made
    host, _, port = address.rpartition(":")
    made = socket.create_connection((host.strip("[]"), int(port)), timeout)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _timeval(seconds: float) -> bytes:
    """Return a time limit in the kernel's format. The kernel would take 0 as no limit."""
    whole, part = divmod(max(seconds, 0.001), 1.0)
    return struct.pack("ll", int(whole), int(part * 1e6))


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    size = len(payload)
    return _pack_frame(size >> 8, size & 0xFF, kind, flags, stream) + payload


class Call:
    """A call of one method, for as long as the connection lasts. Not thread-safe."""

    def __init__(self, connected: socket.socket, path: str, timeout: float) -> None:
        """Begin the call.

        Args:
            connected: The connection. The call owns it from now on.
            path: The method, such as ``/package.Service/Method``.
            timeout: Seconds for which a write or a read may wait.
        """
        self._socket = connected
        self._timeout = timeout
        self._buffer = b""
        self._block: bytes | None = None
        self._block_ends = False
        self._partial = b""
        self._messages: deque[bytes] = deque()
        self._ended: CallEnded | None = None
        self._leaving = False
        self._unsent = memoryview(b"")
        self._window = self._stream_window = self._initial_window = _FIRST_WINDOW
        self._max_frame = _LARGEST_FRAME
        self._taken = 0
        # Use the kernel's time limit. Python's own needs an additional system call for each read and write.
        connected.settimeout(None)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(timeout))
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(timeout))
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "localhost",
            "te": "trailers",
            "content-type": "application/grpc",
            "user-agent": "clau-doom",
        }
        settings = struct.pack(">HIHI", _TABLE_SIZE, 0, _INITIAL_WINDOW, _OPEN_WINDOW)
        self._write(
            _PREFACE
            + _frame(_SETTINGS, 0, 0, settings)
            + _frame(_WINDOW, 0, 0, (_OPEN_WINDOW - _FIRST_WINDOW).to_bytes(4, "big"))
            + _frame(_HEADERS, _END_HEADERS, _STREAM, hpack.encode(headers))
        )

    @property
    def usable(self) -> bool:
        """Whether the call is open, without unread messages and unsent data. Reads available data without waiting."""
        with contextlib.suppress(TimeoutError):
            while self._ended is None:
                self._read(socket.MSG_DONTWAIT)
        return self._ended is None and not self._leaving and not self._messages and not self._unsent

    @property
    def surplus(self) -> bool:
        """Whether an unread message has arrived."""
        return bool(self._messages)

    def drain(self, end: float) -> None:
        """Wait until all sent data has left the buffer.

        Args:
            end: Time limit, in monotonic seconds.

        Raises:
            TimeoutError: The peer did not accept the data in time.
        """
        self._wait(end, lambda: not self._unsent)

    def send(self, message: bytes) -> None:
        """Send a message. Data beyond the peer's flow-control window is sent later, during receive calls."""
        self._unsent = memoryview(b"".join((self._unsent, _pack_message(0, len(message)), message)))
        self._flush()

    def receive(self, end: float | None = None) -> bytes:
        """Return the next message.

        Args:
            end: Time limit, in monotonic seconds; None: after the timeout.

        Raises:
            TimeoutError: No message arrived in time.
            CallEnded: The call ended without another message.
        """
        if end is None:
            end = time.monotonic() + self._timeout
            if not self._messages and self._ended is None:
                self._read()  # usually a single read; the socket has the timeout already
        if not self._messages and self._ended is None:
            self._wait(end, lambda: bool(self._messages))
        if self._messages:
            return self._messages.popleft()
        assert self._ended is not None
        raise self._ended

    def close(self) -> None:
        """Cancel the call. The peer receives the cancellation."""
        self._socket.close()

    def _wait(self, end: float, ready: Callable[[], bool]) -> None:
        """Read until a condition is true or the call has ended."""
        try:
            while self._ended is None and not ready():
                left = end - time.monotonic()
                if left <= 0.0:
                    raise TimeoutError
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(left))
                self._read()
        finally:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(self._timeout))

    def _end(self, status: int, text: str) -> None:
        self._ended = self._ended or CallEnded(status, text)

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:  # a partial write makes the connection unusable
            self._end(UNAVAILABLE, f"it no longer accepts data: {error}")

    def _flush(self) -> None:
        while self._unsent and (room := min(self._window, self._stream_window, self._max_frame)) > 0:
            data, self._unsent = self._unsent[:room], self._unsent[room:]
            self._window -= len(data)
            self._stream_window -= len(data)
            self._write(_frame(_DATA, 0, _STREAM, bytes(data)))

    def _read(self, flags: int = 0) -> None:
        """Read and process the next data.

        Args:
            flags: Flags of the `recv` call.

        Raises:
            TimeoutError: No data arrived in time.
        """
        try:
            data = self._socket.recv(65_536, flags)
        except BlockingIOError as error:
            raise TimeoutError from error
        except OSError as error:
            self._end(UNAVAILABLE, f"the connection broke: {error}")
            return
        if not data:
            self._end(UNAVAILABLE, "it closed the connection")
        self._buffer = self._buffer + data if self._buffer else data
        try:
            self._take_frames()
        except (ValueError, struct.error, IndexError) as error:
            self._end(UNAVAILABLE, f"it violates HTTP/2: {error}")

    def _take_frames(self) -> None:
        data, at = self._buffer, 0
        while self._ended is None and at + _HEADER <= len(data):
            size = int.from_bytes(data[at : at + 3], "big")
            if size > _LARGEST_FRAME:
                raise hpack.BadHeaders(f"a frame of {size} bytes")
            end = at + _HEADER + size
            if end > len(data):
                break
            kind, flags, stream = data[at + 3], data[at + 4], int.from_bytes(data[at + 5 : at + 9], "big")
            self._take(kind, flags, stream, data[at + _HEADER : end])
            at = end
        self._buffer = data[at:]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _DATA:
            self._take_data(flags, payload)
        elif kind in {_HEADERS, _CONTINUATION}:
            self._take_headers(kind, flags, payload)
        elif kind == _SETTINGS and not flags & _ACK:
            self._take_settings(payload)
        elif kind == _PING and not flags & _ACK:
            self._write(_frame(_PING, _ACK, 0, payload))
        elif kind == _WINDOW:
            (more,) = struct.unpack(">I", payload)
            if stream:
                self._stream_window += more
            else:
                self._window += more
            self._flush()
        elif kind == _RESET:
            self._end(UNAVAILABLE, f"it reset the stream (HTTP/2 error {int.from_bytes(payload, 'big')})")
        elif kind == _GOAWAY:
            self._leaving = True

    def _take_data(self, flags: int, payload: bytes) -> None:
        self._taken += len(payload)
        if self._taken > _OPEN_WINDOW // 2:
            more = self._taken.to_bytes(4, "big")
            self._write(_frame(_WINDOW, 0, 0, more) + _frame(_WINDOW, 0, _STREAM, more))
            self._taken = 0
        self._partial += _unpadded(flags, payload)
        while len(self._partial) >= 5:
            size = int.from_bytes(self._partial[1:5], "big")
            if self._partial[0] or size > MAX_MESSAGE:
                raise hpack.BadHeaders(f"a message of {size} bytes, or a compressed one")
            if len(self._partial) < 5 + size:
                break
            self._messages.append(self._partial[5 : 5 + size])
            self._partial = self._partial[5 + size :]
        if flags & _END_STREAM:
            self._end(UNAVAILABLE, "it ended the stream without a status")

    def _take_headers(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == _HEADERS:
            payload = _unpadded(flags, payload)
            self._block, self._block_ends = payload[5:] if flags & _PRIORITY else payload, bool(flags & _END_STREAM)
        elif self._block is not None:
            self._block += payload
        if not flags & _END_HEADERS or self._block is None:
            return
        fields, self._block = hpack.decode(self._block), None
        if "grpc-status" in fields:
            self._end(int(fields["grpc-status"]), unquote(fields.get("grpc-message", "")))
        elif fields.get(":status", "200") != "200" or self._block_ends:
            self._end(UNAVAILABLE, f"it sent HTTP status {fields.get(':status')} without a gRPC status")

    def _take_settings(self, payload: bytes) -> None:
        for name, value in struct.iter_unpack(">HI", payload):
            if name == _INITIAL_WINDOW:
                self._stream_window += value - self._initial_window
                self._initial_window = value
            elif name == _MAX_FRAME:
                self._max_frame = value
        self._write(_frame(_SETTINGS, _ACK, 0, b""))
        self._flush()


def _unpadded(flags: int, payload: bytes) -> bytes:
    return payload[1 : len(payload) - payload[0]] if flags & _PADDED else payload
