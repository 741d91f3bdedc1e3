"""The one writing connection: events and the tables read off them, many calls to a transaction."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clau_doom.domain.events import EpisodeFinished, Event
from clau_doom.errors import ResultsLost, StorageFailed, StoreCorrupted
from clau_doom.storage import schema
from clau_doom.storage.error_mapping import reading_errors, storage_errors
from clau_doom.storage.event_codec import encode, kind_of
from clau_doom.storage.file_watch import FileWatch
from clau_doom.storage.projection import KeepRecordings, Projection
from clau_doom.storage.validation import check_event

__all__ = ["Call", "Writer"]

_CHECKPOINT_INTERVAL = 30.0
"""Seconds between two checkpoints of a run that goes on."""
_SHORT_WAIT = 50
"""Milliseconds for which a checkpoint of a run that goes on waits for readers in the middle of an answer."""
_WAIT = 5000
"""Milliseconds for which everything else waits for another connection; `sqlite3`'s default."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `ExperimentStore.append`."""

    events: tuple[Event, ...]
    running_seconds: float


class Writer:
    """Writes results; used by one thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        keep_recordings: KeepRecordings,
        wall: Callable[[], float],
        checkpoint_interval: float = _CHECKPOINT_INTERVAL,
    ) -> None:
        """Open results for writing, and bring their tables up to date.

        Args:
            path: The results; the file is there already, and may be empty.
            keep_recordings: Whose recordings are kept.
            wall: Seconds since the epoch.
            checkpoint_interval: Seconds of commits after which the write-ahead log is moved into the file.

        Raises:
            StorageFailed: They cannot be opened.
        """
        self._folder = path.parent
        self._wall = wall
        with storage_errors(self._folder):
            self._connection = schema.connect(path, write=True)
            try:
                schema.migrate(self._connection)
                with reading_errors(self._folder):
                    schema.check_tables(self._connection)
                (self._last,) = self._connection.execute("SELECT coalesce(max(sequence), 0) FROM log").fetchone()
            except BaseException:
                self._connection.close()
                raise
        self._experiment = ""
        self._projection = Projection(self._connection, keep_recordings)
        self._files = FileWatch(path)
        self._lost = False
        self._interval = checkpoint_interval
        self._checkpointed = time.monotonic()

    def commit(self, calls: Sequence[Call]) -> list[int | StorageFailed]:
        """Keep calls in one transaction; return the last sequence of each, or why nothing of it was kept.

        When the transaction fails, each call gets one of its own, so that none fails for another's fault.
        """
        self._check_files()
        results = self._commit(calls)
        self._check_files()
        if time.monotonic() - self._checkpointed >= self._interval:
            self._checkpoint(_SHORT_WAIT)
        return results

    def close(self) -> None:
        """Close the connection; the file alone then holds everything, unless a reader was slow.

        Raises:
            ResultsLost: The files are not those any more that were written; not when `commit` has said so.
        """
        try:
            self._checkpoint(_WAIT)
            if not self._lost:
                self._check_files()
        finally:
            self._connection.close()

    def _commit(self, calls: Sequence[Call]) -> list[int | StorageFailed]:
        try:
            return [*self._transact(calls)]
        except StorageFailed as error:
            if len(calls) == 1:
                return [error]
        return [result for call in calls for result in self._commit([call])]

    def _check_files(self) -> None:
        try:
            self._files.check(self._kept)
        except ResultsLost:
            self._lost = True
            raise

    def _kept(self) -> str:
        try:
            (generations,) = self._connection.execute("SELECT count(*) FROM generations").fetchone()
            (episodes,) = self._connection.execute("SELECT count(*) FROM played").fetchone()
        except sqlite3.Error:  # an emptied file cannot tell
            return "all its generations and episodes"
        return f"{generations:,} finished generations and {episodes:,} finished episodes"

    def _checkpoint(self, wait: int) -> None:
        """Move the write-ahead log into the file, and empty it; what is committed is safe without it.

        SQLite does so by itself only when the last connection closes that may write, and never while others read.

        Args:
            wait: Milliseconds for readers to finish; those that take longer leave the rest to the next checkpoint.
        """
        with suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {wait}")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        with suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {_WAIT}")
        self._checkpointed = time.monotonic()

    def _transact(self, calls: Sequence[Call]) -> list[int]:
        with storage_errors(self._folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                sequences = self._write(calls)
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        self._last = sequences[-1]
        return sequences

    def _write(self, calls: Sequence[Call]) -> list[int]:
        now, sequence, sequences = self._wall(), self._last, []
        for call in calls:
            for event in call.events:
                sequence += 1
                # A finished episode is told by its row in `played`, which the projection writes.
                told = (None, None) if isinstance(event, EpisodeFinished) else (kind_of(event), encode(event))
                self._connection.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (sequence, now, *told))
                self._projection.apply(sequence, event)
                self._check(event)
            sequences.append(sequence)
        self._connection.execute("UPDATE experiment SET running_seconds = ?", (calls[-1].running_seconds,))
        return sequences

    def _check(self, event: Event) -> None:
        """Refuse an event with a value that could not be read back."""
        if not self._experiment:
            (self._experiment,) = self._connection.execute("SELECT id FROM experiment").fetchone()
        try:
            check_event(event, self._experiment)
        except StoreCorrupted as error:
            raise StorageFailed(f"an event cannot be stored: {error}") from None
