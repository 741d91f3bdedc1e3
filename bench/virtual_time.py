"""Event loop with a virtual clock that skips idle time, so that hours of episodes take seconds.

If the loop is charged, its clock also advances by the processor time of this process, summed over threads. This models
an orchestrator with one core, independent of other load on the machine. Disk time is not counted. If the loop is not
charged, the orchestrator's work takes no virtual time.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

__all__ = ["LoopClock", "VirtualLoop"]

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
_GLANCE = 0.0005
"""Seconds to wait for the end of a thread before the clock is read again."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio event loop on virtual time."""

    def __init__(self, *, charged: bool) -> None:
        """Begin at time 0; `charged` sets whether processor time counts."""
        self.charged = charged
        self.abroad = 0
        """Number of unfinished calls in other threads."""
        self.skipped = 0.0
        self._started = time.process_time()
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return virtual seconds since the beginning."""
        return self.skipped + (time.process_time() - self._started if self.charged else 0.0)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> "asyncio.Future[_T]":
        """Call a function in a thread; time is not skipped before the call has ended."""
        self.abroad += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    def _back(self, future: "asyncio.Future[Any]") -> None:
        del future
        self.abroad -= 1


class _Selector(selectors.SelectSelector):
    """Selector that waits for threads in real time, and does not wait for timers."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or (self._loop.abroad and timeout <= 0):
            return super().select(timeout)
        if self._loop.abroad:
            return super().select(_GLANCE if self._loop.charged else None)
        # Only threads wake this loop, and no call is running. A system call would cost more than a callback.
        self._loop.skipped += max(timeout, 0.0)
        return []


class LoopClock:
    """Time of the running event loop, as a `Clock`."""

    def monotonic(self) -> float:
        """Return the loop's seconds."""
        return asyncio.get_running_loop().time()
