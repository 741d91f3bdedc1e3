"""What the kernel says of processes: whether one has ended, and when a child of ours may have."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

__all__ = ["child_deaths", "child_has_ended", "has_ended", "is_stopped", "notice_child_deaths"]

_deaths = 0
_next: Callable[[int, FrameType | None], object] | None = None


def _state(pid: int) -> str:
    """Return a process's state as the kernel's letter, or an empty text when there is no such process.

    Where this process cannot read it, such as without a free file descriptor, the state is unknown: ``?``.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    except OSError:
        return "?"
    return stat.rpartition(")")[2].split()[0]


def is_stopped(pid: int) -> bool:
    """Say whether a process is stopped (SIGSTOP); Linux only."""
    return _state(pid) in {"T", "t"}


def has_ended(pid: int) -> bool:
    """Say whether a process has ended; one that nobody has waited for is a zombie, and has. Linux only."""
    return _state(pid) in {"", "Z", "X"}


def child_has_ended(pid: int) -> bool:
    """Say whether a child of this process has ended; one system call, where `has_ended` reads a file.

    Args:
        pid: The child's id; any other process's counts as ended, because whoever waited for a child has made it so.
    """
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def notice_child_deaths() -> None:
    """Have `child_deaths` count from now on; from the main thread only, elsewhere it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        return
    global _next  # noqa: PLW0603 - a signal has one handler in a process
    before = signal.getsignal(signal.SIGCHLD)
    if before is not _count:
        _next = before if callable(before) else None
        signal.signal(signal.SIGCHLD, _count)
        signal.siginterrupt(signal.SIGCHLD, False)  # noqa: FBT003 - the signal module's signature


def child_deaths() -> int:
    """Return how often the kernel has told this process of children that ended, stopped or went on.

    Comparing it costs nothing where asking after a process at every decision would cost several per cent.
    """
    return _deaths


def _count(signum: int, frame: FrameType | None) -> None:
    global _deaths  # noqa: PLW0603 - a signal has one handler in a process
    _deaths += 1
    if _next:
        _next(signum, frame)
