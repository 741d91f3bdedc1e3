"""Framing of messages on a byte stream: a little-endian length of four bytes, then the message."""

import struct

from google.protobuf.message import Message

from clau_doom.errors import WorkerCrashed

__all__ = ["MAX_FRAME", "PREFIX", "MalformedMessage", "frame", "frame_size"]

MAX_FRAME = 16 * 1024 * 1024
"""The longest message, in bytes: twice the size of a genome of a million genes."""

_LENGTH = struct.Struct("<I")
PREFIX = _LENGTH.size
"""Bytes of the length prefix."""


class MalformedMessage(WorkerCrashed):
    """The received bytes are not a valid message of the expected type."""


def frame(message: Message) -> bytes:
    """Serialize a message with its length prefix."""
    body = message.SerializeToString()
    return _LENGTH.pack(len(body)) + body


def frame_size(prefix: bytes) -> int:
    """Decode a length prefix.

    Raises:
        MalformedMessage: The length exceeds `MAX_FRAME`.
    """
    (size,) = _LENGTH.unpack(prefix)
    if size > MAX_FRAME:
        raise MalformedMessage(f"a message of {size} bytes; the maximum is {MAX_FRAME}")
    return int(size)
