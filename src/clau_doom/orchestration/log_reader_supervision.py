"""Supervision of the readers of the event log. A failing reader is restarted, and stops neither runs nor servers.

A reader follows an experiment's log independently of the run. Examples are metrics, the operator's log, the relay to
NATS, the progress display and streams to clients. Its failures are logged, counted, and shown by `status` and
``/readyz``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from clau_doom.backoff import Backoff
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.domain.events import RecordedEvent
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError
from clau_doom.logs import bound, get_logger
from clau_doom.ports import ExperimentStore

__all__ = ["EventReader", "ReaderHealth"]

_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
_LONGEST_ERROR = 500
_TRIES = 2
"""Maximum attempts per event of a failing reader."""

Position = Callable[[], int]
"""Returns a number that grows with a reader's progress."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class _Record:
    """Failures of one reader of one experiment."""

    failures: int
    error: str
    position: Position | None
    at: int

    @property
    def failing(self) -> bool:
        return self.position is not None and self.position() <= self.at


class ReaderHealth:
    """Runs readers, restarts failing ones and records their failures."""

    def __init__(self, *, count: Callable[[str], None] = lambda _: None, pause: float = _SHORTEST_PAUSE) -> None:
        """Start without failures.

        Args:
            count: Called with the reader's name at each failure.
            pause: Seconds before the first restart. Doubled without progress of the reader, up to 30 s.
        """
        self._count = count
        self._pause = pause
        self._records: dict[tuple[str, str], _Record] = {}

    async def keep_reading(
        self, reader: str, experiment: str, read: Callable[[], Awaitable[None]], position: Position
    ) -> None:
        """Read until `read` returns. Call it again, after a pause, when it raises.

        Args:
            reader: Name of the reader.
            experiment: Id of the experiment, or an empty text.
            read: Reads from the reader's own cursor to the end of the log.
            position: Returns the cursor. Progress of the cursor resets the pause.
        """
        backoff, reached = Backoff(self._pause, _LONGEST_PAUSE), position()
        while True:
            try:
                return await read()
            except Exception as error:  # a failing reader must not stop the run
                self.failed(reader, experiment, error, position)
            if position() > reached:
                reached = position()
                backoff.reset()
            await asyncio.sleep(backoff.next_delay())

    def failed(self, reader: str, experiment: str, error: Exception, position: Position | None = None) -> None:
        """Count a failure. Log it, unless the reader failed with the same error at the same position before.

        Args:
            reader: Name of the reader.
            experiment: Id of the experiment, or an empty text.
            error: The failure.
            position: Cursor of the reader. None: a client's stream, which the client resumes.
        """
        key, at, text = (reader, experiment), position() if position else 0, _one_line(error)
        before = self._records.get(key)
        self._records[key] = _Record(1 + (before.failures if before else 0), text, position, at)
        self._count(reader)
        if before is None or (before.at, before.error) != (at, text):
            trace = None if _expected(error) else error
            with bound(experiment=experiment or None):
                _log.error("reader of the log failed and is restarted", reader=reader, error=text, exc_info=trace)

    def of(self, experiment: str) -> tuple[LogReaderFailure, ...]:
        """Return the failures of an experiment's readers, by reader."""
        return tuple(each for each in self.all() if each.experiment == experiment)

    def all(self) -> tuple[LogReaderFailure, ...]:
        """Return all failures, by experiment and reader."""
        ordered = sorted(self._records.items(), key=lambda item: (item[0][1], item[0][0]))
        return tuple(
            LogReaderFailure(
                reader=reader,
                experiment=experiment,
                failures=record.failures,
                failing=record.failing,
                error=record.error,
            )
            for (reader, experiment), record in ordered
        )

    def forget(self, experiment: str) -> None:
        """Delete the failures of a deleted experiment."""
        for key in [key for key in self._records if key[1] == experiment]:
            del self._records[key]


class EventReader:
    """Passes the events of one log to a function, in order, from a cursor that survives failures.

    An event that fails twice is skipped.
    """

    def __init__(self, take: Callable[[RecordedEvent], None], *, after: int) -> None:
        """Start after the event of sequence `after`."""
        self._take = take
        self._after = after
        self._failures = 0

    def position(self) -> int:
        """Return the sequence of the last event that was passed or skipped."""
        return self._after

    async def read(self, store: ExperimentStore) -> None:
        """Read to the end of the log. Errors of the function propagate."""
        if self._failures == _TRIES:
            self._after, self._failures = self._after + 1, 0  # sequences are contiguous
        async for recorded in store.events(self._after, follow=True):
            try:
                self._take(recorded)
            except Exception:
                self._failures += 1
                raise
            self._after, self._failures = recorded.sequence, 0


def _expected(error: Exception) -> bool:
    """Return whether the error's text is sufficient. Other errors are bugs and are logged with a traceback."""
    if isinstance(error, ExceptionGroup):
        return all(_expected(each) for each in error.exceptions)
    return isinstance(error, ClauDoomError)


def _one_line(error: Exception) -> str:
    kind = "" if _expected(error) else f"{type(error).__name__}: "
    return f"{kind}{' '.join(describe(error).split())}"[:_LONGEST_ERROR]
