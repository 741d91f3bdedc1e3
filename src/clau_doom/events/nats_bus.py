"""Event bus on NATS: with JetStream it stores messages, without it only current subscribers receive them."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from clau_doom.backoff import Backoff
from clau_doom.config import NatsConfig
from clau_doom.errors import BusUnavailable, ConfigError
from clau_doom.events.nats_connection import NatsSession, source_and_sequence
from clau_doom.events.subscriber_queue import BACKLOG, SubscriberQueue
from clau_doom.logs import get_logger
from clau_doom.ports import Answer, BusMessage

__all__ = ["NatsBus", "redacted"]

_START = 4.0
"""Timeout of the first connection in seconds."""

_PATIENCE = 5.0
"""Timeout of an answer of the server in seconds."""

_DUPLICATE_WINDOW = 300.0
"""Seconds in which the stream drops a second message with the same id, such as one that the network delayed."""

_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_UNDER_WAY = 256
"""Maximum number of unacknowledged messages."""

_Receive = Callable[[Msg], Awaitable[None]]

_log = get_logger(__name__)


def redacted(url: str) -> str:
    """Return the addresses of a url, or of several URLs separated by commas, without users, passwords and tokens."""
    return ",".join(_without_login(each) for each in _servers(url))


class _RestoredSubscription:
    """A subscription that is restored on each new connection."""

    def __init__(self, pattern: str, receive: _Receive) -> None:
        self._pattern = pattern
        self._receive = receive
        self._session: NatsSession | None = None
        self._subscription: Subscription | None = None

    async def attach(self, session: NatsSession) -> None:
        """Subscribe on a connection, once."""
        if session is self._session:
            return
        self._session = session
        with suppress(NatsError, BusUnavailable):
            self._subscription = await session.client.subscribe(self._pattern, cb=self._receive)
            await session.publish(())

    async def detach(self) -> None:
        """Unsubscribe."""
        if self._session and self._subscription:
            with suppress(NatsError, BusUnavailable):
                await self._subscription.unsubscribe()
                await self._session.publish(())


class NatsBus:
    """Connection of one process to NATS, restored after each loss; implements `ports.EventBus`."""

    def __init__(
        self, config: NatsConfig, *, duplicate_window: float = _DUPLICATE_WINDOW, patience: float = _PATIENCE
    ) -> None:
        """Prepare a bus; entering it connects.

        Args:
            config: Address of the server, and whether JetStream stores the messages.
            duplicate_window: Seconds in which a new stream drops repeated messages.
            patience: Timeout of an answer of the server in seconds; the connection is then closed.
        """
        self._config = config
        self._window = duplicate_window
        self._patience = patience
        self._address = redacted(config.url)
        self._session = NatsSession(self._address, patience)
        self._session.lost.set()
        self._listeners: list[_RestoredSubscription] = []
        self._queues: list[SubscriberQueue] = []
        self._answering: asyncio.TaskGroup | None = None
        self._turn = asyncio.Lock()
        self._under_way = _UNDER_WAY
        self._accepted: dict[str, int] = {}
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            ConfigError: The credentials cannot be used.
            BusUnavailable: The server is unreachable, refuses the connection, or has no stream for the events.
        """
        _check_credentials(self._config.credentials)
        self._session = await self._connect(_START)
        async with AsyncExitStack() as exits:
            exits.push_async_callback(self._close)
            tasks = await exits.enter_async_context(asyncio.TaskGroup())
            keeper = tasks.create_task(self._keep_connected())
            exits.callback(keeper.cancel)
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for queue in self._queues:
            queue.close()
        await self._exits.__aexit__(kind, error, trace)

    @property
    def connected(self) -> bool:
        """Whether the bus is connected."""
        return not self._session.lost.is_set()

    @property
    def max_payload(self) -> int:
        """Maximum size of a payload in bytes, from the last connected server."""
        return self._session.max_payload

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Publish messages; return when the stream has stored them (without JetStream: the server has read them).

        Raises:
            BusUnavailable: The server did not confirm it.
        """
        # One call at a time: mixed messages of two calls would be refused, because they do not follow their
        # predecessor.
        async with self._turn:
            session = self._session
            if not self._config.jetstream:
                await session.publish(messages)
                self._accepted.update({message.source: message.sequence for message in messages})
                return
            done = 0
            while done < len(messages):
                part = messages[done : done + self._under_way]
                kept = await session.store(self._config.stream, part)
                # Another publisher in the stream ends a long part early each time.
                self._under_way = min(2 * self._under_way, _UNDER_WAY) if kept == len(part) else max(1, kept)
                done += kept

    async def last_published(self, source: str, pattern: str) -> int:
        """Return the sequence of the last stored message of a source under a pattern, or 0.

        Without JetStream, it is the last message that was published through this bus.

        Raises:
            BusUnavailable: The server is unreachable.
        """
        if not self._config.jetstream:
            return self._accepted.get(source, 0)
        return await self._session.last_stored(self._config.stream, source, pattern)

    @asynccontextmanager
    async def subscribe(self, pattern: str) -> AsyncIterator[AsyncIterator[BusMessage]]:
        """Yield messages under a pattern from now on; those during a lost connection are missing."""
        queue = SubscriberQueue(pattern, BACKLOG)

        async def put(message: Msg) -> None:
            source, sequence = source_and_sequence(message.headers)
            queue.put(BusMessage(subject=message.subject, payload=message.data, source=source, sequence=sequence))

        self._queues.append(queue)
        try:
            async with self._subscribed(pattern, put):
                yield queue.messages()
        finally:
            self._queues.remove(queue)

    @asynccontextmanager
    async def answer(self, pattern: str, answer: Answer) -> AsyncIterator[None]:
        """Answer requests under a pattern while the context lasts, also after reconnections."""

        async def begin(message: Msg) -> None:
            if self._answering:
                self._answering.create_task(self._respond(message, answer))

        async with self._subscribed(pattern, begin):
            yield

    @asynccontextmanager
    async def _subscribed(self, pattern: str, receive: _Receive) -> AsyncIterator[None]:
        listener = _RestoredSubscription(pattern, receive)
        self._listeners.append(listener)
        try:
            await listener.attach(self._session)
            yield
        finally:
            self._listeners.remove(listener)
            await listener.detach()

    async def _respond(self, message: Msg, answer: Answer) -> None:
        try:
            reply = await answer(message.subject, message.data)
        except Exception:
            _log.exception("request not answered", subject=message.subject)
            return
        if message.reply:
            # The client of a lost connection does not wait for the answer.
            with suppress(NatsError):
                await self._session.client.publish(message.reply, reply)

    async def _close(self) -> None:
        await self._session.close()

    async def _keep_connected(self) -> None:
        async with asyncio.TaskGroup() as self._answering:
            while True:
                await self._session.lost.wait()
                _log.warning("connection to NATS lost", address=self._address)
                await self._session.close()
                await self._reconnect()
                _log.info("connection to NATS restored", address=self._address)

    async def _reconnect(self) -> None:
        backoff, reported = Backoff(_SHORTEST_PAUSE, _LONGEST_PAUSE), ""
        while True:
            await asyncio.sleep(backoff.next_delay())
            try:
                self._session = await self._connect(self._patience)
            except BusUnavailable as error:
                if str(error) != reported:  # once for each reason
                    reported = str(error)
                    _log.warning("NATS is unreachable", reason=reported)
            else:
                for listener in list(self._listeners):
                    await listener.attach(self._session)
                return

    async def _connect(self, limit: float) -> NatsSession:
        session = NatsSession(self._address, self._patience)
        try:
            async with asyncio.timeout(limit):
                await session.connect(_servers(self._config.url), self._config.credentials)
                if self._config.jetstream:
                    await session.ensure_stream(self._config.stream, self._window, self._config.max_bytes)
        except TimeoutError:
            await session.close()
            raise BusUnavailable(
                f"cannot reach NATS at {self._address} ({session.last_error or 'it does not respond'}):"
                " start a server there, correct nats.url, or set nats.enabled to false"
            ) from None
        except BaseException:
            await session.close()
            raise
        return session


def _servers(url: str) -> list[str]:
    """Return the urls of a text, separated by commas outside passwords."""
    return re.split(r",\s*(?=[a-z]+://)", url)


def _without_login(url: str) -> str:
    scheme = re.match(r"[a-z]+://", url)
    return f"{scheme[0] if scheme else 'nats://'}{url[scheme.end() if scheme else 0 :].rpartition('@')[2]}"


def _check_credentials(path: str | None) -> None:
    if path is None:
        return
    if not Path(path).is_file():
        raise ConfigError(f"nats.credentials: file {path} not found")
    if find_spec("nkeys") is None:
        raise ConfigError(
            "nats.credentials: signing needs the package nkeys: pip install nkeys,"
            " or set a user and a password in nats.url"
        )
