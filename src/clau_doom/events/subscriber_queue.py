"""Bounded queue of messages for one subscriber; publishers never wait for it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from clau_doom.ports import BusMessage

__all__ = ["BACKLOG", "SubscriberQueue"]

BACKLOG = 4096
"""Messages that a subscriber can be behind before it loses the oldest."""


class SubscriberQueue:
    """Queue of the messages under one pattern. Used in one event loop."""

    def __init__(self, pattern: str, size: int = BACKLOG) -> None:
        """Create an empty queue of at most `size` messages."""
        self.pattern = pattern
        self._held: deque[BusMessage] = deque(maxlen=size)
        self._news = asyncio.Event()
        self._closed = False

    def put(self, message: BusMessage) -> None:
        """Add a message; a full queue drops the oldest."""
        self._held.append(message)
        self._news.set()

    def close(self) -> None:
        """End the reader after the remaining messages."""
        self._closed = True
        self._news.set()

    async def messages(self) -> AsyncIterator[BusMessage]:
        """Yield the messages, oldest first, until the queue is closed."""
        while True:
            while self._held:
                yield self._held.popleft()
            if self._closed:
                return
            self._news.clear()
            await self._news.wait()
