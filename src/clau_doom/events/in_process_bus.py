"""Event bus within one process, for runs without NATS and for tests."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from clau_doom.errors import BusUnavailable
from clau_doom.events.subjects import covers
from clau_doom.events.subscriber_queue import BACKLOG, SubscriberQueue
from clau_doom.ports import Answer, BusMessage

__all__ = ["InProcessBus"]

_MAX_PAYLOAD = 64 * 1024 * 1024


class InProcessBus:
    """Event bus of this process; implements `ports.EventBus`.

    It does not store messages, only the last sequence of each source.
    """

    def __init__(self, *, backlog: int = BACKLOG) -> None:
        """Create a bus whose subscribers can be `backlog` messages behind."""
        self._backlog = backlog
        self._open = False
        self._queues: list[SubscriberQueue] = []
        self._answers: list[tuple[str, Answer]] = []
        self._last: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        for queue in self._queues:
            queue.close()

    @property
    def max_payload(self) -> int:
        """Maximum size of a payload in bytes."""
        return _MAX_PAYLOAD

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Deliver messages to their subscribers.

        Raises:
            BusUnavailable: The bus is closed.
        """
        self._require_open()
        for message in messages:
            for queue in self._queues:
                if covers(queue.pattern, message.subject):
                    queue.put(message)
            self._last[message.source] = message.sequence

    async def last_published(self, source: str, pattern: str) -> int:  # noqa: ARG002 (a source has one pattern)
        """Return the sequence of the last message of `source` published here, or 0.

        Raises:
            BusUnavailable: The bus is closed.
        """
        self._require_open()
        return self._last.get(source, 0)

    @asynccontextmanager
    async def subscribe(self, pattern: str) -> AsyncIterator[AsyncIterator[BusMessage]]:
        """Yield messages that are published under a pattern from now on."""
        self._require_open()
        queue = SubscriberQueue(pattern, self._backlog)
        self._queues.append(queue)
        try:
            yield queue.messages()
        finally:
            self._queues.remove(queue)
            queue.close()

    @asynccontextmanager
    async def answer(self, pattern: str, answer: Answer) -> AsyncIterator[None]:
        """Answer requests under a pattern while the context lasts."""
        self._require_open()
        entry = (pattern, answer)
        self._answers.append(entry)
        try:
            yield
        finally:
            self._answers.remove(entry)

    async def request(self, subject: str, payload: bytes = b"") -> bytes:
        """Send a request and return its answer.

        Raises:
            BusUnavailable: The bus is closed, or the subject has no handler.
        """
        self._require_open()
        for pattern, answer in self._answers:
            if covers(pattern, subject):
                return await answer(subject, payload)
        raise BusUnavailable(f"no handler answers on {subject}")

    def _require_open(self) -> None:
        if not self._open:
            raise BusUnavailable("the bus is closed")
