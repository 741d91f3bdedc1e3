"""Where events are told to whoever listens."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Answer", "BusMessage", "EventBus"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BusMessage:
    """What is told on a bus.

    Attributes:
        subject: What it is about: tokens with dots between them.
        payload: What it says.
        source: Who tells it: an experiment's UUID; empty for a stranger's message.
        sequence: Its place among what the source tells: 1, 2, 3, ...
    """

    subject: str
    payload: bytes
    source: str
    sequence: int

    @property
    def id(self) -> str:
        """What tells it from every other message, and what makes two copies of it one."""
        return f"{self.source}:{self.sequence}"


Answer = Callable[[str, bytes], Awaitable[bytes]]
"""Answers a request: given its subject and its payload."""


class EventBus(AbstractAsyncContextManager["EventBus"], Protocol):
    """Where events are told to whoever listens. Entering connects it, and raises `BusUnavailable` where it cannot.

    Guarantees: messages are accepted in the order in which they are given, and never one whose predecessor in the same
    call was not. Nobody who listens holds up whoever publishes. A connection that is lost is made again for as long as
    the bus is entered; until then every call raises `BusUnavailable` at once. Patterns are NATS's: ``*`` stands for one
    token, ``>`` at the end for all that follow.
    """

    @property
    def max_payload(self) -> int:
        """The most bytes that a payload may have."""
        ...

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Tell messages, and return once all of them are accepted.

        Raises:
            BusUnavailable: Not all were accepted, as far as this end knows. The first few may have been, and those that
                are still under way may yet be: ask `last_published` before going on.
        """
        ...

    async def last_published(self, source: str, pattern: str) -> int:
        """Return the sequence of the last message that was accepted from a source under a pattern, or 0.

        A bus that keeps messages answers for whatever it keeps, whoever published it; one that does not, for what was
        published through it.

        Raises:
            BusUnavailable: It cannot be asked now.
        """
        ...

    def subscribe(self, pattern: str) -> AbstractAsyncContextManager[AsyncIterator[BusMessage]]:
        """Listen: yield what is told under a pattern while the context lasts, in order.

        What is told while the connection is lost is not seen, and who falls too far behind loses the oldest: sequences
        show it. A message that is published again is seen again.
        """
        ...

    def answer(self, pattern: str, answer: Answer) -> AbstractAsyncContextManager[None]:
        """Answer requests under a pattern while the context lasts, several at once."""
        ...
