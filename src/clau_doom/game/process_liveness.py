"""Process states: whether a process has ended, and when a child process may have ended."""

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
    """Return the state of a process as the kernel's letter, or an empty text if it does not exist.

    The state is ``?`` if it cannot be read, for example without a free file descriptor.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    except OSError:
        return "?"
    return stat.rpartition(")")[2].split()[0]


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped (SIGSTOP); Linux only."""
    return _state(pid) in {"T", "t"}


def has_ended(pid: int) -> bool:
    """Return whether a process has ended; zombies have ended. Linux only."""
    return _state(pid) in {"", "Z", "X"}


def child_has_ended(pid: int) -> bool:
    """Return whether a child of this process has ended, with one system call (`has_ended` reads a file).

    Args:
        pid: Id of a child; other processes count as ended, because a child that was waited for is not a child any more.
    """
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def notice_child_deaths() -> None:
    """Start counting for `child_deaths`. Has no effect outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    global _next  # noqa: PLW0603 - a signal has one handler in a process
    before = signal.getsignal(signal.SIGCHLD)
    if before is not _count:
        _next = before if callable(before) else None
        signal.signal(signal.SIGCHLD, _count)
        signal.siginterrupt(signal.SIGCHLD, False)  # noqa: FBT003 - the signal module's signature


def child_deaths() -> int:
    """Return the number of SIGCHLD signals: children that ended, stopped or continued.

    Comparing this number is free. Checking a process at each decision would cost several per cent. The kernel sends the
    signal to the thread that started the child. If that is not the main thread, the number changes shortly after the
    child's end.
    """
    return _deaths


def _count(signum: int, frame: FrameType | None) -> None:
    global _deaths  # noqa: PLW0603 - a signal has one handler in a process
    _deaths += 1
    if _next:
        _next(signum, frame)
