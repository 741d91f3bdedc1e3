"""A thread of its own for calls of Ray's that block, so that nothing else waits for them."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["BlockingThread"]

_T = TypeVar("_T")


class BlockingThread:
    """Makes one call after the other.

    Ray's processes end with the thread that started them, so that one thread lives as long as they are wanted. It is a
    daemon: a call to a cluster that is gone may never return, and must not keep this process alive.
    """

    def __init__(self, name: str) -> None:
        """Begin; `close` ends it."""
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def call(self, function: Callable[[], _T], *, timeout: float) -> _T:  # noqa: ASYNC109 - the call itself goes on
        """Return what a call returns.

        Raises:
            TimeoutError: It has not returned in time; those behind it wait all the same.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
            if future.done():  # whoever asked has given up
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        def work() -> None:
            outcome: tuple[Any, Exception | None]
            try:
                outcome = function(), None
            except Exception as error:  # whoever waits has it
                outcome = None, error
            with contextlib.suppress(RuntimeError):  # nobody waits on a loop that is closed
                loop.call_soon_threadsafe(settle, *outcome)

        self._calls.put(work)
        async with asyncio.timeout(timeout):
            return await future

    def post(self, function: Callable[[], object]) -> None:
        """Make a call whose outcome nobody waits for."""
        self._calls.put(function)

    def close(self) -> None:
        """End the thread once it has made the calls that were asked for."""
        self._calls.put(None)

    def _run(self) -> None:
        while call := self._calls.get():
            with contextlib.suppress(Exception):  # of one that was posted; `call` passes on its own
                call()
