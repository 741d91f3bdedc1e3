"""Which core an actor's worker is kept on: the first of its node that no other actor of this user has."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from clau_doom.backends.local import private

__all__ = ["seat"]


@contextlib.contextmanager
def seat() -> Iterator[int | None]:
    """Have a core while the context lasts; None where all are taken, or cannot be told apart.

    Ray counts CPUs and hands out none in particular, so that actors agree by locks, which end with their processes.
    """
    with contextlib.ExitStack() as stack:
        yield next((core for core in _cores() if stack.enter_context(_taken(core))), None)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextlib.contextmanager
def _taken(core: int) -> Iterator[bool]:
    """Hold a core's lock while the context lasts, and say whether it was free."""
    folder = private(Path(tempfile.gettempdir()) / f"clau-doom-cores-{os.getuid()}")
    descriptor = os.open(folder / str(core), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
