"""Plays a list of episodes on any backend: in order, again when lost, until done, failed or asked to stop."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
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
        queue, failed = deque(tasks), dict[str, None]()
        reports: asyncio.Queue[Report | None] = asyncio.Queue()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_deliver(reports, receive))
                await self._run_all(queue, failed, reports)
                reports.put_nowait(None)
        except BaseExceptionGroup as errors:
            if len(errors.exceptions) == 1:  # one failure needs no group around it
                raise errors.exceptions[0] from errors.exceptions[0].__cause__
            raise
        self._shutdown.check()

    async def _run_all(
        self, queue: deque[EpisodeTask], failed: dict[str, None], reports: "asyncio.Queue[Report | None]"
    ) -> None:
        runners = [
            asyncio.ensure_future(self._run(queue, failed, reports))
            for _ in range(min(self._backend.slots, len(queue)))
        ]
        expired = asyncio.ensure_future(self._shutdown.expired())
        try:
            waiting = set(runners)
            while waiting and not expired.done():
                finished, _ = await asyncio.wait({*waiting, expired}, return_when=asyncio.FIRST_COMPLETED)
                waiting -= finished
                for runner in finished - {expired}:
                    runner.result()
        finally:
            for future in (*runners, expired):
                future.cancel()
            await asyncio.gather(*runners, expired, return_exceptions=True)

    async def _run(
        self, queue: deque[EpisodeTask], failed: dict[str, None], reports: "asyncio.Queue[Report | None]"
    ) -> None:
        while queue and not self._shutdown.requested:
            task = queue.popleft()
            if task.agent in failed:
                continue
            report = await self._attempt(task)
            if isinstance(report, Failure) and self._drop_failed:
                if task.agent in failed:  # another of its episodes, played at the same time, was faster to fail
                    continue
                failed[task.agent] = None
            elif isinstance(report, EpisodeLost):
                queue.appendleft(replace(task, attempt=task.attempt + 1))
            reports.put_nowait(report)

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
