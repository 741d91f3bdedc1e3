"""Plays a list of episodes on any backend: in order, again when lost, until done, failed or asked to stop."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from clau_doom.domain import Episode
from clau_doom.domain.events import EpisodeLost, FailureKind
from clau_doom.errors import (
    AttemptsExhausted,
    InfrastructureFailed,
    PolicyFailed,
    PolicyTimedOut,
    WorkerRefused,
    describe,
)
from clau_doom.orchestration.shutdown import Shutdown
from clau_doom.ports import EpisodeTask, EvaluationBackend

__all__ = ["Failure", "Player", "Report"]

_REFUSAL_GRACE = 10.0
# Seconds for which a result waits for others to share its commit: as long as an episode takes, so that a kill costs
# hardly more than the episodes in flight.
# The orchestrator has no core of its own, so that every commit is paid for by the episodes that are being played.
_LINGER = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An agent cannot be evaluated.

    Attributes:
        task: The episode that it failed in.
        kind: Whose fault it was.
        error: What happened.
    """

    task: EpisodeTask
    kind: FailureKind
    error: Exception


Report = Episode | EpisodeLost | Failure
"""What playing one episode came to."""


@dataclass
class _Work:
    """What is to be played, and by how many at once.

    Attributes:
        queue: The tasks that nobody plays yet.
        reports: What the others came to.
        failed: The agents that have failed.
        runners: How many play.
    """

    queue: deque[EpisodeTask]
    reports: "asyncio.Queue[Report | None]"
    failed: dict[str, None] = field(default_factory=dict)
    runners: int = 0


class Player:
    """Plays episodes, and reports each result in batches as large as the receiver's pace makes them."""

    def __init__(
        self,
        backend: EvaluationBackend,
        shutdown: Shutdown,
        *,
        attempts: int,
        on_exhausted: Literal["fail_agent", "stop"],
        drop_failed: bool = True,
    ) -> None:
        """Make a player.

        Args:
            backend: Where episodes are played.
            shutdown: Who may ask to stop.
            attempts: How often an episode is begun.
            on_exhausted: Whether an agent fails, or the run stops, when an episode is lost that often.
            drop_failed: Leave out the other episodes of an agent that has failed. Which of them were finished before
                then depends on luck, so that this is for those whose finished episodes count for nothing.
        """
        self._backend = backend
        self._shutdown = shutdown
        self._attempts = attempts
        self._stop_when_exhausted = on_exhausted == "stop"
        self._drop_failed = drop_failed

    async def play(self, tasks: Sequence[EpisodeTask], receive: Callable[[Sequence[Report]], Awaitable[None]]) -> None:
        """Play the tasks in order, as many at once as the backend has slots.

        Every report has been received when this returns or raises
        `ShutdownRequested`.

        Args:
            tasks: What to play; the first are begun first.
            receive: Called with one or more reports at a time, never twice at once.

        Raises:
            ShutdownRequested: Somebody asked; unfinished tasks were abandoned.
        """
        reports: asyncio.Queue[Report | None] = asyncio.Queue()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_deliver(reports, receive))
                await self._shutdown.bound(self._run_all(_Work(deque(tasks), reports)))
                reports.put_nowait(None)
        except BaseExceptionGroup as errors:
            raise _alone(errors) from _alone(errors).__cause__
        self._shutdown.check()

    async def _run_all(self, work: "_Work") -> None:
        async with asyncio.TaskGroup() as crew:
            self._hire(work, crew)

    def _hire(self, work: "_Work", crew: asyncio.TaskGroup) -> None:
        """Have as many runners as the backend has slots for them now."""
        while work.runners < min(self._backend.slots, work.runners + len(work.queue)):
            work.runners += 1
            crew.create_task(self._run(work, crew))

    async def _run(self, work: "_Work", crew: asyncio.TaskGroup) -> None:
        while work.queue and not self._shutdown.requested and work.runners <= self._backend.slots:
            task = work.queue.popleft()
            if task.agent in work.failed:
                continue
            report = await self._attempt(task)
            if isinstance(report, Failure) and self._drop_failed:
                if task.agent in work.failed:  # another of its episodes, played at the same time, was faster to fail
                    continue
                work.failed[task.agent] = None
            elif isinstance(report, EpisodeLost):
                work.queue.appendleft(replace(task, attempt=task.attempt + 1))
            work.reports.put_nowait(report)
            self._hire(work, crew)
        work.runners -= 1

    async def _attempt(self, task: EpisodeTask) -> Report:
        try:
            return await self._backend.play(task)
        except PolicyTimedOut as error:
            return Failure(task=task, kind=FailureKind.POLICY_TIMED_OUT, error=error)
        except PolicyFailed as error:
            return Failure(task=task, kind=FailureKind.POLICY_RAISED, error=error)
        except InfrastructureFailed as error:
            return self._lost(task, error)

    def _lost(self, task: EpisodeTask, error: InfrastructureFailed) -> EpisodeLost | Failure:
        if isinstance(error, WorkerRefused):  # no attempt can change what is installed, and no agent is to blame
            self._shutdown.request(describe(error), grace=_REFUSAL_GRACE)
        elif task.attempt >= self._attempts:
            exhausted = AttemptsExhausted(f"episode {task.number} of {task.agent} was lost {task.attempt} times")
            exhausted.__cause__ = error
            if not self._stop_when_exhausted:
                return Failure(task=task, kind=FailureKind.ATTEMPTS_EXHAUSTED, error=exhausted)
            self._shutdown.request(describe(exhausted), grace=0.0)
        return EpisodeLost(
            purpose=task.purpose,
            agent=task.agent,
            number=task.number,
            seed=task.seed,
            attempt=task.attempt,
            reason=describe(error),
        )


def _alone(error: BaseException) -> BaseException:
    """Return the one error in groups around it: one failure needs none."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


async def _deliver(
    reports: "asyncio.Queue[Report | None]", receive: Callable[[Sequence[Report]], Awaitable[None]]
) -> None:
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
