"""Opening of files at untrusted paths: regular files only, without blocking."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

__all__ = ["check_regular", "open_regular", "read_regular"]


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading. FIFOs, which would block `open`, and devices are refused.

    Raises:
        OSError: The file is missing, cannot be read, or is not a regular file; `strerror` names the reason.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError as error:  # a NUL in the path
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    try:
        check_regular(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path) -> bytes:
    """Return the content of a regular file; raises as `open_regular` does."""
    with open_regular(path) as file:
        return file.read()


def check_regular(status: os.stat_result, path: Path) -> None:
    """Check that a file's status is that of a regular file.

    Raises:
        OSError: The file is not a regular file; `strerror` names its kind.
    """
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, f"it is {_kind(status.st_mode)}, not a regular file", str(path))


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISFIFO, "a FIFO or a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a character device"),
        (stat.S_ISBLK, "a block device"),
    )
    return next((name for test, name in kinds if test(mode)), "a special file")
