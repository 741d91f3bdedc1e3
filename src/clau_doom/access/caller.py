"""The client that a request came from, known to everything that the request does."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from clau_doom.access.tokens import Role

__all__ = ["NOTE_HEADER", "Caller", "Face", "acting", "current_caller", "read_note"]

Face = Literal["grpc", "nats", "socket", "web"]
"""How a client reached the server."""

NOTE_HEADER = "x-note"
"""The HTTP header or gRPC metadata with the person's note, percent-encoded UTF-8."""

_LONGEST_NOTE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks for something.

    Attributes:
        name: The name of the token.
        role: What the token allows.
        face: How the client reached the server.
        peer: The client's address.
        note: Why, in the person's own words; may be empty.
    """

    name: str
    role: Role
    face: Face
    peer: str
    note: str = ""


_CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


@contextmanager
def acting(caller: Caller) -> Iterator[None]:
    """Attribute what is done while the context lasts to a caller, in this task and in tasks begun by it."""
    before = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(before)


def current_caller() -> Caller:
    """Return the caller whose request is carried out.

    Raises:
        RuntimeError: No request is: a face has not authenticated its client.
    """
    caller = _CALLER.get()
    if caller is None:
        raise RuntimeError("a change was asked for by no caller")
    return caller


def read_note(encoded: str) -> str:
    """Return a note from its percent-encoded form, shortened to 500 characters."""
    return unquote(encoded[: 12 * _LONGEST_NOTE], errors="replace").strip()[:_LONGEST_NOTE]
