"""Run of an experiment in a thread of its own, with its own event loop.

The thread makes a run independent of the caller: of the event loop of a notebook, of code that blocks this loop, and of
Ctrl-C, which Python raises in the main thread only.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from clau_doom.app.run_plan import Plan
from clau_doom.app.served_run import ServedRun, serve_run
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import ExperimentFailed, ShutdownRequested, WrongState
from clau_doom.orchestration import Shutdown

__all__ = ["INTERRUPT_GRACE", "RunThread"]

INTERRUPT_GRACE = 10.0
"""Seconds for running episodes after a request to stop, as after Ctrl-C on the command line."""

_T = TypeVar("_T")


class RunThread:
    """Runs one planned experiment. Its results are stored, and clients can control it through a socket in its folder.

    Attributes:
        plan: The plan.
        begun: Resolved when the run has begun, with the experiment before the start, or None if it was stopped before.
        done: Resolved when the run has ended and its workers have ended, with its state or its error.
    """

    def __init__(self, plan: Plan) -> None:
        """Prepare the run of a plan."""
        self.plan = plan
        self.begun: Future[Snapshot | None] = _running()
        self.done: Future[ExperimentState] = _running()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shutdown: Shutdown | None = None
        self._stops: list[tuple[str, float]] = []
        """Requests to stop that the loop has not taken. A request may come before the loop exists."""
        self._served: ServedRun | None = None
        # A daemon: a run that hangs must not keep the interpreter from its exit, at which the kernel ends the workers.
        self._thread = threading.Thread(target=self._work, name=f"clau-doom-{plan.config.name}", daemon=True)

    def start(self) -> None:
        """Start the run."""
        self._thread.start()

    def stop(self, reason: str, *, grace: float = INTERRUPT_GRACE) -> None:
        """Request a stop from any thread. Do nothing if the run has ended.

        Args:
            reason: Reason for display, which is stored.
            grace: Seconds for running episodes. A later request may only shorten them.
        """
        self._stops.append((reason, grace))
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, because the run has ended
                self._loop.call_soon_threadsafe(self._take_stops)

    def submit(self, command: Callable[[ServedRun], Coroutine[Any, Any, _T]]) -> "Future[_T]":
        """Carry out a command in the thread of the run, and return its future result.

        Raises:
            WrongState: The run has ended, or has not begun.
        """
        served, loop = self._served, self._loop
        if served is None or loop is None:
            raise WrongState(f"experiment {self.plan.config.name} is not running")
        return asyncio.run_coroutine_threadsafe(command(served), loop)

    def join(self) -> None:
        """Wait for the end of the thread. Errors of the run are not raised."""
        self._thread.join()

    def _work(self) -> None:
        try:
            with asyncio.Runner() as runner:
                state = runner.run(self._run())
        except BaseException as error:  # raised in the calling thread
            self._fail(error)
        else:
            self.done.set_result(state)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, ExperimentFailed):
            # A program that prints the error shows its reasons, which the command line takes from the chained causes.
            cause, error = error.__cause__, ExperimentFailed(describe(error))
            error.__cause__ = cause
        for future in (self.begun, self.done):
            if not future.done():
                future.set_exception(error)

    def _take_stops(self) -> None:
        while self._stops and self._shutdown is not None:
            reason, grace = self._stops.pop(0)
            self._shutdown.request(reason, grace=grace)

    async def _run(self) -> ExperimentState:
        shutdown = self._shutdown = Shutdown()
        self._loop = asyncio.get_running_loop()
        self._take_stops()
        try:
            async with serve_run(self.plan, shutdown, web=False) as served:
                self._served = served
                self.begun.set_result(served.before)
                try:
                    return await served.run.run()
                finally:
                    self._served = None
        except ShutdownRequested:  # before the start of the run: it is stored and can be resumed
            self.begun.set_result(None)
            return ExperimentState.INTERRUPTED


def _running() -> "Future[Any]":
    """Return a future that cannot be cancelled by the cancellation of a waiting task."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future
