"""An event loop whose clock jumps over the time in which nothing happens, so that hours of episodes take seconds.

Where it is charged, its clock also goes on by the processor time that this process takes, all threads together: as
though the orchestrator had one core to itself, whatever else this machine does meanwhile. What a disk takes is not
counted. Where it is not, whatever the orchestrator does takes no time at all.
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
"""Seconds for which a thread's end is waited for, before the clock is looked at again."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop on virtual time."""

    def __init__(self, *, charged: bool) -> None:
        """Begin at time 0; `charged` says whether processor time counts."""
        self.charged = charged
        self.abroad = 0
        """How many calls other threads have not finished."""
        self.skipped = 0.0
        self._started = time.process_time()
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return virtual seconds since the beginning."""
        return self.skipped + (time.process_time() - self._started if self.charged else 0.0)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> "asyncio.Future[_T]":
        """Call a function in a thread; no time is skipped before it has ended."""
        self.abroad += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    def _back(self, future: "asyncio.Future[Any]") -> None:
        del future
        self.abroad -= 1


class _Selector(selectors.SelectSelector):
    """Waits for threads in real time, and for timers not at all."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or (self._loop.abroad and timeout <= 0):
            return super().select(timeout)
        if self._loop.abroad:
            return super().select(_GLANCE if self._loop.charged else None)
        # Only threads ever wake this loop, and none is abroad: to ask the kernel would cost more than a callback.
        self._loop.skipped += max(timeout, 0.0)
        return []


class LoopClock:
    """The running event loop's time, as a `Clock`."""

    def monotonic(self) -> float:
        """Return the loop's seconds."""
        return asyncio.get_running_loop().time()
