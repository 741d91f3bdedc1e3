"""Writing connection, which stores events and derived tables of many calls in one transaction."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clau_doom.domain.event_codec import encode
from clau_doom.domain.event_declaration import declaration_of
from clau_doom.domain.events import EpisodeFinished, Event
from clau_doom.errors import ResultsLost, StorageFailed, StoreCorrupted
from clau_doom.storage import schema
from clau_doom.storage.database_loss import FileWatch
from clau_doom.storage.error_mapping import reading_errors, storage_errors
from clau_doom.storage.state_tables import KeepRecordings, StateTables
from clau_doom.storage.validation import check_event

__all__ = ["AppendCall", "EventWriter"]

_CHECKPOINT_INTERVAL = 30.0
"""Seconds between two checkpoints during a run."""
_SHORT_WAIT = 50
"""Milliseconds for which a checkpoint during a run waits for readers."""
_WAIT = 5000
"""Milliseconds for which other statements wait for another connection; default of `sqlite3`."""


@dataclass(frozen=True, slots=True)
class AppendCall:
    """One call of `ExperimentStore.append`."""

    events: tuple[Event, ...]
    running_seconds: float


class EventWriter:
    """Writes results; used by one thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        keep_recordings: KeepRecordings,
        wall: Callable[[], float],
        checkpoint_interval: float = _CHECKPOINT_INTERVAL,
    ) -> None:
        """Open results for writing, and migrate their tables.

        Args:
            path: Existing database file, which may be empty.
            keep_recordings: Agents of which recordings are stored.
            wall: Returns seconds since the epoch.
            checkpoint_interval: Seconds between checkpoints of the write-ahead log.

        Raises:
            StorageFailed: The results cannot be opened.
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
        self._tables = StateTables(self._connection, keep_recordings)
        self._files = FileWatch(path)
        self._lost = False
        self._interval = checkpoint_interval
        self._checkpointed = time.monotonic()

    def commit(self, calls: Sequence[AppendCall]) -> list[int | StorageFailed]:
        """Store calls in one transaction; return the last sequence of each call, or its error.

        If the transaction fails, each call is stored in its own transaction, so that no call fails because of another.
        """
        self._check_files()
        results = self._commit(calls)
        self._check_files()
        if time.monotonic() - self._checkpointed >= self._interval:
            self._checkpoint(_SHORT_WAIT)
        return results

    def close(self) -> None:
        """Close the connection. The database file is then complete, unless a reader was slow.

        Raises:
            ResultsLost: The files were deleted or replaced, and `commit` has not reported it.
        """
        try:
            self._checkpoint(_WAIT)
            if not self._lost:
                self._check_files()
        finally:
            self._connection.close()

    def _commit(self, calls: Sequence[AppendCall]) -> list[int | StorageFailed]:
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
        except sqlite3.Error:  # the file was emptied
            return "all its generations and episodes"
        return f"{generations:,} finished generations and {episodes:,} finished episodes"

    def _checkpoint(self, wait: int) -> None:
        """Move the write-ahead log into the database file. Committed data is durable without it.

        SQLite does this by itself only when the last writing connection closes, and never while others read.

        Args:
            wait: Milliseconds to wait for readers; slower readers leave the rest to the next checkpoint.
        """
        with suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {wait}")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        with suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {_WAIT}")
        self._checkpointed = time.monotonic()

    def _transact(self, calls: Sequence[AppendCall]) -> list[int]:
        with storage_errors(self._folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                sequences = self._write(calls)
                self._connection.execute("COMMIT")
            except BaseException:
                self._tables.discard_cache()
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        self._last = sequences[-1]
        return sequences

    def _write(self, calls: Sequence[AppendCall]) -> list[int]:
        now, sequence, sequences = self._wall(), self._last, []
        for call in calls:
            for event in call.events:
                sequence += 1
                # A finished episode has its payload in `played`, which `StateTables` writes.
                finished = isinstance(event, EpisodeFinished)
                code, payload = (None, None) if finished else (declaration_of(event).code, encode(event))
                self._connection.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (sequence, now, code, payload))
                self._tables.apply(sequence, event)
                self._check(event)
            sequences.append(sequence)
        self._connection.execute("UPDATE experiment SET running_seconds = ?", (calls[-1].running_seconds,))
        return sequences

    def _check(self, event: Event) -> None:
        """Refuse an event with a value that could not be read."""
        if not self._experiment:
            (self._experiment,) = self._connection.execute("SELECT id FROM experiment").fetchone()
        try:
            check_event(event, self._experiment)
        except StoreCorrupted as error:
            raise StorageFailed(f"an event cannot be stored: {error}") from None
