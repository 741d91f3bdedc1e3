"""Outbox relay: publishes the committed events of one experiment on an event bus.

The relay reads the log by cursor and asks the bus for the last published event. It therefore needs no state of its own,
and continues behind that event after a failure of the bus, the connection or this process. Runs do not wait for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress

from clau_doom.backoff import Backoff
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import Experiment
from clau_doom.error_description import describe
from clau_doom.errors import BusUnavailable
from clau_doom.events.subjects import events_of, subject_of
from clau_doom.logs import get_logger
from clau_doom.ports import BusMessage, EventBus, ExperimentStore
from clau_doom.wire import event_json, event_message

__all__ = ["Relay"]

Shown = Callable[[RecordedEvent], RecordedEvent]

_AHEAD = 512
"""Events read ahead of publication."""

_BATCH = 256
"""Maximum number of events and bytes in one call; a single event can be larger."""
_BATCH_BYTES = 4 * 1024 * 1024

_SHORTEST_PAUSE = 0.1
_GROWTH = 16
"""Longest pause between attempts, as a multiple of the first."""

_log = get_logger(__name__)


class Relay:
    """Publishes one experiment's events, in order.

    On a bus that stores messages (JetStream) every event is stored exactly once, also after outages of the bus and
    after a crash of this process with messages in transit. On another bus each process publishes events at least once.
    """

    def __init__(
        self,
        experiment: Experiment,
        store: ExperimentStore,
        bus: EventBus,
        *,
        shown: Shown = lambda recorded: recorded,
        pause: float = _SHORTEST_PAUSE,
    ) -> None:
        """Prepare a relay; `run` does the work.

        Args:
            experiment: The experiment.
            store: Its store, open while `run` runs.
            bus: The entered bus.
            shown: Returns an event without private information, such as paths of this machine.
            pause: Seconds before the first attempt after an outage; they double with each further one.
        """
        self._name = experiment.id
        self._source = experiment.uuid
        self._pattern = events_of(experiment.id)
        self._store = store
        self._bus = bus
        self._shown = shown
        self._pause = pause
        self._committed = 0
        self._published = 0

    @property
    def published(self) -> int:
        """Sequence of the last event known to be accepted by the bus."""
        return self._published

    @property
    def lag(self) -> int:
        """Number of committed events that are not yet published."""
        return max(0, self._committed - self._published)

    async def run(self) -> None:
        """Publish until the log ends (or the store closes) and all events are published.

        During an outage of the bus it waits without a limit; cancel it to give up.

        Raises:
            ExceptionGroup: The log cannot be read.
        """
        with suppress(BusUnavailable):
            self._published = await self._bus.last_published(self._source, self._pattern)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._count())
            tasks.create_task(self._publish_all())

    async def _count(self) -> None:
        """Follow the log, so that the lag is known during an outage."""
        async with aclosing(self._store.events(self._published, follow=True)) as log:  # type: ignore[type-var]
            async for recorded in log:
                self._committed = recorded.sequence

    async def _publish_all(self) -> None:
        backoff = Backoff(self._pause, _GROWTH * self._pause)
        while True:
            before = self._published
            try:
                await self._publish_rest()
            except* BusUnavailable as outage:
                reason = describe(outage)
            else:
                return
            if self._published > before:
                backoff.reset()
            if not backoff.failures:
                _log.warning("events wait for the event bus", experiment=self._name, lag=self.lag, reason=reason)
            await asyncio.sleep(backoff.next_delay())

    async def _publish_rest(self) -> None:
        """Publish the events after the last one on the bus, until the log ends or the bus fails."""
        self._published = await self._bus.last_published(self._source, self._pattern)
        ahead: asyncio.Queue[RecordedEvent | None] = asyncio.Queue(_AHEAD)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(ahead))
            while batch := await _next_batch(ahead):
                await self._publish(batch)

    async def _read(self, ahead: "asyncio.Queue[RecordedEvent | None]") -> None:
        async with aclosing(self._store.events(self._published, follow=True)) as log:  # type: ignore[type-var]
            async for recorded in log:
                await ahead.put(recorded)
        await ahead.put(None)

    async def _publish(self, batch: Sequence[RecordedEvent]) -> None:
        while batch:
            # On a thread: the genomes of a generation can be megabytes of JSON, and the event loop is that of the run.
            messages = await asyncio.to_thread(self._encode, batch, self._bus.max_payload)
            await self._bus.publish(messages)
            self._published = messages[-1].sequence
            batch = batch[len(messages) :]

    def _encode(self, batch: Sequence[RecordedEvent], limit: int) -> list[BusMessage]:
        """Return the messages of the first events of a batch, as many as fit into one call."""
        messages: list[BusMessage] = []
        size = 0
        for recorded in batch:
            message = self._message(recorded, limit)
            size += len(message.payload)
            if messages and size > _BATCH_BYTES:
                break
            messages.append(message)
        return messages

    def _message(self, recorded: RecordedEvent, limit: int) -> BusMessage:
        message = event_message(self._name, self._shown(recorded))
        payload = event_json(message).encode()
        if len(payload) > limit:
            # Published without its contents, so that it does not block the events behind it.
            _log.warning(
                "event exceeds the payload limit of the bus and is published without its contents",
                experiment=self._name,
                sequence=recorded.sequence,
                bytes=len(payload),
                limit=limit,
            )
            kind = message.WhichOneof("payload")
            if kind:
                message.ClearField(kind)
            payload = event_json(message).encode()
        return BusMessage(
            subject=subject_of(self._name, recorded.event),
            payload=payload,
            source=self._source,
            sequence=recorded.sequence,
        )


async def _next_batch(ahead: "asyncio.Queue[RecordedEvent | None]") -> list[RecordedEvent]:
    """Return the available events, at least one; an empty list at the end of the log."""
    batch: list[RecordedEvent] = []
    recorded = await ahead.get()
    while recorded is not None:
        batch.append(recorded)
        if len(batch) == _BATCH or ahead.empty():
            return batch
        recorded = ahead.get_nowait()
    if batch:
        ahead.put_nowait(None)
    return batch
