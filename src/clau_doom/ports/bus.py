"""Interface of an event bus: publishing, subscriptions and requests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Answer", "BusMessage", "EventBus"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BusMessage:
    """Message of a bus.

    Attributes:
        subject: Tokens, separated by dots.
        payload: The content.
        source: UUID of the experiment; empty for a message of another program.
        sequence: Number of the message among those of its source: 1, 2, 3, ...
    """

    subject: str
    payload: bytes
    source: str
    sequence: int

    @property
    def id(self) -> str:
        """Unique id, by which a bus recognises a second copy."""
        return f"{self.source}:{self.sequence}"


Answer = Callable[[str, bytes], Awaitable[bytes]]
"""Handler of a request: takes subject and payload, returns the payload of the answer."""


class EventBus(AbstractAsyncContextManager["EventBus"], Protocol):
    """Event bus. Entering it connects, and raises `BusUnavailable` if that fails.

    Guarantees: messages are accepted in order, and none whose predecessor in the same call was not. Subscribers do not
    delay publishers. A lost connection is restored while the bus is entered; until then every call raises
    `BusUnavailable` at once. Patterns are those of NATS: ``*`` matches one token, ``>`` at the end one or more.
    """

    @property
    def max_payload(self) -> int:
        """Maximum size of a payload in bytes."""
        ...

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Publish messages; return after all of them are accepted.

        Raises:
            BusUnavailable: Acceptance of all messages is not known. Some may have been accepted, or be accepted later:
                call `last_published` before publishing again.
        """
        ...

    async def last_published(self, source: str, pattern: str) -> int:
        """Return the sequence of the last accepted message of a source under a pattern, or 0.

        A bus that stores messages considers all stored ones; another only those published through this object.

        Raises:
            BusUnavailable: The bus cannot be reached.
        """
        ...

    def subscribe(self, pattern: str) -> AbstractAsyncContextManager[AsyncIterator[BusMessage]]:
        """Subscribe: yield messages under a pattern, in order, while the context lasts.

        Messages during a lost connection are missing, and a slow subscriber loses the oldest; sequences show gaps. A
        message that is published twice is received twice.
        """
        ...

    def answer(self, pattern: str, answer: Answer) -> AbstractAsyncContextManager[None]:
        """Answer requests under a pattern while the context lasts, concurrently."""
        ...
