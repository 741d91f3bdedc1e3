"""Cleanup of shared memory that killed engines left behind.

ViZDoom's engine and its game share files in ``/dev/shm``. Both map the files during their lifetime. A killed process
leaves its files behind.
A write lease (``fcntl(2)``) shows whether a process maps a file: the kernel grants the lease only if no process has the
file open or mapped. Unlike ``/proc``, the lease also covers processes in other PID namespaces, such as containers that
share the folder.
"""

import contextlib
import fcntl
import os
import signal
import stat
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SHARED_MEMORY", "SharedFiles", "find_shared_files", "remove_stale_files"]

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - ViZDoom's own location
_PREFIX = "ViZDoom"
_YOUNG = 60.0
"""Seconds for which a new file counts as used, because engines create files shortly before they map them."""


@dataclass(frozen=True, kw_only=True)
class SharedFiles:
    """Shared memory of this user's engines.

    Attributes:
        used: Files that a process has open or mapped, that are new, or for which the kernel gives no answer.
        stale: Files that no process has open or mapped.
    """

    used: tuple[Path, ...]
    stale: tuple[Path, ...]


def find_shared_files(folder: Path = SHARED_MEMORY, *, young: float = _YOUNG) -> SharedFiles:
    """Return the shared memory of this user's engines.

    Args:
        folder: The folder of the files.
        young: Seconds for which a file counts as used.
    """
    used: list[Path] = []
    stale: list[Path] = []
    for path in sorted(folder.glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError):  # another process has removed the file
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_uid == os.getuid():
                is_stale = time.time() - facts.st_ctime > young and _unused(path)
                (stale if is_stale else used).append(path)
    return SharedFiles(used=tuple(used), stale=tuple(stale))


def remove_stale_files(folder: Path = SHARED_MEMORY, *, young: float = _YOUNG) -> tuple[Path, ...]:
    """Remove the stale files and return them; see `find_shared_files`."""
    removed = []
    for path in find_shared_files(folder, young=young).stale:
        with contextlib.suppress(OSError):
            path.unlink()
            removed.append(path)
    return tuple(removed)


def _unused(path: Path) -> bool:
    """Return whether the kernel grants a write lease; if leases are not supported, the file counts as used."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # If a process opens the file at this moment, the kernel sends a signal, which is ignored by default.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
