"""Folder of all experiments, with one folder for each."""

import difflib
import errno
import os
import secrets
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from clau_doom.atomic_write import sync_to_disk
from clau_doom.domain import check_experiment_id
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import (
    ConfigError,
    ExperimentBusy,
    ExperimentExists,
    ExperimentNotFound,
    FolderBusy,
    StorageFailed,
)
from clau_doom.parameter_names import form_for
from clau_doom.storage import experiment_lock
from clau_doom.storage.error_mapping import storage_errors
from clau_doom.storage.experiment_folder import ExperimentFolder, fill_folder
from clau_doom.storage.experiment_reader import ExperimentReader
from clau_doom.storage.sqlite_store import RESULTS

__all__ = ["ExperimentFolders"]

_TOKEN = "token"  # noqa: S105 - name of a file
_SERVERS_OWN = {_TOKEN, experiment_lock.LOCK}
"""Names of a server's files, which lie next to the experiments."""
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


@dataclass(frozen=True)
class ExperimentFolders:
    """Experiments in one folder.

    Attributes:
        root: Path of the folder, which is created with the first experiment.
    """

    root: Path

    @property
    def token_file(self) -> Path:
        """File with the token of the folder's server."""
        return self.root / _TOKEN

    def create(self, experiment: Experiment, inputs: Mapping[str, bytes] | None = None) -> ExperimentFolder:
        """Create an experiment's folder, with its configuration and a store that contains its `ExperimentCreated`.

        The folder is created under another name and then moved, so that it appears atomically. An experiment of the
        same id without episodes is replaced.

        Args:
            experiment: The experiment.
            inputs: Input files by name; see `StoredInputs`.

        Raises:
            ConfigError: The id is invalid or the name of a server's file.
            ExperimentExists: An experiment of this id has episodes, is running or cannot be read.
            DiskFull: The disk is full.
            StorageFailed: The folder cannot be created.
        """
        target = self.root / check_experiment_id(experiment.id)
        if experiment.id in _SERVERS_OWN:
            raise ConfigError(
                f"an experiment cannot have the id {experiment.id}: a server has a file of that name in the "
                f"same folder; choose another {form_for(command_line='--name', python='name')}"
            )
        with storage_errors(self.root):
            taken = target.exists()
        if taken and not self._free(experiment.id):
            raise self._exists(experiment.id)
        with storage_errors(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{experiment.id}-", dir=self.root))
        try:
            with storage_errors(self.root):
                fill_folder(staging, experiment, inputs or {})
                staging.rename(target)
                sync_to_disk(self.root)
        except BaseException as error:
            shutil.rmtree(staging, ignore_errors=True)
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _TAKEN:
                raise self._exists(experiment.id) from None
            raise
        return ExperimentFolder(target)

    def discard(self, experiment: str) -> None:
        """Remove an experiment after a failed start, if it has no agents and is not running."""
        self._free(experiment, agents=False)

    def delete(self, experiment: str) -> None:
        """Delete an experiment with all of its results.

        Raises:
            ExperimentNotFound: The experiment does not exist.
            ExperimentBusy: A process runs the experiment.
            StorageFailed: The folder does not hold an experiment, or cannot be deleted.
        """
        folder = self.open(experiment).path
        with storage_errors(folder):
            there = (folder / RESULTS).is_file()
        if not there:
            raise StorageFailed(f"{folder} is not deleted: it does not hold the results of an experiment")
        descriptor = experiment_lock.acquire(folder)
        try:
            with storage_errors(folder):
                gone = self._hide(folder)
        finally:
            os.close(descriptor)
        with storage_errors(gone):
            shutil.rmtree(gone)

    def _hide(self, folder: Path) -> Path:
        """Rename a folder before its removal, so that other processes do not find an incomplete folder."""
        gone = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
        folder.rename(gone)
        return gone

    def _free(self, experiment: str, *, agents: bool = True) -> bool:
        """Remove an experiment without episodes that is not running.

        Args:
            experiment: Id of the experiment.
            agents: Remove the experiment even if it has agents.

        Returns:
            Whether the experiment was removed; a running or unreadable experiment is kept.
        """
        folder = self.root / experiment
        try:
            descriptor = experiment_lock.acquire(folder)
            try:
                with closing(ExperimentReader(folder / RESULTS)) as reader:
                    (asked, played), stored = reader.begun(), reader.stored_id()
                if played or (asked and not agents) or stored != experiment:
                    return False
                gone = self._hide(folder)
            finally:
                os.close(descriptor)
            shutil.rmtree(gone, ignore_errors=True)
        except (ExperimentBusy, StorageFailed, OSError):
            return False
        return True

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Lock the folder for one server while the context lasts; create it if it is missing.

        Raises:
            FolderBusy: Another process serves the folder; the message has its id.
            DiskFull: The disk is full.
        """
        with storage_errors(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = experiment_lock.acquire(self.root, _folder_busy)
        try:
            yield
        finally:
            os.close(descriptor)

    def open(self, experiment: str) -> ExperimentFolder:
        """Return an experiment's folder.

        Raises:
            ConfigError: `experiment` is not a valid id.
            ExperimentNotFound: The experiment does not exist; the message has the folder and the most similar id.
        """
        path = self.root / check_experiment_id(experiment)
        with storage_errors(self.root):
            there = path.is_dir()
        if not there:
            nearest = difflib.get_close_matches(experiment, self.ids(), n=1, cutoff=0.5)
            hint = f": did you mean {nearest[0]}?" if nearest else ""
            raise ExperimentNotFound(f"experiment {experiment} not found in {self.root.absolute()}{hint}")
        return ExperimentFolder(path)

    def holds(self, experiment: str) -> bool:
        """Return whether the folder of an experiment exists."""
        return _may_be_folder(self.root / check_experiment_id(experiment))

    def usage(self) -> tuple[int, int]:
        """Return the number of stored experiments and the total bytes of their databases."""
        names = self.ids()
        return len(names), sum(_size(self.root / name / RESULTS) for name in names)

    def ids(self) -> tuple[str, ...]:
        """Return the sorted ids of all folders, including unreadable ones.

        Raises:
            StorageFailed: The folder cannot be read.
        """
        with storage_errors(self.root):
            if not self.root.exists():
                return ()
            return tuple(
                sorted([path.name for path in self.root.iterdir() if _is_id(path.name) and _may_be_folder(path)])
            )

    def _exists(self, experiment: str) -> ExperimentExists:
        resume = form_for(
            command_line=(
                f"`clau-doom run --resume {experiment} --output-dir {shlex.quote(str(self.root))}`, or choose another "
                "--name"
            ),
            python=f"cd.resume({experiment!r}, output_dir={str(self.root)!r}), or choose another name",
        )
        return ExperimentExists(f"experiment {experiment} exists already: resume it with {resume}")


def _folder_busy(folder: Path, pid: int) -> FolderBusy:
    other = form_for(command_line="--output-dir", python="output_dir")
    return FolderBusy(f"{folder.absolute()} is in use by server process {pid}: stop it, or choose another {other}")


def _is_id(name: str) -> bool:
    try:
        check_experiment_id(name)
    except ConfigError:
        return False
    return True


def _may_be_folder(path: Path) -> bool:
    """Return whether a path is a folder, or cannot be examined and is listed as unreadable."""
    try:
        return path.is_dir()
    except OSError:
        return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
