"""Authenticated client of the current request, available to all code that handles the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from clau_doom.access.tokens import Role

__all__ = ["NOTE_HEADER", "Caller", "Transport", "acting", "current_caller", "read_note"]

Transport = Literal["grpc", "nats", "socket", "web"]
"""Connection type of a client."""

NOTE_HEADER = "x-note"
"""HTTP header or gRPC metadata with the user's note, in percent-encoded UTF-8."""

_LONGEST_NOTE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Authenticated client of a request.

    Attributes:
        name: The name of the token.
        role: The role of the token.
        transport: The connection type of the client.
        peer: The client's address.
        note: The user's reason for the request; may be empty.
    """

    name: str
    role: Role
    transport: Transport
    peer: str
    note: str = ""


_CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


@contextmanager
def acting(caller: Caller) -> Iterator[None]:
    """Set the caller while the context lasts, in this task and in tasks started by it."""
    before = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(before)


def current_caller() -> Caller:
    """Return the caller of the current request.

    Raises:
        RuntimeError: No caller is set: the server has not authenticated its client.
    """
    caller = _CALLER.get()
    if caller is None:
        raise RuntimeError("a change has no authenticated caller")
    return caller


def read_note(encoded: str) -> str:
    """Decode a percent-encoded note, shortened to 500 characters."""
    return unquote(encoded[: 12 * _LONGEST_NOTE], errors="replace").strip()[:_LONGEST_NOTE]
