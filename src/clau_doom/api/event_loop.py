"""Event loop in a background thread, for functions that block until a coroutine ends.

The calling thread may have a running event loop of its own, as in Jupyter. The process has one such thread. It starts
at the first use and ends with the process.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["run_blocking"]

_T = TypeVar("_T")
_GRACE = 5.0  # seconds for coroutines to end when the process exits


def run_blocking(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine in the background thread, and return its result.

    Ctrl-C, or the stop button of a notebook, cancels the coroutine and waits for its end. A second one does not wait.

    Args:
        coroutine: The coroutine. All coroutines run in the same event loop, so they can share connections.

    Raises:
        RuntimeError: The caller runs in the background thread.
    """
    thread = _thread()
    if thread.is_current:
        coroutine.close()
        raise RuntimeError("a blocking function of clau_doom was called by a coroutine of clau_doom: use await")
    finished: Future[_T] = Future()
    tasks: list[asyncio.Task[_T]] = []

    def begin() -> None:
        tasks.append(thread.loop.create_task(coroutine))
        tasks[0].add_done_callback(lambda task: _transfer(task, finished))

    def cancel() -> None:
        if tasks:
            tasks[0].cancel()
        else:  # interrupted before the start
            coroutine.close()
            finished.set_exception(asyncio.CancelledError())

    try:
        thread.loop.call_soon_threadsafe(begin)
        return finished.result()
    except KeyboardInterrupt:
        if not finished.done():
            thread.loop.call_soon_threadsafe(cancel)
            finished.exception()
        raise


class _LoopThread:
    """Thread that runs an event loop until `stop`."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="clau-doom", daemon=True)
        self._thread.start()
        self._ready.wait()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in this thread."""
        return threading.current_thread() is self._thread

    def stop(self) -> None:
        """Cancel all coroutines, and wait for their end."""
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_GRACE)

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            self.loop = runner.get_loop()
            self._stop = asyncio.Event()
            self._ready.set()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        await self._stop.wait()


_current: list[_LoopThread] = []
_lock = threading.Lock()


def _thread() -> _LoopThread:
    with _lock:
        if not _current:
            _current.append(_LoopThread())
            atexit.register(_current[0].stop)
        return _current[0]


def _forget() -> None:
    """Forget the thread in a forked process, which does not have it."""
    global _lock  # noqa: PLW0603 - another thread may have held it during the fork
    _lock = threading.Lock()
    for thread in _current:
        atexit.unregister(thread.stop)
    _current.clear()


os.register_at_fork(after_in_child=_forget)


def _transfer(task: asyncio.Task[_T], finished: Future[_T]) -> None:
    if task.cancelled():
        finished.set_exception(asyncio.CancelledError())
    elif (error := task.exception()) is not None:
        finished.set_exception(error)
    else:
        finished.set_result(task.result())
