"""One process runs an experiment at a time: an exclusive lock on `lock` in its folder, which ends with the process."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from clau_doom.errors import ClauDoomError, ExperimentBusy
from clau_doom.files import check_regular, open_regular
from clau_doom.storage.error_mapping import reading_errors, storage_errors

__all__ = ["LOCK", "acquire", "holder"]

LOCK = "lock"
"""The lock file's name; it holds the process id of who holds the lock, or of who held it last."""

_TRIES = 10
_PAUSE = 0.02


def _experiment_busy(folder: Path, pid: int) -> ClauDoomError:
    return ExperimentBusy(f"experiment {folder.name} is being run by process {pid}: wait for it, or stop it")


def acquire(folder: Path, busy: Callable[[Path, int], ClauDoomError] = _experiment_busy) -> int:
    """Lock an experiment's folder and return the descriptor whose closing unlocks it.

    Args:
        folder: The folder, which exists.
        busy: Returns what is raised where another process, of this id, holds the lock.

    Raises:
        ExperimentBusy: Another process holds it; the message says which.
        DiskFull: There is no room for the process id.
    """
    with storage_errors(folder):
        # No link is followed: the process id would be written over whatever file a stranger's folder names.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(folder / LOCK, flags, 0o600)
    try:
        with reading_errors(folder):
            check_regular(os.fstat(descriptor), folder / LOCK)
        if not _lock(descriptor):
            raise busy(folder, _pid(descriptor))
        with storage_errors(folder):
            os.pwrite(descriptor, f"{os.getpid():<20}\n".encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def holder(folder: Path) -> int | None:
    """Return the process that is running the experiment, or None when none is.

    Raises:
        StorageFailed: The lock file cannot be read.
    """
    with reading_errors(folder):
        try:
            file = open_regular(folder / LOCK)
        except FileNotFoundError:
            return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _pid(file.fileno())
    return None


def _lock(descriptor: int) -> bool:
    # Tried more than once, because `holder` takes the lock for an instant to see whether it is free.
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        else:
            return True
    return False


def _pid(descriptor: int) -> int:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else 0
