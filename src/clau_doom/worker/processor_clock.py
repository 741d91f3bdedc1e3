"""Processor time of a worker and its engine."""

import ctypes
import math
import sys
import time
from collections.abc import Callable

__all__ = ["processor_clock"]


def processor_clock(engine: int | None) -> Callable[[], float]:
    """Return a function that returns the processor time of this process and its engine, user and system, in seconds.

    The time covers all threads and has a resolution of nanoseconds. The function returns NaN if the time of the engine
    cannot be read: outside Linux, or after the engine has ended.

    Args:
        engine: Process id of the engine, or None if it is unknown.
    """
    clock = None if engine is None else _clock_of(engine)

    def seconds() -> float:
        if clock is None:
            return math.nan
        try:
            return time.process_time() + time.clock_gettime(clock)
        except OSError:
            return math.nan

    return seconds


def _clock_of(pid: int) -> int | None:
    """Return the clock of a process's processor time for `time.clock_gettime`, or None without such a clock."""
    if sys.platform != "linux":
        return None
    clock = ctypes.c_int()
    return clock.value if ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)) == 0 else None
