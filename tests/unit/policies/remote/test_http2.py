"""Tests of one HTTP/2 call against a peer that sends arbitrary frames."""

import socket
import struct
from collections.abc import Iterator

import pytest

from clau_doom.policies.remote.hpack import encode
from clau_doom.policies.remote.http2 import Call, CallEnded

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
TRAILERS = encode({"grpc-status": "13", "grpc-message": "no %25 of %E2%82%AC"})


def frame(kind: int, flags: int, payload: bytes, stream: int = 1) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def message(text: bytes) -> bytes:
    return b"\0" + struct.pack(">I", len(text)) + text


class Peer:
    """Peer of a call."""

    def __init__(self) -> None:
        ours, self.socket = socket.socketpair()
        self.call = Call(ours, "/a.B/C", 0.5)
        self.socket.settimeout(1.0)
        assert self.read(24) == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        self.begun = [self.frame() for _ in range(3)]

    def read(self, size: int) -> bytes:
        return self.socket.recv(size, socket.MSG_WAITALL)

    def frame(self) -> tuple[int, int, int, bytes]:
        head = self.read(9)
        return head[3], head[4], int.from_bytes(head[5:], "big"), self.read(int.from_bytes(head[:3], "big"))

    def send(self, *frames: bytes) -> None:
        self.socket.sendall(b"".join(frames))


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.call.close()
    peer.socket.close()


def test_messages_are_reassembled_from_any_frames(peer: Peer) -> None:
    """Frames are shared, split, padded or sent byte by byte."""
    body = message(b"one") + message(b"two") + message(b"three")
    peer.send(frame(DATA, 0, body[:19]), frame(DATA, 8, b"\x02" + body[19:] + b"\0\0"))
    for byte in frame(DATA, 0, message(b"four")):
        peer.send(bytes([byte]))
    assert [peer.call.receive() for _ in range(4)] == [b"one", b"two", b"three", b"four"]


def test_status_follows_earlier_messages(peer: Peer) -> None:
    """Headers may be continued or have a priority. The status message is unquoted."""
    peer.send(
        frame(HEADERS, 0x4, b"\x88"),
        frame(DATA, 0, message(b"last")),
        frame(HEADERS, 0x21, b"\0\0\0\0\x10" + TRAILERS[:5]),
        frame(CONTINUATION, 0x4, TRAILERS[5:]),
    )
    assert peer.call.receive() == b"last"
    with pytest.raises(CallEnded, match="no % of €") as ended:
        peer.call.receive()
    assert ended.value.status == 13
    assert not peer.call.usable


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (frame(RESET, 0, b"\0\0\0\x07"), "reset the stream .HTTP/2 error 7"),
        (frame(DATA, 1, b""), "ended the stream without a status"),
        (frame(HEADERS, 0x4, b"\x8d"), "HTTP status 404"),
        (frame(HEADERS, 0x4, b"\xbe"), "violates HTTP/2"),
        (frame(HEADERS, 0x4, encode({"grpc-status": "many"})), "violates HTTP/2"),
        (frame(DATA, 0, b"\1\0\0\0\1x"), "compressed"),
        (frame(DATA, 0, b"\0\xff\0\0\0"), "a message of 4278190080 bytes"),
        (frame(DATA, 8, b""), "violates HTTP/2"),
        (frame(WINDOW, 0, b"\0"), "violates HTTP/2"),
        (b"\xff\xff\xff\0\0\0\0\0\1", "a frame of 16777215 bytes"),
    ],
)
def test_invalid_or_closing_peer_ends_the_call(peer: Peer, sent: bytes, text: str) -> None:
    """An invalid or closing peer is reported as unavailable, and the agent is not charged."""
    peer.send(sent)
    with pytest.raises(CallEnded, match=text) as ended:
        peer.call.receive()
    assert ended.value.status == 14


def test_settings_and_pings_are_answered(peer: Peer) -> None:
    """A ping is answered with its payload, and settings with an acknowledgement."""
    peer.send(frame(SETTINGS, 0, b"", 0), frame(PING, 0, b"12345678", 0), frame(DATA, 0, message(b"")))
    assert peer.call.receive() == b""
    assert [peer.frame(), peer.frame()] == [(SETTINGS, 1, 0, b""), (PING, 1, 0, b"12345678")]


def test_flow_control_delays_data(peer: Peer) -> None:
    """Frames obey the peer's maximum size and the windows of stream and connection."""
    peer.send(frame(SETTINGS, 0, struct.pack(">HI", 4, 10), 0))
    with pytest.raises(TimeoutError):
        peer.call.receive()
    peer.frame()
    peer.call.send(b"0123456789")
    assert peer.frame() == (DATA, 0, 1, b"\0\0\0\0\x0a01234")
    peer.send(frame(WINDOW, 0, b"\0\0\0\3"), frame(DATA, 0, message(b"ok")))
    assert peer.call.receive() == b"ok"
    assert peer.frame() == (DATA, 0, 1, b"567")
    assert not peer.call.usable


def test_windows_are_extended_before_they_close(peer: Peer) -> None:
    """After 0.5 GiB of answers, the windows of stream and connection are extended by as much."""
    peer.call._taken = (1 << 29) - 1
    peer.send(frame(DATA, 0, message(b"x")))
    peer.call.receive()
    more = struct.pack(">I", (1 << 29) + 5)
    assert [peer.frame(), peer.frame()] == [(WINDOW, 0, 0, more), (WINDOW, 0, 1, more)]


def test_closing_peer_gets_no_new_call(peer: Peer) -> None:
    """A running call may continue after the peer announces its end."""
    assert peer.call.usable
    peer.send(frame(GOAWAY, 0, bytes(8), 0), frame(DATA, 0, message(b"still here")))
    assert peer.call.receive() == b"still here"
    assert not peer.call.usable


def test_closed_connection_is_detected_at_once(peer: Peer) -> None:
    """A closed connection is not reused."""
    peer.socket.close()
    assert not peer.call.usable
    with pytest.raises(CallEnded, match="closed the connection"):
        peer.call.receive()


def test_timeout_applies_to_the_whole_message(peer: Peer) -> None:
    """Single bytes do not extend the timeout."""
    import threading
    import time

    stop = threading.Event()

    def drip() -> None:
        for byte in frame(DATA, 0, message(b"0123456789")):
            if stop.wait(0.1):
                return
            peer.send(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        peer.call.receive()
    taken = time.monotonic() - began
    stop.set()
    thread.join()
    assert 0.45 < taken < 0.8
