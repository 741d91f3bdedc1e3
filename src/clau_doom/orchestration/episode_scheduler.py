"""Scheduler that plays a list of episodes on any backend.

Episodes start in order. Lost episodes are repeated, until they are finished, have failed or a stop is requested.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clau_doom.domain import Episode
from clau_doom.domain.events import EpisodeLost, FailureKind
from clau_doom.error_description import describe
from clau_doom.errors import (
    AttemptsExhausted,
    ClusterRefused,
    ClusterUnreachable,
    ContainerRefused,
    Forged,
    InfrastructureFailed,
    OutOfMemory,
    PolicyFailed,
    PolicyTimedOut,
    WorkerRefused,
    WorkerUnavailable,
)
from clau_doom.logs import get_logger
from clau_doom.orchestration.start_backoff import StartBackoff
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.orchestration.task_queue import TaskQueue
from clau_doom.ports import EpisodeTask, EvaluationBackend

__all__ = ["AgentFailure", "EpisodeScheduler", "Receive", "Report"]

_REFUSAL_GRACE = 10.0
# Errors that a repetition cannot fix and that agents do not cause.
_REFUSALS = (WorkerRefused, ContainerRefused, ClusterRefused, ClusterUnreachable)
# Seconds that a result waits so that several results share a commit. The wait is about as long as an episode, so that
# a kill loses hardly more than the episodes in flight. Commits compete with episodes for CPU time, because the
# orchestrator does not have its own core.
_LINGER = 0.1
_START_PATIENCE = 60.0
# The first matching class decides the kind.
_FAILURES = (
    (PolicyTimedOut, FailureKind.POLICY_TIMED_OUT),
    (OutOfMemory, FailureKind.OUT_OF_MEMORY),
    (Forged, FailureKind.FORGED),
)

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentFailure:
    """Failed evaluation of an agent.

    Attributes:
        task: Episode in which the agent failed.
        kind: Kind of failure.
        error: The error.
    """

    task: EpisodeTask
    kind: FailureKind
    error: Exception


Report = Episode | EpisodeLost | AgentFailure
"""Result of an attempt to play an episode."""


Receive = Callable[[Sequence[Report]], Awaitable[None]]


class EpisodeScheduler:
    """Plays episodes and reports results in batches. A slower receiver gets larger batches."""

    def __init__(
        self,
        backend: EvaluationBackend,
        shutdown: Shutdown,
        *,
        attempts: int,
        on_exhausted: Literal["fail_agent", "stop"],
        start_patience: float = _START_PATIENCE,
    ) -> None:
        """Create a scheduler.

        Args:
            backend: Backend that plays the episodes.
            shutdown: Receives requests to stop.
            attempts: Maximum number of attempts per episode.
            on_exhausted: Whether the agent fails or the run stops when an episode is lost in all attempts.
            start_patience: Seconds without a started worker after which the run stops.
        """
        self._backend = backend
        self._shutdown = shutdown
        self._attempts = attempts
        self._stop_when_exhausted = on_exhausted == "stop"
        self._backoff = StartBackoff(start_patience)
        self._paused = False
        self._queue: TaskQueue | None = None
        self._runners = 0

    def pause(self) -> None:
        """Start no episodes until `resume`. Running episodes finish."""
        self._paused = True

    def resume(self) -> None:
        """Start episodes again."""
        self._paused = False
        self._backoff.end()
        if self._queue:
            self._queue.wake()

    async def play(self, queue: TaskQueue, receive: Receive, *, judging: bool = False, more: bool = False) -> None:
        """Play episodes in order, in all slots of the backend, until all are played or dropped.

        The receiver has received every report when this method returns or raises `ShutdownRequested`.

        Args:
            queue: Episodes to play. The queue may change during this call.
            receive: Called with one or more reports. Calls do not overlap.
            judging: Play validation or held-out episodes. If one is lost in all attempts, the run stops whatever
                `on_exhausted` is, because a champion must not be decided by a lost episode. If an agent fails, its
                other episodes are played and count.
            more: Whether the caller may add episodes after this call.

        Raises:
            ShutdownRequested: A stop was requested. Unfinished tasks were abandoned.
        """
        reports: asyncio.Queue[Report | None] = asyncio.Queue()
        self._queue = queue
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_deliver(reports, receive))
                await self._shutdown.run_within_grace(self._run_all(queue, reports, judging=judging))
                queue.over = not more
                reports.put_nowait(None)
        except BaseExceptionGroup as errors:
            raise _unwrap(errors) from _unwrap(errors).__cause__
        finally:
            self._queue = None
        self._shutdown.check()

    async def _run_all(self, queue: TaskQueue, reports: "asyncio.Queue[Report | None]", *, judging: bool) -> None:
        self._runners = 0
        with self._shutdown.on_request(queue.wake):
            async with asyncio.TaskGroup() as tasks:
                await self._start_tasks(queue, tasks, reports, judging=judging)

    async def _start_tasks(
        self, queue: TaskQueue, tasks: asyncio.TaskGroup, reports: "asyncio.Queue[Report | None]", *, judging: bool
    ) -> None:
        # A paused scheduler does not finish: users may still change agents during the pause.
        while self._runners or not ((queue.done and not self._paused) or self._shutdown.requested):
            # Start one task at a time, because the backend's capacity depends on the running tasks.
            if self._runners < self._backend.slots and (task := self._next(queue)):
                self._runners += 1
                tasks.create_task(self._run(task, queue, reports, judging=judging))
                await asyncio.sleep(0)
            else:
                await queue.changed()

    async def _run(
        self,
        first: EpisodeTask,
        queue: TaskQueue,
        reports: "asyncio.Queue[Report | None]",
        *,
        judging: bool,
    ) -> None:
        task: EpisodeTask | None = first
        while task is not None:
            report = await self._attempt(task, stop_when_exhausted=judging or self._stop_when_exhausted)
            if isinstance(report, WorkerUnavailable):
                queue.end(task, task)
                await self._wait_for_workers(report)
                task = self._next(queue)
                continue
            self._backoff.end()
            again = replace(task, attempt=task.attempt + 1) if isinstance(report, EpisodeLost) else None
            queue.end(task, again)
            known = queue.dropped(task.agent)  # a parallel episode of the agent failed first
            if isinstance(report, AgentFailure) and not judging:
                queue.drop(task.agent)
            if not (known and isinstance(report, AgentFailure)):
                reports.put_nowait(report)
            task = self._next(queue) if self._runners <= self._backend.slots else None
            if self._runners < self._backend.slots:  # another task may fit now
                queue.wake()
        self._runners -= 1
        queue.wake()

    def _next(self, queue: TaskQueue) -> EpisodeTask | None:
        return None if self._paused or self._shutdown.requested else queue.take(self._backend.takes)

    async def _wait_for_workers(self, error: WorkerUnavailable) -> None:
        """Wait before the next attempt to start a worker, or stop the run after the start patience."""
        if not self._backoff.failing:
            _log.warning("no worker can be started: retrying", reason=describe(error))
        delay = self._backoff.delay()
        if delay is None:
            limit = f"no worker started within {self._backoff.patience:g} s"
            self._shutdown.request(f"{limit}: {describe(error)}", grace=_REFUSAL_GRACE)
        else:
            await self._shutdown.sleep(delay)

    async def _attempt(self, task: EpisodeTask, *, stop_when_exhausted: bool) -> Report | WorkerUnavailable:
        try:
            return await self._backend.play(task)
        except PolicyFailed as error:
            kind = next((kind for of, kind in _FAILURES if isinstance(error, of)), FailureKind.POLICY_RAISED)
            return AgentFailure(task=task, kind=kind, error=error)
        except WorkerUnavailable as error:
            return error
        except InfrastructureFailed as error:
            return self._lost(task, error, stop_when_exhausted=stop_when_exhausted)

    def _lost(
        self, task: EpisodeTask, error: InfrastructureFailed, *, stop_when_exhausted: bool
    ) -> EpisodeLost | AgentFailure:
        if isinstance(error, _REFUSALS):
            self._shutdown.request(describe(error), grace=_REFUSAL_GRACE)
        elif task.attempt >= self._attempts:
            exhausted = AttemptsExhausted(f"episode {task.number} of {task.agent} was lost {task.attempt} times")
            exhausted.__cause__ = error
            if not stop_when_exhausted:
                return AgentFailure(task=task, kind=FailureKind.ATTEMPTS_EXHAUSTED, error=exhausted)
            self._shutdown.request(describe(exhausted), grace=0.0)
        return EpisodeLost(
            purpose=task.purpose,
            agent=task.agent,
            number=task.number,
            seed=task.seed,
            attempt=task.attempt,
            reason=describe(error),
        )


def _unwrap(error: BaseException) -> BaseException:
    """Unwrap exception groups that contain a single error."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


async def _deliver(reports: "asyncio.Queue[Report | None]", receive: Receive) -> None:
    open_ended = True
    while open_ended:
        batch = [await reports.get()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                while batch[-1] is not None:
                    batch.append(await reports.get())
        open_ended = batch[-1] is not None
        if received := [report for report in batch if report is not None]:
            await receive(received)
