"""Thread for blocking calls of Ray and of trackers, so that they do not block the event loop."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["BlockingThread"]

_T = TypeVar("_T")


class BlockingThread:
    """Makes one call after the other in its own thread.

    Ray's processes end with the thread that started them. So one thread lives as long as the processes are needed. It
    is a daemon thread, because a call to an unreachable server may never return. Such a call must not keep this
    process alive.
    """

    def __init__(self, name: str) -> None:
        """Start the thread; `close` ends it."""
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def call(
        self,
        function: Callable[[], _T],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the call itself goes on
    ) -> _T:
        """Run a function in the thread and return its result.

        Args:
            function: The function.
            timeout: Maximum seconds to wait; None: no limit.

        Raises:
            TimeoutError: The function has not returned in time. It continues, and later calls wait for it.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
            if future.done():  # the caller has stopped waiting
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        def work() -> None:
            outcome: tuple[Any, Exception | None]
            try:
                outcome = function(), None
            except Exception as error:  # raised in the caller
                outcome = None, error
            with contextlib.suppress(RuntimeError):  # the event loop may be closed
                loop.call_soon_threadsafe(settle, *outcome)

        self._calls.put(work)
        async with asyncio.timeout(timeout):
            return await future

    def post(self, function: Callable[[], object]) -> None:
        """Run a function in the thread and ignore its result."""
        self._calls.put(function)

    def close(self) -> None:
        """End the thread after the requested calls."""
        self._calls.put(None)

    def _run(self) -> None:
        while call := self._calls.get():
            with contextlib.suppress(Exception):  # errors of `post` are ignored; `call` handles its own
                call()
