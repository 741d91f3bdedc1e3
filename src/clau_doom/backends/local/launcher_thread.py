"""Thread that starts the workers of this process, so that workers do not depend on the thread of their run.

The kernel sends a worker's parent-death signal when the *thread* that started the worker ends. A run in a notebook has
a thread of its own, and an event loop may move from one thread to another. The launcher thread ends only with the
process.
"""

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["call_in_launcher_thread"]

_T = TypeVar("_T")


class _LauncherThread:
    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        # A daemon: otherwise the interpreter would wait for the thread before it exits.
        threading.Thread(target=self._serve, name="clau-doom-launcher", daemon=True).start()

    def call(self, work: Callable[[], _T]) -> _T:
        future: Future[_T] = Future()
        self._calls.put((work, future))
        return future.result()

    def _serve(self) -> None:
        while True:
            work, future = self._calls.get()
            try:
                future.set_result(work())
            except BaseException as error:  # raised in the calling thread
                future.set_exception(error)
            del work, future  # while the thread waits, they would keep the objects of the caller alive


_lock = threading.Lock()
_current: list[_LauncherThread] = []


def call_in_launcher_thread(work: Callable[[], _T]) -> _T:
    """Call a function in the launcher thread, wait for its end, and return its result or raise its error.

    Args:
        work: A short function, such as the start of a process.
    """
    with _lock:
        if not _current:
            _current.append(_LauncherThread())
        thread = _current[0]
    return thread.call(work)


def _forget() -> None:
    """Forget the thread in a forked process, which does not have it."""
    global _lock  # noqa: PLW0603 - another thread may have held it during the fork
    _lock = threading.Lock()
    _current.clear()


os.register_at_fork(after_in_child=_forget)
