"""Readers of the experiments' event logs: metrics, the server's log, trackers, and the relay to the event bus."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from clau_doom.access import PrivatePaths
from clau_doom.app.event_logging import log_event
from clau_doom.app.folder_repository import FolderRepository
from clau_doom.app.tracking.tracker_follower import TrackerFollower
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.events import Relay
from clau_doom.logs import bound
from clau_doom.metrics import MetricsCollector
from clau_doom.orchestration import EventReader, ReaderHealth
from clau_doom.ports import EventBus, ExperimentStore, StoredExperiment

__all__ = ["EventLogConsumers"]

_POLL_INTERVAL = 1.0
"""Seconds between two polls of workers, the outbox and deleted experiments, which have no events."""
_RELAY_GRACE = 5.0
"""Seconds that the relays may take at shutdown. The next server publishes the remaining events."""

_Read = Callable[[ExperimentStore], Awaitable[None]]
FollowersOf = Callable[[str], Sequence[TrackerFollower]]
"""Returns new followers of an experiment."""
_Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class _Reading:
    """A running reader and its cursor."""

    task: "asyncio.Task[None]"
    position: Callable[[], int]


class EventLogConsumers:
    """Reads the log of every running experiment. Enter the context before the runs start.

    Each reader has its own task, connection and cursor. A failing reader disturbs neither the runs nor the other
    readers, and is restarted from its cursor.
    """

    def __init__(
        self,
        repository: FolderRepository,
        metrics: MetricsCollector,
        bus: EventBus | None,
        health: ReaderHealth,
        private: PrivatePaths = PrivatePaths({}),  # noqa: B008 - never modified
        *,
        trackers: FollowersOf = lambda _: (),
    ) -> None:
        """Prepare readers for the experiments of a repository.

        Args:
            repository: Repository of the experiments.
            metrics: Prometheus metrics.
            bus: Event bus, or None.
            health: Runs the readers and records their failures.
            private: Hides the server's paths from the subscribers of the bus.
            trackers: Returns new followers of an experiment for the server's trackers.
        """
        self._private = private
        self._trackers = trackers
        self._repository = repository
        self._metrics = metrics
        self._bus = bus
        self._health = health
        self._tasks = asyncio.TaskGroup()
        self._polling: asyncio.Task[None] | None = None
        self._reading: dict[_Key, _Reading] = {}
        self._relays: dict[str, Relay] = {}
        self._polls = 0
        self._restarts = 0

    async def __aenter__(self) -> Self:
        """Start polling. No log is followed yet."""
        await self._tasks.__aenter__()
        polling = self._health.keep_reading("workers", "", self._poll, lambda: self._polls)
        self._polling = self._tasks.create_task(polling)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait briefly until the readers reach the ends of the logs, then stop them."""
        reading = [each.task for each in self._reading.values()]
        if reading:
            await asyncio.wait(reading, timeout=_RELAY_GRACE)
        for task in (self._polling, *reading):
            if task is not None:
                task.cancel()
        await self._tasks.__aexit__(None, None, None)

    def catch_up(self, experiments: Sequence[StoredExperiment]) -> None:
        """Add the stored experiments to the metrics, and publish the events that the last server did not publish."""
        for stored in experiments:
            name = stored.snapshot.experiment.id
            try:
                standing = replace(stored.snapshot, state=stored.state)
                self._metrics.begin(name, standing, planned=stored.config.evolution_budget)
            except Exception as error:
                self._health.failed("metrics", name, error)
            if stored.state is not ExperimentState.RUNNING:
                self._relay(name)
                self._track(name, behind=stored.snapshot)

    def follow(self, experiment: str, before: Snapshot) -> None:
        """Follow a run that has started, from the snapshot before its start."""
        after = self._take_over("metrics", experiment, before.last_sequence)
        shown = after < before.last_sequence

        def measure(recorded: RecordedEvent) -> None:
            nonlocal shown
            if not shown:
                self._metrics.begin(experiment, before)
                shown = True
            self._metrics.apply(experiment, recorded)

        metrics = EventReader(measure, after=after)
        self._read("metrics", experiment, metrics.read, metrics.position)
        after = self._take_over("log", experiment, before.last_sequence)
        log = EventReader(lambda recorded: log_event(experiment, recorded.event), after=after)
        self._read("log", experiment, log.read, log.position)
        self._relay(experiment)
        self._track(experiment)

    def _take_over(self, reader: str, experiment: str, last: int) -> int:
        """Stop the reader of the previous run, and return the sequence after which the next reader starts."""
        before = self._reading.pop((reader, experiment), None)
        if before is None:
            return last
        before.task.cancel()
        return min(last, before.position())

    def _relay(self, experiment: str) -> None:
        """Publish the events of an experiment. Stop an earlier relay, such as for the last server's events."""
        if (bus := self._bus) is None:
            return
        previous = self._reading.pop(("relay", experiment), None)
        if previous is not None:
            previous.task.cancel()
        self._relays.pop(experiment, None)

        async def publish(store: ExperimentStore) -> None:
            if previous is not None:
                await asyncio.wait({previous.task})
            stored = (await store.snapshot()).experiment
            relay = self._relays[experiment] = Relay(stored, store, bus, shown=self._private.event)
            await relay.run()

        def published() -> int:
            relay = self._relays.get(experiment)
            return relay.published if relay else 0

        self._read("relay", experiment, publish, published)

    def _track(self, experiment: str, *, behind: Snapshot | None = None) -> None:
        """Write the events of an experiment to the trackers.

        Args:
            experiment: Id of the experiment.
            behind: Snapshot of an experiment that does not run. Only trackers that lack its last events follow it.
                None: the experiment has started.
        """
        for follower in self._trackers(experiment):
            if behind is not None and not follower.behind(behind.experiment, behind.last_sequence):
                continue
            previous = self._reading.pop((follower.name, experiment), None)
            if previous is not None:
                previous.task.cancel()
            self._read(follower.name, experiment, partial(_follow_after, previous, follower), follower.position)

    def _read(self, reader: str, experiment: str, read: _Read, position: Callable[[], int]) -> None:
        async def read_log() -> None:
            async with self._repository.read(experiment) as store:
                await read(store)

        async def keep_reading() -> None:
            with bound(experiment=experiment):
                await self._health.keep_reading(reader, experiment, read_log, position)

        key, reading = (reader, experiment), _Reading(self._tasks.create_task(keep_reading()), position)
        self._reading[key] = reading

        def done(_: "asyncio.Task[None]") -> None:
            if self._reading.get(key) is reading:
                del self._reading[key]

        reading.task.add_done_callback(done)

    async def _poll(self) -> None:
        while True:
            cores = self._repository.cores
            self._metrics.workers(busy=cores.busy, total=len(cores.places))
            for _ in range(cores.restarts - self._restarts):
                self._metrics.worker_restarted()
            self._restarts = cores.restarts
            for experiment, relay in self._relays.items():
                self._metrics.outbox_lag(experiment, relay.lag)
            await self._forget_deleted()
            self._polls += 1
            await asyncio.sleep(_POLL_INTERVAL)

    async def _forget_deleted(self) -> None:
        """Remove the metrics of experiments with deleted folders, and stop their readers."""
        shown = {*self._metrics.experiments, *self._relays}
        for experiment in await asyncio.to_thread(self._repository.deleted, shown):
            for key in [key for key in self._reading if key[1] == experiment]:
                self._reading.pop(key).task.cancel()
            self._metrics.forget(experiment)
            self._health.forget(experiment)
            self._relays.pop(experiment, None)


async def _follow_after(previous: _Reading | None, follower: TrackerFollower, store: ExperimentStore) -> None:
    """Follow a log after the end of the previous reader, which holds the target."""
    if previous is not None:
        await asyncio.wait({previous.task})
    await follower.follow(store)
