"""Atomic writes of text files."""

import errno
import os
import secrets
from contextlib import ExitStack
from pathlib import Path

from clau_doom.errors import DiskFull, StorageFailed

__all__ = ["write_whole"]


def write_whole(path: Path, text: str) -> None:
    """Write a text to a file atomically. An existing file is replaced.

    Raises:
        DiskFull: The disk is full.
        StorageFailed: The file cannot be written.
    """
    try:
        with ExitStack() as undo:
            staged = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
            with staged.open("x", encoding="utf-8", newline="\n") as file:
                undo.callback(staged.unlink, missing_ok=True)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            staged.replace(path)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"no space is left for {path}: free some, then try again") from error
        raise StorageFailed(f"cannot write {path}: {error.strerror or error}") from error
