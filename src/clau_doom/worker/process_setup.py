"""What a worker does to its own process: its core, its turns on it, and its end when its parent ends."""

import ctypes
import os
import signal
import sys

__all__ = ["die_with_parent", "pin", "run_in_batch"]

_PR_SET_PDEATHSIG = 1


def pin(core: int) -> None:
    """Keep this process, and the engine that it will start, on one core; Linux only, elsewhere it does nothing.

    Every tic is a message round trip between the two, and waking another core costs more than the game.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def run_in_batch() -> None:
    """Tell the scheduler that this process, and the engine that it will start, are no interactive work; Linux only.

    The worker and its engine wake each other at every tic on one core; a waking process of this class does not push
    the waker off before it has finished its turn.
    """
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; Linux only, elsewhere it does nothing.

    Args:
        parent: The parent's process id, in case it has ended before this call.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
