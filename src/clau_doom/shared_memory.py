"""Shared memory of engines that are gone.

ViZDoom's engine and its game share files in ``/dev/shm``. Both map them as long as they live, and a process that is
killed leaves them behind. Whether any process maps a file is asked of the kernel by a write lease (``fcntl(2)``), which
it grants only when no process has the file open or mapped. Unlike a look at ``/proc``, the answer covers the processes
of other PID namespaces, such as of containers that share the folder.
"""

import contextlib
import fcntl
import os
import signal
import stat
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SHARED_MEMORY", "Items", "find_items", "remove_stale_items"]

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where ViZDoom puts its files
_PREFIX = "ViZDoom"
_YOUNG = 60.0
"""Seconds for which a file counts as used: it is made a moment before it is mapped."""


@dataclass(frozen=True, kw_only=True)
class Items:
    """This user's shared memory of engines.

    Attributes:
        used: Files that a process has open or mapped, or that are new, or of which the kernel does not tell.
        stale: Files that no process has open or mapped.
    """

    used: tuple[Path, ...]
    stale: tuple[Path, ...]


def find_items(folder: Path = SHARED_MEMORY, *, young: float = _YOUNG) -> Items:
    """Return the shared memory of this user's engines.

    Args:
        folder: Where it lies.
        young: Seconds for which a file counts as used.
    """
    used: list[Path] = []
    stale: list[Path] = []
    for path in sorted(folder.glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError):  # it has gone meanwhile
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_uid == os.getuid():
                is_stale = time.time() - facts.st_ctime > young and _unused(path)
                (stale if is_stale else used).append(path)
    return Items(used=tuple(used), stale=tuple(stale))


def remove_stale_items(folder: Path = SHARED_MEMORY, *, young: float = _YOUNG) -> tuple[Path, ...]:
    """Remove what no process of any namespace uses, and return what was removed; see `find_items`."""
    removed = []
    for path in find_items(folder, young=young).stale:
        with contextlib.suppress(OSError):
            path.unlink()
            removed.append(path)
    return tuple(removed)


def _unused(path: Path) -> bool:
    """Return whether the kernel grants a write lease; where it knows of no leases, the file counts as used."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # A process that opens the file in this moment breaks the lease: by a signal that is ignored by default.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
