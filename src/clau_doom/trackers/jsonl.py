"""JSONL file with the events, curves and results of one experiment."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, ClassVar

from clau_doom.config import JsonlTrackerConfig
from clau_doom.errors import ConfigError, StorageFailed
from clau_doom.ports import TrackedExperiment, TrackerUpdate
from clau_doom.trackers.plain_data import curves_data, event_data, make_folder, results_data

__all__ = ["JsonlTracker"]


class JsonlTracker:
    """Appends lines to ``ID.jsonl``. The file itself shows the last event, so that none is written twice.

    The curves and results of an event precede its line. An interrupted write is cut off behind the last line of an
    event.
    """

    film_suffix: ClassVar[str | None] = None

    def __init__(self, config: JsonlTrackerConfig) -> None:
        self._folder = config.folder
        self._path = Path()
        self._file: IO[bytes] | None = None

    @property
    def target(self) -> str:
        """Path of the file."""
        return str(self._path)

    def open(self, experiment: TrackedExperiment) -> int:
        """Open the file, cut off an incomplete end, and return the sequence of its last event.

        Raises:
            ConfigError: The file belongs to another experiment or is not a file of this tracker.
            StorageFailed: The folder is a link.
            OSError: The file cannot be opened.
        """
        self._experiment = experiment
        self._path = make_folder(Path(self._folder) if self._folder else experiment.folder) / f"{experiment.id}.jsonl"
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._file = os.fdopen(os.open(self._path, flags, 0o600), "r+b")
        except OSError as error:
            raise StorageFailed(f"cannot write {self._path}: {error.strerror}") from error
        end, last = self._complete(self._file)
        self._file.truncate(end)
        self._file.seek(end)
        if end == 0:
            self._append([_line({"type": "experiment", **_header(experiment)})])
        return last

    def _complete(self, file: IO[bytes]) -> tuple[int, int]:
        """Return the end and the sequence of the last line of an event; the end of the first line if none follows."""
        end = last = position = 0
        for line in file:
            position += len(line)
            if not line.endswith(b"\n"):
                break
            try:
                data = json.loads(line)
                kind = data["type"]
                if kind == "experiment" and data["uuid"] != self._experiment.uuid:
                    raise ConfigError(f"{self._path} has the events of another experiment: choose another folder")
                if kind in {"experiment", "event"}:
                    end, last = position, data.get("sequence", 0)
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise ConfigError(f"{self._path} is not a file of the jsonl tracker: move it away") from error
        if position and not end:
            raise ConfigError(f"{self._path} is not a file of the jsonl tracker: move it away")
        return end, last

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        """Append the lines of updates.

        Raises:
            OSError: The file cannot be written.
        """
        lines: list[bytes] = []
        for update in updates:
            if update.curves:
                lines.append(_line({"type": "curves", "sequence": update.sequence, **curves_data(update.curves)}))
            if update.results:
                lines.append(_line({"type": "results", "sequence": update.sequence, **results_data(update.results)}))
            lines.append(_line({"type": "event", **event_data(self._experiment, update)}))
        self._append(lines)

    def _append(self, lines: Sequence[bytes]) -> None:
        assert self._file is not None, "opened first"
        self._file.write(b"".join(lines))
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _header(experiment: TrackedExperiment) -> dict[str, object]:
    return {
        "id": experiment.id,
        "uuid": experiment.uuid,
        "time": experiment.created,
        "config": dict(experiment.config),
        "provenance": dict(experiment.provenance),
    }


def _line(data: dict[str, object]) -> bytes:
    return json.dumps(data, allow_nan=False, ensure_ascii=False).encode() + b"\n"
