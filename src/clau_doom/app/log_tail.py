"""Reader of the event log of a running experiment, for threads without an event loop."""

from pathlib import Path
from types import TracebackType
from typing import Self

from clau_doom.domain.events import RecordedEvent
from clau_doom.storage import ExperimentFolders, ExperimentReader

__all__ = ["LogTail"]


class LogTail:
    """Reads the events of an experiment from its folder, with a connection of its own. It never disturbs the run.

    Use it in one thread. The connection is opened at the first read, and again after a failure.
    """

    def __init__(self, output_dir: Path, experiment: str, *, after: int) -> None:
        """Start after the event of sequence `after`."""
        self._folder = ExperimentFolders(output_dir).open(experiment)
        self._reader: ExperimentReader | None = None
        self.position = after
        """Sequence of the last event that was read."""

    def __enter__(self) -> Self:
        """Enter the context without a connection."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._close()

    def read(self) -> tuple[RecordedEvent, ...]:
        """Return the next committed events, at most 256; empty at the end of the log.

        Raises:
            StorageFailed: The log cannot be read. A later call tries again from the same position.
        """
        try:
            if self._reader is None:
                self._reader = self._folder.open_reader()
            events = self._reader.page(self.position).events
        except BaseException:
            self._close()
            raise
        if events:
            self.position = events[-1].sequence
        return events

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
