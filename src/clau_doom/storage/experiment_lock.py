"""Exclusive lock of an experiment's folder, which the kernel releases when the process ends."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from clau_doom.errors import ClauDoomError, ExperimentBusy
from clau_doom.regular_files import check_regular, open_regular
from clau_doom.storage.error_mapping import reading_errors, storage_errors

__all__ = ["LOCK", "acquire", "holder"]

LOCK = "lock"
"""Name of the lock file, which contains the process id of the current or last holder."""

_TRIES = 10
_PAUSE = 0.02


def _experiment_busy(folder: Path, pid: int) -> ClauDoomError:
    return ExperimentBusy(f"experiment {folder.name} is in use by process {pid}: wait for it, or stop it")


def acquire(folder: Path, busy: Callable[[Path, int], ClauDoomError] = _experiment_busy) -> int:
    """Lock an experiment's folder. Closing the returned descriptor unlocks it.

    Args:
        folder: An existing folder.
        busy: Creates the error for a lock that the process with the given id holds.

    Raises:
        ExperimentBusy: Another process holds the lock; the message has its id.
        DiskFull: The disk has no space for the process id.
    """
    with storage_errors(folder):
        # Links are not followed: an untrusted folder could link to any file, which would be overwritten.
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
    """Return the id of the process that runs the experiment, or None.

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
    # Retried, because `holder` takes the lock for a moment to test it.
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
