"""Messages on a byte stream: four bytes of length, little-endian, then the message."""

import struct

from google.protobuf.message import Message

from clau_doom.errors import WorkerCrashed

__all__ = ["MAX_FRAME", "PREFIX", "MalformedMessage", "frame", "frame_size"]

MAX_FRAME = 16 * 1024 * 1024
"""The longest message, in bytes: a genome of a million genes fits twice."""

_LENGTH = struct.Struct("<I")
PREFIX = _LENGTH.size
"""How many bytes tell the length."""


class MalformedMessage(WorkerCrashed):
    """What came over the wire is no message that was expected."""


def frame(message: Message) -> bytes:
    """Return the message with its length before it."""
    body = message.SerializeToString()
    return _LENGTH.pack(len(body)) + body


def frame_size(prefix: bytes) -> int:
    """Return the length that a prefix tells.

    Raises:
        MalformedMessage: It is longer than `MAX_FRAME`.
    """
    (size,) = _LENGTH.unpack(prefix)
    if size > MAX_FRAME:
        raise MalformedMessage(f"a message of {size} bytes where at most {MAX_FRAME} are allowed")
    return int(size)
