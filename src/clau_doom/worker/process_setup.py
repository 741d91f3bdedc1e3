"""Setup of a worker's process: CPU core, scheduling class, and end with the parent process."""

import ctypes
import os
import signal
import sys

__all__ = ["die_with_parent", "pin", "run_in_batch"]

_PR_SET_PDEATHSIG = 1


def pin(core: int) -> None:
    """Pin this process, and the engine that it starts, to one core. Linux only; elsewhere the function does nothing.

    Every tic is a message round trip between the two processes. Waking another core costs more time than the game.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def run_in_batch() -> None:
    """Set the batch scheduling class for this process and the engine that it starts. Linux only.

    The worker and its engine wake each other at every tic on one core. A waking process of this class does not preempt
    the worker before the end of its turn.
    """
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent ends. Linux only; elsewhere the function does nothing.

    Args:
        parent: The parent's process id, to detect that it has ended before this call.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
