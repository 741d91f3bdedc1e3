"""Failures of trackers, stored in an experiment's folder, so that `status` shows them without the run's process."""

import json
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypedDict

from clau_doom.atomic_write import write_atomically
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.regular_files import open_regular

__all__ = ["STATE", "clear_failure", "store_failure", "stored_failures"]

STATE = ".state"
"""Folder of the states of trackers, one folder for each tracker, in the folder of trackers."""

_FILE = "failure.json"
_LONGEST_ERROR = 500
_LARGEST, _MOST = 64 * 1024, 20
"""Bytes and number of files that are read. Folders can come from other people."""


class _Failure(TypedDict):
    uuid: str
    reader: str
    failures: int
    error: str


def store_failure(folder: Path, uuid: str, reader: str, error: str) -> None:
    """Store the latest failure of a tracker. Failures since the last success are counted.

    Args:
        folder: State of the tracker.
        uuid: UUID of the experiment.
        reader: Name of the tracker, such as ``mlflow tracker``.
        error: Reason, which is shortened to one line.

    Raises:
        OSError: The file cannot be written.
    """
    before = _read(folder / _FILE)
    count = before["failures"] + 1 if before and before["uuid"] == uuid else 1
    line = " ".join(error.split())[:_LONGEST_ERROR]
    content = json.dumps({"uuid": uuid, "reader": reader, "failures": count, "error": line})
    write_atomically(folder / _FILE, content.encode(), mode=0o600, sync=False)


def clear_failure(folder: Path) -> None:
    """Remove the failure of a tracker that works again."""
    with suppress(OSError):
        (folder / _FILE).unlink(missing_ok=True)


def stored_failures(trackers: Path, experiment: str, uuid: str) -> tuple[LogReaderFailure, ...]:
    """Return the trackers of an experiment that failed last time, by name.

    Args:
        trackers: Folder of trackers in the experiment's folder. It may be missing.
        experiment: Id of the experiment.
        uuid: UUID of the experiment. Files of other experiments are ignored.
    """
    try:
        paths = sorted(islice((trackers / STATE).glob(f"*/{_FILE}"), _MOST))
    except OSError:
        return ()
    known = [data for path in paths if (data := _read(path)) and data["uuid"] == uuid]
    return tuple(
        LogReaderFailure(
            reader=data["reader"], experiment=experiment, failures=data["failures"], failing=True, error=data["error"]
        )
        for data in sorted(known, key=lambda each: each["reader"])
    )


def _read(path: Path) -> _Failure | None:
    """Return the content of a file, or None if it is missing or damaged."""
    try:
        with open_regular(path) as file:
            data = json.loads(file.read(_LARGEST))
        return _Failure(
            uuid=str(data["uuid"]),
            reader=str(data["reader"])[:_LONGEST_ERROR],
            failures=max(int(data["failures"]), 1),
            error=str(data["error"])[:_LONGEST_ERROR],
        )
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
