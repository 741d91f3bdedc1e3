"""The relay: an outbox. It tells on a bus what one experiment's log holds, once it is committed.

It reads the log by cursor and asks the bus how far it has come, and so it needs no memory of its own: whatever happens
to the bus, to the connection or to this process, it goes on behind the last event that arrived. Nobody waits for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress

from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import BusUnavailable, describe
from clau_doom.events.subjects import events_of, subject_of
from clau_doom.logs import get_logger
from clau_doom.ports import BusMessage, EventBus, ExperimentStore
from clau_doom.wire import event_json, event_message

__all__ = ["Relay"]

Shown = Callable[[RecordedEvent], RecordedEvent]

_AHEAD = 512
"""Events read ahead of what is published."""

_BATCH = 256
"""The most events published in one call, and the most bytes of payload, but for a single larger event."""
_BATCH_BYTES = 4 * 1024 * 1024

_PAUSE = 0.1
_GROWTH = 16
"""How many times the first pause the longest is."""

_log = get_logger(__name__)


class Relay:
    """Publishes one experiment's events, in order.

    Where the bus keeps what is published (JetStream), every event is kept once: nothing is lost and nothing comes
    twice, however long the bus was out of reach, and when this process died with messages under way. Where it does not,
    events are published at least once by each process.
    """

    def __init__(
        self,
        experiment: Experiment,
        store: ExperimentStore,
        bus: EventBus,
        *,
        shown: Shown = lambda recorded: recorded,
        pause: float = _PAUSE,
    ) -> None:
        """Prepare a relay; `run` does the work.

        Args:
            experiment: Whose events they are.
            store: Where they are; it stays open for as long as `run` runs.
            bus: Where to publish them; entered.
            shown: Returns what subscribers may see of an event, such as without paths of this machine.
            pause: Seconds between an outage and the first attempt to go on; they double while it lasts.
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
        """The sequence of the last event that the bus has accepted, as far as is known."""
        return self._published

    @property
    def lag(self) -> int:
        """How many events are committed and not yet published."""
        return max(0, self._committed - self._published)

    async def run(self) -> None:
        """Publish until the experiment's log ends (or its store closes) and all is published.

        An outage of the bus is waited out, for as long as it lasts; cancel it to give up.

        Raises:
            ExceptionGroup: The log cannot be read.
        """
        with suppress(BusUnavailable):
            self._published = await self._bus.last_published(self._source, self._pattern)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._count())
            tasks.create_task(self._publish_all())

    async def _count(self) -> None:
        """Follow the log by itself, so that the lag is known during an outage, too."""
        async with aclosing(self._store.events(self._published, follow=True)) as log:  # type: ignore[type-var]
            async for recorded in log:
                self._committed = recorded.sequence

    async def _publish_all(self) -> None:
        pause = self._pause
        while True:
            before = self._published
            try:
                await self._go_on()
            except* BusUnavailable as outage:
                trouble = describe(outage)
            else:
                return
            if self._published > before:
                pause = self._pause
            if pause == self._pause:
                _log.warning("events wait for the bus", experiment=self._name, lag=self.lag, trouble=trouble)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _GROWTH * self._pause)

    async def _go_on(self) -> None:
        """Publish what follows the last event that the bus has, until the log ends or the bus fails."""
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
            # A generation's genomes can be megabytes of JSON, and the loop that makes them is the run's own.
            messages = await asyncio.to_thread(self._encode, batch, self._bus.max_payload)
            await self._bus.publish(messages)
            self._published = messages[-1].sequence
            batch = batch[len(messages) :]

    def _encode(self, batch: Sequence[RecordedEvent], limit: int) -> list[BusMessage]:
        """Return the messages of a batch's first events: as many as are published in one call."""
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
            # Better known without its contents than never known, with all that follows it.
            _log.warning(
                "an event is too long for the bus, and is published without its contents",
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
    """Return what is there, at least one event; nothing at the log's end."""
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
