"""The one writing connection: events and the tables read off them, many calls to a transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clau_doom.domain.events import EpisodeFinished, Event
from clau_doom.errors import StorageFailed
from clau_doom.storage import schema
from clau_doom.storage.codec import encode, kind_of
from clau_doom.storage.faults import storage_errors
from clau_doom.storage.projection import KeepRecordings, Projection

__all__ = ["Call", "Writer"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `ExperimentStore.append`."""

    events: tuple[Event, ...]
    running_seconds: float


class Writer:
    """Writes results; used by one thread at a time."""

    def __init__(self, path: Path, *, keep_recordings: KeepRecordings, wall: Callable[[], float]) -> None:
        """Open results for writing, and bring their tables up to date.

        Args:
            path: The results; the file is there already, and may be empty.
            keep_recordings: Whose recordings are kept.
            wall: Seconds since the epoch.

        Raises:
            StorageFailed: They cannot be opened.
        """
        self._folder = path.parent
        self._wall = wall
        with storage_errors(self._folder):
            self._connection = schema.connect(path, write=True)
            try:
                schema.migrate(self._connection)
                (self._last,) = self._connection.execute("SELECT coalesce(max(sequence), 0) FROM log").fetchone()
            except BaseException:
                self._connection.close()
                raise
        self._projection = Projection(self._connection, keep_recordings)

    def commit(self, calls: Sequence[Call]) -> list[int | StorageFailed]:
        """Keep calls in one transaction; return the last sequence of each, or why nothing of it was kept.

        When the transaction fails, each call gets one of its own, so that none fails for another's fault.
        """
        try:
            return [*self._transact(calls)]
        except StorageFailed as error:
            if len(calls) == 1:
                return [error]
        return [result for call in calls for result in self.commit([call])]

    def close(self) -> None:
        """Close the connection, and with it the write-ahead log."""
        self._connection.close()

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
            sequences.append(sequence)
        self._connection.execute("UPDATE experiment SET running_seconds = ?", (calls[-1].running_seconds,))
        return sequences
