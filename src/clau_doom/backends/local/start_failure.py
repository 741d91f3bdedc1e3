"""Errors of a worker's start, classified and worded with a remedy."""

import contextlib
import errno
import resource
from collections.abc import Iterator

from clau_doom.error_description import error_text
from clau_doom.errors import DiskFull, InfrastructureFailed, WorkerRefused, WorkerUnavailable

__all__ = ["starting", "unavailable"]

_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextlib.contextmanager
def starting(worker: str) -> Iterator[None]:
    """Convert any error of a worker's start inside the context into one of three errors.

    Args:
        worker: The worker's name in the message, such as ``worker 0``.

    Raises:
        WorkerRefused: Its versions or files differ from this process's.
        DiskFull: There is not enough disk space for its files.
        WorkerUnavailable: Any other error; the message names the missing file or resource.
    """
    try:
        yield
    except WorkerRefused:
        raise
    except InfrastructureFailed as error:
        raise unavailable(error) from error.__cause__
    except OSError as error:
        if error.errno in _ROOM:
            raise DiskFull(f"no resources are left to start {worker}: {error}") from error
        raise WorkerUnavailable(f"{worker} could not be started: {_missing(error)}") from None


def unavailable(error: Exception) -> WorkerUnavailable:
    """Return the error of an episode that did not begin, with the text of another error."""
    return error if isinstance(error, WorkerUnavailable) else WorkerUnavailable(error_text(error))


def _missing(error: OSError) -> str:
    """Return the missing file or resource, with a remedy."""
    limits = {
        errno.EMFILE: f"no file descriptor is free; the limit is {_limit(resource.RLIMIT_NOFILE)}: raise ulimit -n",
        errno.ENFILE: "this machine has no free file descriptor: end other programs",
        errno.EAGAIN: f"no further process is allowed; the limit is {_limit(resource.RLIMIT_NPROC)}: raise ulimit -u",
        errno.ENOMEM: "no memory is free: end other programs, or use fewer workers",
    }
    if error.errno == errno.ENOENT and error.filename is not None:
        return f"{error.filename} not found: create it again"
    return limits.get(error.errno or 0, str(error))


def _limit(kind: int) -> str:
    soft, _ = resource.getrlimit(kind)
    return "set by the operating system" if soft == resource.RLIM_INFINITY else str(soft)
