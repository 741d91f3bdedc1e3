"""One connection to NATS, from its creation to its loss.

A lost connection is replaced. The reconnection of nats-py would send its buffered messages late and out of order, even
after a query for the last stored message.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import api
from nats.js.errors import NotFoundError, ServiceUnavailableError

from clau_doom.errors import BusUnavailable
from clau_doom.events.subjects import ALL_EVENTS, covers
from clau_doom.logs import get_logger
from clau_doom.ports import BusMessage

__all__ = ["NatsSession", "source_and_sequence"]

_PING = 5.0
"""Interval of pings in seconds; after two without an answer the connection is given up."""

_CLOSING = 1.0
"""Timeout for closing a connection in seconds, for servers that hang."""

_OVERHEAD = 4096
"""Bytes of subject and headers, which count towards the server's limit of a payload."""

_NO_ROOM = 10077
"""JetStream's code for a message that a full stream refuses."""

_WRONG_LAST_ID = 10070
"""JetStream's code for a message whose expected predecessor is not the last one."""

_PAGE = 500

_log = get_logger(__name__)


def source_and_sequence(headers: Mapping[str, str] | None) -> tuple[str, int]:
    """Return source and sequence of a message, or ("", 0) for one of another program."""
    source, _, sequence = (headers or {}).get(api.Header.MSG_ID.value, "").rpartition(":")
    return (source, int(sequence)) if source and sequence.isascii() and sequence.isdigit() else ("", 0)


class NatsSession:
    """A connection and its unfinished calls. `lost` is set when it becomes unusable."""

    def __init__(self, address: str, patience: float) -> None:
        """Prepare a connection to a server, named `address` in errors, with `patience` seconds for an answer."""
        self.client = Client()
        self.lost = asyncio.Event()
        self.max_payload = 0
        self._address = address
        self._patience = patience
        self._limits: set[asyncio.Timeout] = set()
        self._acks: dict[str, asyncio.Future[Msg]] = {}
        self._tokens = count()
        self._inbox = ""
        self._last_error: Exception | None = None

    async def connect(self, servers: list[str], credentials: str | None) -> None:
        """Connect; retry until cancelled, unless the server refuses.

        Raises:
            TimeoutError: A program answers that is not a NATS server.
            BusUnavailable: The server refuses the connection, or an address is invalid.
        """
        try:
            await self.client.connect(
                servers,
                name="clau-doom",
                allow_reconnect=False,
                connect_timeout=2,
                reconnect_time_wait=0.25,  # type: ignore[arg-type]  # passed to asyncio.sleep
                ping_interval=_PING,  # type: ignore[arg-type]  # likewise
                # No buffering: publishing on a lost connection fails at once.
                pending_size=0,
                closed_cb=self._on_closed,
                error_cb=self._on_error,
                user_credentials=credentials,
            )
            self._inbox = self.client.new_inbox()
            await self.client.subscribe(f"{self._inbox}.*", cb=self._on_ack)
        except TimeoutError:
            raise
        except (NatsError, OSError, ValueError) as error:
            raise BusUnavailable(f"NATS at {self._address} refuses the connection: {error}") from error
        self.max_payload = self.client.max_payload - _OVERHEAD

    async def close(self) -> None:
        """Close the connection, with a timeout."""
        self.retire()
        # nats-py asserts that a connection was begun, which is false after it refused the addresses.
        with suppress(TimeoutError, NatsError, OSError, AssertionError):
            async with asyncio.timeout(_CLOSING):
                await self.client.close()

    def retire(self) -> None:
        """Mark the connection as lost; waiting calls end."""
        self.lost.set()
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    @property
    def last_error(self) -> str:
        """The last error, or an empty text."""
        return str(self._last_error or "")

    async def ensure_stream(self, name: str, duplicate_window: float, max_bytes: int | None = None) -> None:
        """Create the stream if it is missing, and set its size limit if one is given.

        Args:
            name: Name of the stream.
            duplicate_window: Seconds in which a new stream drops repeated messages.
            max_bytes: Maximum size; a full stream refuses messages. None: an existing limit stays.

        Raises:
            BusUnavailable: The stream cannot be created, or the existing one does not store the events.
        """
        async with self._answering("keep a stream"):
            config = await self._stream(name, duplicate_window, max_bytes)
        if not any(covers(subject, ALL_EVENTS) for subject in config.subjects or []):
            self.retire()
            raise BusUnavailable(
                f"the stream {name} of NATS at {self._address} does not keep {ALL_EVENTS}:"
                " add that subject, or set nats.stream to another stream"
            )
        if config.max_msg_size and config.max_msg_size > 0:
            self.max_payload = min(self.max_payload, config.max_msg_size - _OVERHEAD)

    async def _stream(self, name: str, duplicate_window: float, max_bytes: int | None) -> api.StreamConfig:
        jetstream = self.client.jetstream(timeout=self._patience)
        try:
            config = (await jetstream.stream_info(name)).config
            if max_bytes is None or config.max_bytes == max_bytes:
                return config
            # If a stream dropped its oldest events, a starting server would publish them again.
            limited = config.evolve(max_bytes=max_bytes, discard=api.DiscardPolicy.NEW)
            return (await jetstream.update_stream(limited)).config
        except ServiceUnavailableError:
            self.retire()
            raise BusUnavailable(
                f"NATS at {self._address} has no JetStream: start nats-server with -js,"
                " or set nats.jetstream to false and keep no events"
            ) from None
        except NotFoundError:
            made = await jetstream.add_stream(
                name=name,
                description="Events of clau-doom experiments.",
                subjects=[ALL_EVENTS],
                storage=api.StorageType.FILE,
                duplicate_window=duplicate_window,
                max_bytes=max_bytes,
                discard=api.DiscardPolicy.OLD if max_bytes is None else api.DiscardPolicy.NEW,
            )
            return made.config

    async def store(self, stream: str, messages: Sequence[BusMessage]) -> int:
        """Store messages in a stream; return the number of stored ones from the first, at least one.

        All messages are sent at once. Each message but the first names its predecessor. The stream refuses a message
        if its predecessor is not the last stored message, so that the stored messages have no gap. A message of another
        client in between has the same effect. The caller then stores the remaining messages again.

        Raises:
            BusUnavailable: The server did not answer, or the stream refused the first message.
        """
        async with self._answering("keep what was published"):
            headers = {api.Header.EXPECTED_STREAM.value: stream}
            acks = []
            for message in messages:
                acks.append(await self._send(message, headers))
                headers = {**headers, api.Header.EXPECTED_LAST_MSG_ID.value: message.id}
            replies = [await ack for ack in acks]
        for kept, reply in enumerate(replies):
            refusal = _refusal(reply)
            if refusal and kept and refusal[0] == _WRONG_LAST_ID:
                return kept
            if refusal:
                # A new connection checks the stream again; a full stream needs space, not a new connection.
                if refusal[0] != _NO_ROOM:
                    self.retire()
                raise BusUnavailable(f"the stream {stream} of NATS at {self._address} refuses a message: {refusal[1]}")
        return len(messages)

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Publish messages; return after the server has read all of them.

        Raises:
            BusUnavailable: The server did not confirm it.
        """
        async with self._answering("read what was published"):
            for message in messages:
                await self.client.publish(
                    message.subject, message.payload, headers={api.Header.MSG_ID.value: message.id}
                )
            # The answer returns on the same connection, behind the messages.
            token, echo = self._expect()
            await self.client.publish(token)
            await echo

    async def last_stored(self, stream: str, source: str, pattern: str) -> int:
        """Return the sequence of the last stored message of a source under a pattern, or 0.

        Raises:
            BusUnavailable: The server did not answer.
        """
        jetstream = self.client.jetstream(timeout=self._patience)
        async with self._answering("say what it keeps"):
            try:
                last = await jetstream.get_msg(stream, subject=pattern)
            except NotFoundError:
                return 0
        found, sequence = source_and_sequence(last.headers)
        return sequence if found == source else await self._search(stream, source, pattern)

    async def _search(self, stream: str, source: str, pattern: str) -> int:
        """Search all stored messages, because the last one is of another source, such as an older experiment."""
        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.ALL,
            ack_policy=api.AckPolicy.NONE,
            headers_only=True,
            inactive_threshold=30.0,
        )
        async with self._answering("say what it keeps"):
            jetstream = self.client.jetstream(timeout=self._patience)
            consumer = await jetstream.pull_subscribe(pattern, stream=stream, config=config)
        last, pending = 0, True
        while pending:
            async with self._answering("say what it keeps"):
                page = await consumer.fetch(_PAGE, timeout=self._patience)
            for message in page:
                found, sequence = source_and_sequence(message.headers)
                last = sequence if found == source else last
            pending = page[-1].metadata.num_pending > 0
        async with self._answering("end a search"):
            await consumer.unsubscribe()
        return last

    @asynccontextmanager
    async def _answering(self, what: str) -> AsyncIterator[None]:
        """Wait for the server until the timeout or the loss of the connection."""
        if self.lost.is_set():
            raise BusUnavailable(f"the connection to NATS at {self._address} is lost")
        task = asyncio.current_task()
        cancelled = task.cancelling() if task else 0
        try:
            async with asyncio.timeout(self._patience) as limit:
                self._limits.add(limit)
                try:
                    yield
                finally:
                    self._limits.discard(limit)
        except (TimeoutError, NatsError, OSError) as error:
            # nats-py replaces a cancellation by its own error if the connection closes at the same time.
            if task and task.cancelling() > cancelled:
                raise asyncio.CancelledError from error
            gone = self.lost.is_set()
            self.retire()
            reason = "the connection is lost" if gone else str(error) or f"no answer within {self._patience:g} s"
            if self.last_error and self.last_error not in reason:
                reason += f" ({self.last_error})"
            raise BusUnavailable(f"NATS at {self._address} did not {what}: {reason}") from None

    async def _send(self, message: BusMessage, headers: dict[str, str]) -> asyncio.Future[Msg]:
        token, ack = self._expect()
        headers = {**headers, api.Header.MSG_ID.value: message.id}
        await self.client.publish(message.subject, message.payload, reply=token, headers=headers)
        return ack

    def _expect(self) -> tuple[str, asyncio.Future[Msg]]:
        # A wait in nats-py's publish_async does not end if the answer is a refusal.
        token = f"{self._inbox}.{next(self._tokens)}"
        future = self._acks[token] = asyncio.get_running_loop().create_future()
        return token, future

    async def _on_ack(self, message: Msg) -> None:
        ack = self._acks.pop(message.subject, None)
        if ack and not ack.done():
            ack.set_result(message)

    async def _on_closed(self) -> None:
        self.retire()

    async def _on_error(self, error: Exception) -> None:
        if str(error) == self.last_error:
            return
        self._last_error = error
        # A refused subject is reported only here: the server does not answer the message.
        log = _log.warning if "violation" in str(error).lower() else _log.debug
        log("NATS connection error", address=self._address, reason=str(error))


def _refusal(reply: Msg) -> tuple[int, str] | None:
    """Return code and text of a refusal, or None for an acknowledgement."""
    if (reply.headers or {}).get(api.Header.STATUS.value) == api.StatusCode.SERVICE_UNAVAILABLE.value:
        return 0, "it does not exist"
    error = json.loads(reply.data).get("error")
    return (error.get("err_code", 0), error.get("description", "no reason given")) if error else None
