"""What one subscriber has not read yet: bounded, so that whoever publishes never waits for whoever reads."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from clau_doom.ports import BusMessage

__all__ = ["BACKLOG", "SubscriberQueue"]

BACKLOG = 4096
"""How many messages a subscriber may be behind before it loses the oldest."""


class SubscriberQueue:
    """The messages under one pattern that wait for their reader. Used in one event loop."""

    def __init__(self, pattern: str, size: int = BACKLOG) -> None:
        """Make an empty one that holds at most `size` messages."""
        self.pattern = pattern
        self._held: deque[BusMessage] = deque(maxlen=size)
        self._news = asyncio.Event()
        self._closed = False

    def put(self, message: BusMessage) -> None:
        """Add a message; when there is no room the oldest is lost."""
        self._held.append(message)
        self._news.set()

    def close(self) -> None:
        """End its reader once it has read what is there."""
        self._closed = True
        self._news.set()

    async def messages(self) -> AsyncIterator[BusMessage]:
        """Yield the messages, oldest first, until it is closed."""
        while True:
            while self._held:
                yield self._held.popleft()
            if self._closed:
                return
            self._news.clear()
            await self._news.wait()
