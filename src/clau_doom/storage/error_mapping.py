"""Mapping of errors of SQLite and the file system to the project's errors."""

import errno
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clau_doom.errors import DiskFull, StorageFailed, StoreCorrupted

__all__ = ["reading_errors", "storage_errors"]

# Some full disks cause other errors on read, write or open: then the free space decides.
_DOUBTFUL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_NO_ROOM = 64 * 1024
# Errors of SQLite that are caused by the machine, not by the file.
_OUTSIDE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
_TOLD = {
    sqlite3.SQLITE_INTERRUPT: "reading it takes too many steps for its size",
    sqlite3.SQLITE_TOOBIG: "a value exceeds the maximum length",
}
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error)
_OTHER_KIND = {errno.EINVAL, errno.EISDIR, errno.ENXIO}


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Convert errors of SQLite and the file system into `DiskFull`, `StoreCorrupted` and `StorageFailed`."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise StoreCorrupted(f"the results of {folder.name} contradict new results: {error}") from error
    except sqlite3.Error as error:
        raise _translate(error, folder) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _full(folder) from error
        raise StorageFailed(f"the results in {folder} cannot be reached: {error}") from error


@contextmanager
def reading_errors(folder: Path) -> Iterator[None]:
    """Convert errors of reading an experiment's folder into `StoreCorrupted` for damage, else `StorageFailed`."""
    try:
        yield
    except StoreCorrupted as error:
        raise _damaged(folder, str(error)) from None
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _OUTSIDE:
            raise StorageFailed(f"experiment {folder.name} cannot be read: {error}") from None
        raise _damaged(folder, _TOLD.get(code & 0xFF, str(error))) from None
    except OSError as error:
        reason = f"{Path(str(error.filename)).name}: {error.strerror}" if error.filename else str(error)
        if error.errno in _OTHER_KIND:
            raise _damaged(folder, reason) from None
        raise StorageFailed(f"experiment {folder.name} cannot be read: {reason}") from None
    except _UNREADABLE as error:
        raise _damaged(folder, f"a value cannot be decoded ({type(error).__name__}: {error})") from error


def _damaged(folder: Path, reason: str) -> StoreCorrupted:
    return StoreCorrupted(
        f"experiment {folder.name} is damaged: {reason}: restore its folder from a copy, or delete it"
    )


def _translate(error: sqlite3.Error, folder: Path) -> StorageFailed:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary == sqlite3.SQLITE_FULL or (primary in _DOUBTFUL and _free(folder) < _NO_ROOM):
        return _full(folder)
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreCorrupted(f"the results in {folder} are damaged ({error}): restore them from a copy")
    return StorageFailed(f"the results in {folder} cannot be read or written: {error}")


def _full(folder: Path) -> DiskFull:
    return DiskFull(f"no space is left on the disk of {folder}: free some, then resume")


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return _NO_ROOM
