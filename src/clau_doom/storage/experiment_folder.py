"""Folder of one experiment, with configuration, results, logs and lock."""

import hashlib
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from clau_doom.atomic_write import sync_to_disk, write_atomically
from clau_doom.domain.events import ExperimentCreated
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import StorageFailed
from clau_doom.storage import experiment_lock
from clau_doom.storage.error_mapping import storage_errors
from clau_doom.storage.event_writer import AppendCall, EventWriter
from clau_doom.storage.experiment_reader import ExperimentReader
from clau_doom.storage.folder_name_check import check_identity
from clau_doom.storage.sqlite_store import RESULTS, SqliteStore
from clau_doom.storage.state_tables import KeepRecordings
from clau_doom.storage.stored_inputs import StoredInputs

__all__ = ["ExperimentFolder", "fill_folder"]

_CONFIG = "config.yaml"
_LOGS = "logs"
_INPUTS = "inputs"
_TRACKERS = "trackers"
_PRIVATE = 0o600
_LONGEST_SOCKET = 100
"""Maximum bytes of a socket's path; the kernel accepts 107 on Linux and 103 elsewhere."""


@dataclass(frozen=True)
class ExperimentFolder:
    """Folder of one experiment.

    Attributes:
        path: Path of the folder; its name is the id of the experiment.
    """

    path: Path

    @property
    def id(self) -> str:
        """Id of the experiment."""
        return self.path.name

    @property
    def config(self) -> Path:
        """File with the latest resolved configuration, for users; the store has its own copy."""
        return self.path / _CONFIG

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.path / _LOGS

    @property
    def trackers(self) -> Path:
        """Folder of files that trackers write by default, and of their cursors; created by the first tracker."""
        return self.path / _TRACKERS

    @property
    def inputs(self) -> StoredInputs:
        """Copies of the experiment's inputs."""
        return StoredInputs(self.path / _INPUTS)

    @property
    def socket(self) -> Path:
        """Unix socket of the process that runs the experiment; in a temporary folder if the path would be too long."""
        path = self.path.absolute() / "control.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET:
            return path
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"clau-doom-{os.getuid()}-{name}.sock"

    def write(self, *, keep_recordings: KeepRecordings = "champions") -> AbstractAsyncContextManager[SqliteStore]:
        """Open the store for writing; see `SqliteStore.writing`."""
        return SqliteStore.writing(self.path, keep_recordings=keep_recordings)

    def read(self) -> AbstractAsyncContextManager[SqliteStore]:
        """Open the store for reading; see `SqliteStore.reading`."""
        return SqliteStore.reading(self.path)

    def open_reader(self) -> ExperimentReader:
        """Open the store for reading without an event loop; the caller closes it.

        Raises:
            StorageFailed: The results cannot be opened.
        """
        return ExperimentReader(self.path / RESULTS)

    def make_logs(self) -> Path:
        """Return the folder of the logs; create it if it is missing, as in a restored backup.

        Raises:
            DiskFull: The disk is full.
            StorageFailed: The folder cannot be created.
        """
        with storage_errors(self.path):
            self.logs.mkdir(mode=0o700, exist_ok=True)
        return self.logs

    def holder(self) -> int | None:
        """Return the id of the process that runs the experiment, or None."""
        return experiment_lock.holder(self.path)

    def check_identity(self, stored: str) -> None:
        """Check that the folder has its experiment's name; see `identity.check_identity`."""
        check_identity(self.path, stored)

    def write_config(self, text: str) -> None:
        """Replace the configuration file atomically.

        Raises:
            DiskFull: The disk is full; the old file is unchanged.
        """
        with storage_errors(self.path):
            write_atomically(self.config, text.encode(), mode=_PRIVATE)


def fill_folder(folder: Path, experiment: Experiment, inputs: Mapping[str, bytes]) -> None:
    """Create the files of a new experiment in an empty folder."""
    (folder / _LOGS).mkdir(mode=0o700)
    if inputs:
        (folder / _INPUTS).mkdir(mode=0o700)
        for name, content in inputs.items():
            write_atomically(folder / _INPUTS / name, content, mode=_PRIVATE)
        sync_to_disk(folder / _INPUTS)
    write_atomically(folder / _CONFIG, experiment.config_yaml.encode(), mode=_PRIVATE)
    write_atomically(folder / RESULTS, b"", mode=_PRIVATE)
    os.close(experiment_lock.acquire(folder))
    writer = EventWriter(folder / RESULTS, keep_recordings="all", wall=time.time)
    try:
        (result,) = writer.commit([AppendCall((ExperimentCreated(experiment=experiment),), 0.0)])
    finally:
        writer.close()
    if isinstance(result, StorageFailed):
        raise result
    sync_to_disk(folder)
