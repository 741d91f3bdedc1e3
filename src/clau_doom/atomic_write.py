"""Atomic writes: a file appears complete under its name, or an older file stays unchanged."""

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clau_doom.errors import DiskFull, StorageFailed

__all__ = ["atomic_file", "sync_to_disk", "write_atomically", "write_output"]

_PUBLIC = 0o666  # before the umask
_ABANDONED_AFTER = 3600.0  # seconds without a modification


@contextmanager
def atomic_file(target: Path, *, mode: int = _PUBLIC, sync: bool = True, overwrite: bool = True) -> Iterator[Path]:
    """Provide a temporary file next to `target`, and move it to `target` when the context ends without an error.

    An error removes the temporary file. A killed process leaves it, and a later write of the same target removes it.

    Args:
        target: Path of the file.
        mode: Permissions of the file, before the umask.
        sync: Write the content to the disk before the move. After a power failure the file is then still complete.
        overwrite: Replace an existing file. Otherwise keep the existing file, without an error.

    Yields:
        Path of the temporary file, which is empty and has the suffix of `target`.

    Raises:
        OSError: The file cannot be written.
    """
    _remove_abandoned(target)
    staged = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
    os.close(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode))
    try:
        yield staged
        if sync:
            sync_to_disk(staged)
        if overwrite:
            staged.replace(target)
        else:
            with suppress(FileExistsError):
                os.link(staged, target)
    finally:
        staged.unlink(missing_ok=True)


def write_atomically(
    target: Path, content: bytes, *, mode: int = _PUBLIC, sync: bool = True, overwrite: bool = True
) -> None:
    """Write a file atomically; arguments and errors are those of `atomic_file`."""
    with atomic_file(target, mode=mode, sync=sync, overwrite=overwrite) as staged:
        staged.write_bytes(content)


def write_output(target: Path, text: str) -> None:
    """Write a command's output to a file atomically, as UTF-8. An existing file is replaced.

    Raises:
        DiskFull: The disk is full.
        StorageFailed: The file cannot be written.
    """
    try:
        write_atomically(target, text.encode())
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"no space is left for {target}: free some, then try again") from error
        raise StorageFailed(f"cannot write {target}: {error.strerror or error}") from error


def sync_to_disk(path: Path) -> None:
    """Write the cached content of a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(target: Path) -> None:
    """Remove temporary files of killed processes, as far as possible."""
    name = re.compile(rf"\.{re.escape(target.stem)}-[0-9a-f]{{8}}{re.escape(target.suffix)}")
    with suppress(OSError):
        for path in target.parent.iterdir():
            if name.fullmatch(path.name) and time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                path.unlink()
