"""The folder of runs: one folder an experiment, with its configuration, results, logs and lock."""

import difflib
import errno
import hashlib
import os
import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from clau_doom.domain import check_experiment_id
from clau_doom.domain.events import ExperimentCreated
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import (
    ConfigError,
    ExperimentBusy,
    ExperimentExists,
    ExperimentNotFound,
    FolderBusy,
    StorageFailed,
)
from clau_doom.storage import lock
from clau_doom.storage.error_mapping import storage_errors
from clau_doom.storage.identity import check_identity
from clau_doom.storage.inputs import Inputs
from clau_doom.storage.projection import KeepRecordings
from clau_doom.storage.reader import Reader
from clau_doom.storage.sqlite import RESULTS, SqliteStore
from clau_doom.storage.writer import Call, Writer

__all__ = ["RunFolder", "Runs"]

_CONFIG = "config.yaml"
_LOGS = "logs"
_TOKEN = "token"  # noqa: S105 - the file's name
_SERVERS_OWN = {_TOKEN, lock.LOCK}
"""Files of a server beside the experiments."""
_INPUTS = "inputs"
_LONGEST_SOCKET = 100
"""Bytes; the kernel takes 107 on Linux and 103 elsewhere."""
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


@dataclass(frozen=True)
class RunFolder:
    """One experiment's folder.

    Attributes:
        path: The folder; its name is the experiment's id.
    """

    path: Path

    @property
    def id(self) -> str:
        """The experiment's id."""
        return self.path.name

    @property
    def config(self) -> Path:
        """The resolved configuration that it was last run with, for people; the store keeps its own copy."""
        return self.path / _CONFIG

    @property
    def logs(self) -> Path:
        """The folder of its logs."""
        return self.path / _LOGS

    @property
    def inputs(self) -> Inputs:
        """Copies of what it was started with."""
        return Inputs(self.path / _INPUTS)

    @property
    def socket(self) -> Path:
        """The Unix socket of the process that runs it by itself; elsewhere where its path would be too long."""
        path = self.path.absolute() / "control.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET:
            return path
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"clau-doom-{os.getuid()}-{name}.sock"

    def write(self, *, keep_recordings: KeepRecordings = "champions") -> AbstractAsyncContextManager[SqliteStore]:
        """Open its store for the one writer; see `SqliteStore.writing`."""
        return SqliteStore.writing(self.path, keep_recordings=keep_recordings)

    def read(self) -> AbstractAsyncContextManager[SqliteStore]:
        """Open its store for reading; see `SqliteStore.reading`."""
        return SqliteStore.reading(self.path)

    def make_logs(self) -> Path:
        """Return the folder of its logs; it is made where it is missing, as in a restored backup.

        Raises:
            DiskFull: There is no room.
            StorageFailed: It cannot be made.
        """
        with storage_errors(self.path):
            self.logs.mkdir(mode=0o700, exist_ok=True)
        return self.logs

    def holder(self) -> int | None:
        """Return the id of the process that is running the experiment, or None."""
        return lock.holder(self.path)

    def check_identity(self, stored: str) -> None:
        """Do nothing if the folder is named after the experiment that it holds; see `identity.check_identity`."""
        check_identity(self.path, stored)

    def write_config(self, text: str) -> None:
        """Replace the configuration, at once or not at all.

        Raises:
            DiskFull: There is no room; the old one is still there.
        """
        with storage_errors(self.path):
            (self.path / f".{_CONFIG}").unlink(missing_ok=True)
            _write(self.path / f".{_CONFIG}", text.encode())
            (self.path / f".{_CONFIG}").replace(self.config)


@dataclass(frozen=True)
class Runs:
    """The experiments that are kept under one folder.

    Attributes:
        root: The folder; made when the first experiment is.
    """

    root: Path

    @property
    def token_file(self) -> Path:
        """The file that holds the token of the folder's server."""
        return self.root / _TOKEN

    def create(self, experiment: Experiment, inputs: Mapping[str, bytes] | None = None) -> RunFolder:
        """Make an experiment's folder, with its configuration and a store that holds its `ExperimentCreated`.

        It is made under another name and moved into its place, so that it is there complete or not at all. An
        experiment of the same id that played no episode is replaced.

        Args:
            experiment: The experiment.
            inputs: The files of its inputs by name; see `Inputs`.

        Raises:
            ConfigError: Its id is none, or the name of a server's file.
            ExperimentExists: The id is taken by an experiment that played an episode, is run, or cannot be read.
            DiskFull: There is no room.
            StorageFailed: The folder cannot be made.
        """
        target = self.root / check_experiment_id(experiment.id)
        if experiment.id in _SERVERS_OWN:
            raise ConfigError(
                f"no experiment can have the name {experiment.id}: a server keeps a file of that name beside the "
                "experiments; choose another --name"
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
                _fill(staging, experiment, inputs or {})
                staging.rename(target)
                _sync(self.root)
        except BaseException as error:
            shutil.rmtree(staging, ignore_errors=True)
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _TAKEN:
                raise self._exists(experiment.id) from None
            raise
        return RunFolder(target)

    def discard(self, experiment: str) -> None:
        """Remove an experiment whose start failed: one that nothing runs, and of which no agent was asked."""
        self._free(experiment, agents=False)

    def _free(self, experiment: str, *, agents: bool = True) -> bool:
        """Remove an experiment that nothing runs and that played no episode.

        Args:
            experiment: Its id.
            agents: Remove it although agents were asked, which are lost with it.

        Returns:
            Whether it was removed; one that is run or cannot be read stays.
        """
        folder = self.root / experiment
        try:
            descriptor = lock.acquire(folder)
            try:
                with closing(Reader(folder / RESULTS)) as reader:
                    (asked, played), stored = reader.begun(), reader.stored_id()
                if played or (asked and not agents) or stored != experiment:
                    return False
                # Under another name at once: no process finds a part of it.
                gone = folder.with_name(f".{experiment}-{secrets.token_hex(4)}")
                folder.rename(gone)
            finally:
                os.close(descriptor)
            shutil.rmtree(gone, ignore_errors=True)
        except (ExperimentBusy, StorageFailed, OSError):
            return False
        return True

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Be the one server of this folder while the context lasts; the folder is made when missing.

        Raises:
            FolderBusy: Another process is; the message says which.
            DiskFull: There is no room.
        """
        with storage_errors(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = lock.acquire(self.root, _folder_busy)
        try:
            yield
        finally:
            os.close(descriptor)

    def open(self, experiment: str) -> RunFolder:
        """Return an experiment's folder.

        Raises:
            ConfigError: `experiment` is no experiment id.
            ExperimentNotFound: There is none of that id; the message names the nearest one and the folder.
        """
        path = self.root / check_experiment_id(experiment)
        with storage_errors(self.root):
            there = path.is_dir()
        if not there:
            nearest = difflib.get_close_matches(experiment, self.ids(), n=1, cutoff=0.5)
            hint = f": did you mean {nearest[0]}?" if nearest else ""
            raise ExperimentNotFound(f"no experiment {experiment} in {self.root.absolute()}{hint}")
        return RunFolder(path)

    def holds(self, experiment: str) -> bool:
        """Return whether there is a folder of an experiment."""
        return _may_be_folder(self.root / check_experiment_id(experiment))

    def usage(self) -> tuple[int, int]:
        """Return the number of stored experiments and the bytes that their databases take."""
        names = self.ids()
        return len(names), sum(_size(self.root / name / RESULTS) for name in names)

    def ids(self) -> tuple[str, ...]:
        """Return the ids after which folders are named, sorted, those that cannot be read included.

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
        return ExperimentExists(
            f"experiment {experiment} exists already: resume it with `clau-doom run --resume {experiment} "
            f"--output-dir {shlex.quote(str(self.root))}`, or choose another --name"
        )


def _folder_busy(folder: Path, pid: int) -> FolderBusy:
    return FolderBusy(
        f"{folder.absolute()} is served by process {pid}: stop it, or choose another folder with --output-dir"
    )


def _is_id(name: str) -> bool:
    try:
        check_experiment_id(name)
    except ConfigError:
        return False
    return True


def _may_be_folder(path: Path) -> bool:
    """Return whether a path is a folder or cannot be looked up, so that it is listed as unreadable."""
    try:
        return path.is_dir()
    except OSError:
        return True


def _fill(folder: Path, experiment: Experiment, inputs: Mapping[str, bytes]) -> None:
    (folder / _LOGS).mkdir(mode=0o700)
    if inputs:
        (folder / _INPUTS).mkdir(mode=0o700)
        for name, content in inputs.items():
            _write(folder / _INPUTS / name, content)
        _sync(folder / _INPUTS)
    _write(folder / _CONFIG, experiment.config_yaml.encode())
    _write(folder / RESULTS, b"")
    os.close(lock.acquire(folder))
    writer = Writer(folder / RESULTS, keep_recordings="all", wall=time.time)
    try:
        (result,) = writer.commit([Call((ExperimentCreated(experiment=experiment),), 0.0)])
    finally:
        writer.close()
    if isinstance(result, StorageFailed):
        raise result
    _sync(folder)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
