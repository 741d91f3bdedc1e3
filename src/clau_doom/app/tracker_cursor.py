"""Cursor of a tracker in an experiment's folder: the last event that was written, and a lock."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import islice
from pathlib import Path

from clau_doom.app.tracker_failures import STATE, clear_failure, store_failure
from clau_doom.atomic_write import write_atomically
from clau_doom.config import TrackerConfig
from clau_doom.errors import ExperimentBusy
from clau_doom.regular_files import read_regular
from clau_doom.storage import experiment_lock
from clau_doom.trackers.plain_data import make_folder

__all__ = ["TrackerCursor", "discontinued_kinds"]

_CURSOR = "cursor.json"
_KINDS = ("tensorboard", "mlflow", "wandb", "jsonl", "webhook", "class")
_MOST = 100
"""Number of states that are read. Folders can come from other people."""
_NOT_TARGET = {"film", "timeout", "events", "header", "secret_file", "secret_variable"}
"""Options that can change without another target. A changed target starts with the first event."""


class TrackerCursor:
    """Position of one tracker in the log of one experiment, for targets that cannot tell it.

    It has the experiment's UUID, so that a cursor of another experiment is ignored.
    """

    def __init__(self, trackers: Path, config: TrackerConfig, uuid: str) -> None:
        """Use the cursor of a tracker.

        Args:
            trackers: Folder of trackers in the experiment's folder.
            config: Configuration of the tracker. Its target decides the name of the cursor; secrets stay out of it.
            uuid: UUID of the experiment.
        """
        target = json.dumps(config.model_dump(mode="json", exclude=_NOT_TARGET), sort_keys=True)
        self._kind = config.kind
        self._trackers = trackers
        self.name = f"{config.kind}-{sha256(target.encode()).hexdigest()[:12]}"
        self._folder = trackers / STATE / self.name
        self._uuid = uuid

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Exclude other processes that write the same target, while the context lasts.

        Raises:
            ExperimentBusy: Another process writes the target.
            StorageFailed: The folder cannot be used.
            OSError: The folder cannot be created.
        """
        for folder in (self._trackers, self._trackers / STATE, self._folder):
            make_folder(folder)
        descriptor = experiment_lock.acquire(self._folder, self._busy)
        try:
            yield
        finally:
            os.close(descriptor)

    def _busy(self, _: Path, pid: int) -> ExperimentBusy:
        experiment = self._trackers.parent.name
        return ExperimentBusy(f"process {pid} writes {experiment} to this {self._kind} tracker already: wait for it")

    def read(self) -> int:
        """Return the sequence of the last event that was written, or 0 if none is known."""
        return _read(self._folder, self._uuid)

    def fail(self, reader: str, error: str) -> None:
        """Store the reason of a failure, for `status`. An unwritable folder is ignored.

        Args:
            reader: Name of the tracker.
            error: Reason of the failure.
        """
        with suppress(OSError):
            store_failure(self._folder, self._uuid, reader, error)

    def recover(self) -> None:
        """Remove the stored failure."""
        clear_failure(self._folder)

    def write(self, sequence: int) -> None:
        """Store the sequence of the last event that was written. A tracker that writes does not fail any more.

        Raises:
            OSError: The file cannot be written.
        """
        content = json.dumps({"uuid": self._uuid, "sequence": sequence}).encode()
        write_atomically(self._folder / _CURSOR, content, mode=0o600, sync=False)
        self.recover()


def discontinued_kinds(trackers: Path, configs: Sequence[TrackerConfig], uuid: str) -> tuple[str, ...]:
    """Return the kinds of trackers that have events of an experiment, but do not follow its next run.

    Args:
        trackers: Folder of trackers in the experiment's folder. It may be missing.
        configs: Trackers of the next run.
        uuid: UUID of the experiment.
    """
    continued = {TrackerCursor(trackers, config, uuid).name for config in configs}
    try:
        folders = sorted(islice((trackers / STATE).iterdir(), _MOST))
    except OSError:
        return ()
    kinds = {path.name.partition("-")[0] for path in folders if path.name not in continued and _read(path, uuid) > 0}
    return tuple(kind for kind in _KINDS if kind in kinds)


def _read(folder: Path, uuid: str) -> int:
    """Return the sequence in a state, or 0 if there is none for this experiment."""
    try:
        data = json.loads(read_regular(folder / _CURSOR))
        return int(data["sequence"]) if data["uuid"] == uuid else 0
    except (OSError, ValueError, LookupError, TypeError):
        return 0
