"""What reads the experiments' logs beside the runs: metrics, the operator's log, and the relay to the bus."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Self

from clau_doom.backends.local import Cores
from clau_doom.bootstrap.laboratory import ServerLaboratory
from clau_doom.bootstrap.narration import narrate
from clau_doom.config import StoredExperiment
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ClauDoomError, describe
from clau_doom.events import Relay
from clau_doom.logs import bound, get_logger
from clau_doom.metrics import Metrics
from clau_doom.ports import EventBus, ExperimentStore

__all__ = ["Followers"]

_LOOK = 1.0
"""Seconds between two looks at what is no event: workers, the outbox."""
_LAST_WORDS = 5.0
"""Seconds that the relays may take at the end; what is not published then is published by the next server."""

_log = get_logger(__name__)
_Read = Callable[[str, ExperimentStore], Awaitable[None]]


class Followers:
    """Follows every experiment that is run, and ends nothing when a log cannot be read. Enter it before the runs."""

    def __init__(self, laboratory: ServerLaboratory, metrics: Metrics, bus: EventBus | None) -> None:
        """Follow what a laboratory keeps; `bus` is where events are published, or None."""
        self._laboratory = laboratory
        self._metrics = metrics
        self._bus = bus
        self._tasks = asyncio.TaskGroup()
        self._looking: asyncio.Task[None] | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self._relays: dict[str, Relay] = {}
        self._publishing: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        """Begin to look; nothing is followed yet."""
        await self._tasks.__aenter__()
        self._looking = self._tasks.create_task(self._look(self._laboratory.cores))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let those who follow come to the ends of the logs, for a moment."""
        if self._reading:
            await asyncio.wait(self._reading, timeout=_LAST_WORDS)
        for task in (self._looking, *self._reading):
            if task is not None:
                task.cancel()
        await self._tasks.__aexit__(None, None, None)

    def begin(self, experiments: Sequence[StoredExperiment]) -> None:
        """Show the experiments that are stored, and publish what the last server did not come to."""
        for stored in experiments:
            name = stored.snapshot.experiment.id
            self._metrics.begin(name, replace(stored.snapshot, state=stored.state))
            if stored.state is not ExperimentState.RUNNING:
                self._relay(name)

    def follow(self, experiment: str) -> None:
        """Follow a run that has begun."""
        self._read(experiment, self._measure)
        self._relay(experiment)

    def _relay(self, experiment: str) -> None:
        """Publish an experiment's events; whoever did so before, such as for the last server's rest, ends first."""
        if self._bus is not None:
            publish = partial(self._publish, self._bus, self._publishing.get(experiment))
            self._publishing[experiment] = self._read(experiment, publish)

    def _read(self, experiment: str, read: _Read) -> "asyncio.Task[None]":
        task = self._tasks.create_task(self._guarded(experiment, read))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return task

    async def _guarded(self, experiment: str, read: _Read) -> None:
        with bound(experiment=experiment):
            try:
                async with self._laboratory.read(experiment) as store:
                    await read(experiment, store)
            except* ClauDoomError as errors:
                _log.error("an experiment's log cannot be followed", error=describe(errors))

    async def _measure(self, experiment: str, store: ExperimentStore) -> None:
        snapshot = await store.snapshot()
        self._metrics.begin(experiment, snapshot)
        async for recorded in store.events(snapshot.last_sequence, follow=True):
            self._metrics.apply(experiment, recorded)
            narrate(experiment, recorded.event)

    async def _publish(
        self, bus: EventBus, before: "asyncio.Task[None] | None", experiment: str, store: ExperimentStore
    ) -> None:
        if before is not None:
            before.cancel()
            await asyncio.wait({before})
        relay = Relay((await store.snapshot()).experiment, store, bus)
        self._relays[experiment] = relay
        await relay.run()

    async def _look(self, cores: Cores) -> None:
        restarts = 0
        while True:
            self._metrics.workers(busy=cores.busy, total=len(cores.places))
            for _ in range(cores.restarts - restarts):
                self._metrics.worker_restarted()
            restarts = cores.restarts
            for experiment, relay in self._relays.items():
                self._metrics.outbox_lag(experiment, relay.lag)
            await asyncio.sleep(_LOOK)
