"""The bus inside one process: for runs without NATS, and for tests."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from clau_doom.errors import BusUnavailable
from clau_doom.events.subjects import covers
from clau_doom.events.subscriber_queue import BACKLOG, SubscriberQueue
from clau_doom.ports import Answer, BusMessage

__all__ = ["LocalBus"]

_MAX_PAYLOAD = 64 * 1024 * 1024


class LocalBus:
    """Subscribers and answerers of this process; implements `ports.EventBus`.

    It keeps no messages, but remembers for as long as it lives how far each source has come.
    """

    def __init__(self, *, backlog: int = BACKLOG) -> None:
        """Make a bus whose subscribers may be `backlog` messages behind."""
        self._backlog = backlog
        self._open = False
        self._mailboxes: list[SubscriberQueue] = []
        self._answers: list[tuple[str, Answer]] = []
        self._last: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        for mailbox in self._mailboxes:
            mailbox.close()

    @property
    def max_payload(self) -> int:
        """The most bytes that a payload may have."""
        return _MAX_PAYLOAD

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Give messages to whoever subscribes to them.

        Raises:
            BusUnavailable: The bus is closed.
        """
        self._require_open()
        for message in messages:
            for mailbox in self._mailboxes:
                if covers(mailbox.pattern, message.subject):
                    mailbox.put(message)
            self._last[message.source] = message.sequence

    async def last_published(self, source: str, pattern: str) -> int:  # noqa: ARG002 (a source has one pattern)
        """Return the sequence of the last message of `source` that this bus was given, or 0.

        Raises:
            BusUnavailable: The bus is closed.
        """
        self._require_open()
        return self._last.get(source, 0)

    @asynccontextmanager
    async def subscribe(self, pattern: str) -> AsyncIterator[AsyncIterator[BusMessage]]:
        """Yield what is published under a pattern from now on."""
        self._require_open()
        mailbox = SubscriberQueue(pattern, self._backlog)
        self._mailboxes.append(mailbox)
        try:
            yield mailbox.messages()
        finally:
            self._mailboxes.remove(mailbox)
            mailbox.close()

    @asynccontextmanager
    async def answer(self, pattern: str, answer: Answer) -> AsyncIterator[None]:
        """Answer requests under a pattern for as long as the context lasts."""
        self._require_open()
        entry = (pattern, answer)
        self._answers.append(entry)
        try:
            yield
        finally:
            self._answers.remove(entry)

    async def request(self, subject: str, payload: bytes = b"") -> bytes:
        """Ask whoever answers under a subject.

        Raises:
            BusUnavailable: The bus is closed, or nobody answers there.
        """
        self._require_open()
        for pattern, answer in self._answers:
            if covers(pattern, subject):
                return await answer(subject, payload)
        raise BusUnavailable(f"nobody answers on {subject}")

    def _require_open(self) -> None:
        if not self._open:
            raise BusUnavailable("the bus is closed")
