"""What SQLite and the file system say when something goes wrong, in the project's own errors."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clau_doom.errors import DiskFull, StorageFailed, StoreCorrupted

__all__ = ["storage_errors"]

# Some full disks show only as a failed read, write or open: then what is left of the disk decides.
_DOUBTFUL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_NO_ROOM = 64 * 1024


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into `DiskFull`, `StoreCorrupted` and `StorageFailed`."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise StoreCorrupted(f"the results in {folder} contradict what is added to them: {error}") from error
    except sqlite3.Error as error:
        raise _translate(error, folder) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _full(folder) from error
        raise StorageFailed(f"the results in {folder} cannot be reached: {error}") from error


def _translate(error: sqlite3.Error, folder: Path) -> StorageFailed:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary == sqlite3.SQLITE_FULL or (primary in _DOUBTFUL and _free(folder) < _NO_ROOM):
        return _full(folder)
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreCorrupted(f"the results in {folder} are damaged ({error}): restore them from a copy")
    return StorageFailed(f"the results in {folder} cannot be read or written: {error}")


def _full(folder: Path) -> DiskFull:
    return DiskFull(f"no room is left on the disk that holds {folder}: free some, then resume")


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return _NO_ROOM
