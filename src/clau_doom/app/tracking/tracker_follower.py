"""Reader of an experiment's log that writes it to one tracker."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from clau_doom.app.tracker_cursor import TrackerCursor
from clau_doom.app.tracking.final_results import final_results
from clau_doom.app.tracking.generation_curves import CurveAccumulator
from clau_doom.app.tracking.tracked_experiment import tracked_experiment
from clau_doom.app.tracking.tracked_source import EventLog, TrackedSource
from clau_doom.blocking_thread import BlockingThread
from clau_doom.config import CustomTrackerConfig, TrackerConfig, import_paths, importing_from
from clau_doom.domain.events import ExperimentCompleted, ExperimentCreated, RecordedEvent
from clau_doom.domain.experiment import Experiment
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, StoreCorrupted, TrackerUnavailable, WrongState
from clau_doom.logs import get_logger
from clau_doom.ports import FinalResults, Tracker, TrackerUpdate
from clau_doom.redaction import redact
from clau_doom.trackers import make_tracker

__all__ = ["TrackerFollower", "WrittenCounts"]

_AHEAD = 512
"""Events read ahead of the tracker."""
_BATCH = 256
"""Maximum number of updates in one call of a tracker."""

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class WrittenCounts:
    """Updates that a follower has written since its creation.

    Attributes:
        target: Place that was written; empty before the tracker was opened.
        events: Number of events that were new for the tracker.
        generations: Number of completed generations among them.
        results: Whether final results are among them.
        film: Whether the results have a film.
    """

    target: str = ""
    events: int = 0
    generations: int = 0
    results: bool = False
    film: bool = False

    def plus(self, batch: Sequence[TrackerUpdate]) -> "WrittenCounts":
        """Return the counts after a further batch."""
        results = [update.results for update in batch if update.results]
        return replace(
            self,
            events=self.events + len(batch),
            generations=self.generations + sum(update.curves is not None for update in batch),
            results=self.results or bool(results),
            film=self.film or any(each.film is not None for each in results),
        )


class TrackerFollower:
    """Writes the log of one experiment to one tracker, from the tracker's own position.

    The tracker runs in its own thread, so that neither a slow nor a hanging target delays a run. After an error, call
    `follow` again: it creates a new tracker and continues behind the last event that the target contains.

    Attributes:
        name: Name in logs and in `status`, such as ``mlflow tracker``.
        experiment: Id of the experiment.
        counts: Updates that were written since the creation of the follower.
    """

    def __init__(self, config: TrackerConfig, source: TrackedSource) -> None:
        """Prepare a follower; `follow` does the work.

        Args:
            config: The tracker.
            source: The experiment.
        """
        self._config = config
        self._source = source
        self.experiment = source.experiment
        self._import_paths = import_paths()
        self._position = 0
        self.counts = WrittenCounts()
        self.name = f"{self.kind} tracker"

    @property
    def kind(self) -> str:
        """Kind of the tracker, or the target of a user's class."""
        return self._config.target if isinstance(self._config, CustomTrackerConfig) else self._config.kind

    def position(self) -> int:
        """Return the sequence of the last event that the target contains, as far as known."""
        return self._position

    def behind(self, experiment: Experiment, last: int) -> bool:
        """Return whether an earlier process wrote the experiment to the target, but not to its last event.

        The target itself is not read.

        Args:
            experiment: The experiment.
            last: Sequence of its last event.
        """
        try:
            trackers = self._source.trackers(experiment)
        except WrongState:  # a copy of another experiment is not tracked
            return False
        return 0 < TrackerCursor(trackers, self._config, experiment.uuid).read() < last

    async def follow(self, store: EventLog, *, live: bool = True) -> None:
        """Write events until the log ends. The reason of a failure is stored for `status`.

        Args:
            store: Log of the experiment.
            live: Wait for further events while the experiment runs.

        Raises:
            ConfigError: The tracker cannot be used as configured.
            ExperimentBusy: Another process writes the same target.
            TrackerUnavailable: The target failed. Call again to continue.
            WrongState: The folder is a copy of another experiment.
            StorageFailed: The log cannot be read.
        """
        async with aclosing(store.events(0, follow=live)) as log:  # type: ignore[type-var]
            first = await anext(log)
            if not isinstance(first.event, ExperimentCreated):
                raise StoreCorrupted(f"experiment {self.experiment} is damaged: its log does not begin at its creation")
            folder = self._source.trackers(first.event.experiment)
            experiment = await asyncio.to_thread(tracked_experiment, first.event.experiment, first.time, folder)
            cursor = TrackerCursor(folder, self._config, experiment.uuid)
            with self._reporting(), cursor.claim(), self._stored_failure(cursor):
                with importing_from(self._import_paths):
                    tracker = make_tracker(self._config)
                thread = BlockingThread(self.name)
                try:
                    known = await thread.call(partial(tracker.open, experiment))
                    self._position = cursor.read() if known is None else known
                    self.counts = replace(self.counts, target=tracker.target)
                    await self._write_all(first, log, tracker, thread, cursor)
                except BaseException:
                    thread.post(tracker.close)
                    raise
                else:
                    await thread.call(tracker.close)
                finally:
                    thread.close()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Convert an error of a library into one line without secrets. A user's class keeps its traceback."""
        try:
            yield
        except ClauDoomError:
            raise
        except Exception as error:
            if isinstance(self._config, CustomTrackerConfig):
                raise
            raise TrackerUnavailable(_reason(error)) from None

    @contextmanager
    def _stored_failure(self, cursor: TrackerCursor) -> Iterator[None]:
        """Store a failure in the experiment's folder, and remove it at the end of the log."""
        try:
            yield
        except Exception as error:
            cursor.fail(self.name, _reason(error))
            raise
        cursor.recover()

    async def _write_all(
        self,
        first: RecordedEvent,
        log: AsyncIterator[RecordedEvent],
        tracker: Tracker,
        thread: BlockingThread,
        cursor: TrackerCursor,
    ) -> None:
        ahead: asyncio.Queue[TrackerUpdate | None] = asyncio.Queue(_AHEAD)
        reading = asyncio.create_task(self._read(first, log, tracker.film_suffix, ahead))
        try:
            while batch := await _next_batch(ahead):
                await thread.call(partial(tracker.write, batch))
                self._position = batch[-1].sequence
                self.counts = self.counts.plus(batch)
                cursor.write(self._position)
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(
        self,
        first: RecordedEvent,
        log: AsyncIterator[RecordedEvent],
        film_suffix: str | None,
        ahead: "asyncio.Queue[TrackerUpdate | None]",
    ) -> None:
        """Read all events, because curves depend on earlier ones, and queue those behind the tracker's position."""
        curves, known = CurveAccumulator(), self._position
        try:
            await self._queue(first, curves, known, film_suffix, ahead)
            async for recorded in log:
                await self._queue(recorded, curves, known, film_suffix, ahead)
        except Exception:
            await ahead.put(None)
            raise
        await ahead.put(None)

    async def _queue(
        self,
        recorded: RecordedEvent,
        curves: CurveAccumulator,
        known: int,
        film_suffix: str | None,
        ahead: "asyncio.Queue[TrackerUpdate | None]",
    ) -> None:
        completed = curves.apply(recorded)
        if recorded.sequence <= known:
            return
        results = await self._results(recorded, film_suffix)
        await ahead.put(TrackerUpdate(recorded=self._source.private.event(recorded), curves=completed, results=results))

    async def _results(self, recorded: RecordedEvent, film_suffix: str | None) -> FinalResults | None:
        """Return the results if the event completes the experiment, and no later run has continued it."""
        if not isinstance(recorded.event, ExperimentCompleted):
            return None
        try:
            stored = await self._source.stored()
        except StoreCorrupted as error:  # the events behind this one can still be written
            _log.warning("the final results cannot be read", experiment=self.experiment, reason=describe(error))
            return None
        if stored.snapshot.last_sequence != recorded.sequence:
            return None
        results = await asyncio.to_thread(final_results, stored)
        if film_suffix is None or results.champion is None or not getattr(self._config, "film", False):
            return results
        trackers = self._source.trackers(stored.snapshot.experiment)
        return replace(results, film=await self._source.film(trackers, results.champion, film_suffix))


def _reason(error: Exception) -> str:
    """Return the reason of a failure without secrets."""
    text = describe(error)
    return text if isinstance(error, ClauDoomError) else redact(f"{type(error).__name__}: {text}")


async def _next_batch(ahead: "asyncio.Queue[TrackerUpdate | None]") -> list[TrackerUpdate]:
    """Return the available updates, at least one; an empty list at the end of the log."""
    update = await ahead.get()
    batch: list[TrackerUpdate] = []
    while update is not None:
        batch.append(update)
        if len(batch) == _BATCH or ahead.empty():
            return batch
        update = ahead.get_nowait()
    if batch:
        ahead.put_nowait(None)
    return batch
