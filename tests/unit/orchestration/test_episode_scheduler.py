"""Tests of the episode scheduler: order, retries, dropped and cancelled episodes."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from clau_doom.domain import Episode, Genome, Purpose
from clau_doom.domain.events import EpisodeLost, FailureKind
from clau_doom.errors import (
    EngineCrashed,
    PolicyFailed,
    PolicyTimedOut,
    ShutdownRequested,
    StorageFailed,
    WorkerRefused,
    WorkerUnavailable,
)
from clau_doom.orchestration.episode_scheduler import AgentFailure, EpisodeScheduler, Report
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.orchestration.task_queue import TaskQueue
from clau_doom.ports import EpisodeTask
from clau_doom.testing import ScriptedBackend


def tasks(agents: int, episodes: int) -> list[EpisodeTask]:
    return [
        EpisodeTask(
            purpose=Purpose.TRAINING, agent=f"x-g000-a{agent:03d}", genome=Genome((agent / 10,)), number=n, seed=n
        )
        for agent in range(agents)
        for n in range(episodes)
    ]


Script = Callable[[EpisodeTask], Exception | float | None]
"""What is to happen to a task: an exception is raised, a number is slept (seconds), None plays at once."""


class Table:
    """Scheduler of tasks that keeps the reported results."""

    def __init__(self, script: Script | None = None, *, slots: int = 2, attempts: int = 3, stop: bool = False) -> None:
        self.backend = ScriptedBackend(slots=slots, disturb=self.disturb)
        self.script = script
        self.playing = 0
        self.shutdown = Shutdown()
        self.scheduler = EpisodeScheduler(
            self.backend, self.shutdown, attempts=attempts, on_exhausted="stop" if stop else "fail_agent"
        )
        self.reports: list[Report] = []

    async def disturb(self, task: EpisodeTask) -> None:
        wanted = self.script(task) if self.script else None
        if isinstance(wanted, Exception):
            raise wanted
        self.playing += 1
        try:
            await asyncio.sleep(wanted or 0.0)
        finally:
            self.playing -= 1

    async def receive(self, reports: Sequence[Report]) -> None:
        self.reports.extend(reports)

    async def play(self, wanted: Sequence[EpisodeTask]) -> None:
        await self.scheduler.play(TaskQueue(wanted), self.receive)


async def test_every_task_is_played_once_and_in_order() -> None:
    table, wanted = Table(), tasks(3, 4)
    await table.play(wanted)
    assert table.backend.played == wanted
    assert sorted((e.agent, e.number) for e in table.reports if isinstance(e, Episode)) == [
        (task.agent, task.number) for task in wanted
    ]


async def test_lost_episode_is_repeated_with_its_seed() -> None:
    """A lost episode is reported and repeated with the same seed. The agent is not charged."""

    def crash_once(task: EpisodeTask) -> Exception | None:
        return EngineCrashed("gone") if task.number == 1 and task.attempt == 1 else None

    table = Table(crash_once)
    await table.play(tasks(1, 3))
    lost = [report for report in table.reports if isinstance(report, EpisodeLost)]
    assert [(report.number, report.attempt, report.reason) for report in lost] == [(1, 1, "gone")]
    played = {e.number: e for e in table.reports if isinstance(e, Episode)}
    assert sorted(played) == [0, 1, 2]
    assert played[1].timing.attempts == 2
    assert played[1].outcome.seed == 1


async def test_agent_fails_after_its_last_attempt() -> None:
    """The failure has the cause. Other agents continue."""

    def crash(task: EpisodeTask) -> Exception | None:
        return EngineCrashed("gone") if task.agent == "x-g000-a000" else None

    table = Table(crash, slots=1)
    await table.play(tasks(2, 2))
    (failure,) = (report for report in table.reports if isinstance(report, AgentFailure))
    assert failure.kind is FailureKind.ATTEMPTS_EXHAUSTED
    assert isinstance(failure.error.__cause__, EngineCrashed)
    assert [task.attempt for task in table.backend.played if task.agent == "x-g000-a000"] == [1, 2, 3]
    assert sum(isinstance(report, Episode) for report in table.reports) == 2


async def test_worker_that_does_not_start_counts_no_attempt() -> None:
    """The episode is played later as its first attempt, and is not reported as lost."""
    refused = dict.fromkeys(range(3), 0)

    def refuse_five_times(task: EpisodeTask) -> Exception | None:
        refused[task.number] += 1
        return WorkerUnavailable("no file descriptor is free") if refused[task.number] <= 5 else None

    table = Table(refuse_five_times, slots=3, attempts=1)
    await table.play(tasks(1, 3))
    assert [report.timing.attempts for report in table.reports if isinstance(report, Episode)] == [1, 1, 1]
    assert len(table.reports) == 3


async def test_run_stops_if_no_worker_starts() -> None:
    """The reason names the missing worker, and no agent fails."""
    table = Table(lambda _: WorkerUnavailable("worker 0 could not be started: /w is missing"), attempts=1)
    table.scheduler = EpisodeScheduler(
        table.backend, table.shutdown, attempts=1, on_exhausted="fail_agent", start_patience=0.3
    )
    with pytest.raises(ShutdownRequested, match=r"within 0\.3 s: worker 0 could not be started: /w is missing$"):
        await table.play(tasks(2, 2))
    assert table.reports == []
    assert {task.attempt for task in table.backend.played} == {1}


async def test_stop_does_not_wait_for_a_back_off() -> None:
    table = Table(lambda _: WorkerUnavailable("gone"))
    playing = asyncio.ensure_future(table.play(tasks(1, 1)))
    for _ in range(100):  # one is played at once, and then waits
        await asyncio.sleep(0)
    table.shutdown.request("a person", grace=60.0)
    with pytest.raises(ShutdownRequested, match="a person"):
        await asyncio.wait_for(playing, 30.0)


async def test_exhausted_attempts_can_stop_the_run() -> None:
    """With `stop` the loss is reported before the error."""
    table = Table(lambda task: EngineCrashed("gone"), attempts=2, stop=True, slots=1)
    with pytest.raises(ShutdownRequested, match="was lost 2 times: gone"):
        await table.play(tasks(1, 1))
    assert [report.attempt for report in table.reports if isinstance(report, EpisodeLost)] == [1, 2]


async def test_refused_worker_stops_the_run() -> None:
    """Changed software stops the run without a retry, and no agent is charged."""
    table = Table(lambda task: WorkerRefused("worker 0 has numpy 3") if task.number == 1 else 0.05, slots=2)
    with pytest.raises(ShutdownRequested, match="worker 0 has numpy 3"):
        await table.play(tasks(1, 8))
    assert [type(report).__name__ for report in table.reports] == ["EpisodeLost", "Episode"]
    assert len(table.backend.played) == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PolicyFailed("the policy raised"), FailureKind.POLICY_RAISED),
        (PolicyTimedOut("still deciding"), FailureKind.POLICY_TIMED_OUT),
    ],
)
async def test_policy_failure_drops_the_other_episodes(error: Exception, kind: FailureKind) -> None:
    """A policy failure is final."""
    table = Table(lambda task: error if task.agent == "x-g000-a000" else None, slots=1)
    await table.play(tasks(2, 3))
    assert [task.number for task in table.backend.played if task.agent == "x-g000-a000"] == [0]
    assert [report.kind for report in table.reports if isinstance(report, AgentFailure)] == [kind]


async def test_concurrent_failures_of_an_agent_count_once() -> None:
    table = Table(lambda task: PolicyFailed("the policy raised"), slots=4)
    await table.play(tasks(1, 4))
    assert len(table.backend.played) > 1
    assert sum(isinstance(report, AgentFailure) for report in table.reports) == 1


async def test_stop_waits_for_running_episodes() -> None:
    """No new episode starts. Episodes that end within the grace period are reported."""
    table = Table(lambda task: 0.05, slots=2)
    asyncio.get_running_loop().call_later(0.01, lambda: table.shutdown.request("Ctrl-C", grace=5.0))
    with pytest.raises(ShutdownRequested, match="Ctrl-C"):
        await table.play(tasks(1, 10))
    assert len(table.reports) == len(table.backend.played) == 2


async def test_episodes_are_cancelled_after_the_grace_period() -> None:
    """A cancelled episode is not reported."""
    table = Table(lambda task: 60.0, slots=2)
    asyncio.get_running_loop().call_later(0.01, lambda: table.shutdown.request("deadline", grace=0.0))
    with pytest.raises(ShutdownRequested, match="deadline"):
        await table.play(tasks(1, 10))
    assert table.reports == []
    assert table.playing == 0


async def test_failed_storage_of_results_ends_the_run() -> None:
    """No more episodes start. The error is raised unchanged."""
    table = Table(lambda task: 0.001)

    async def full(reports: Sequence[Report]) -> None:
        raise StorageFailed("no room")

    with pytest.raises(StorageFailed, match="no room"):
        await table.scheduler.play(TaskQueue(tasks(1, 500)), full)
    assert len(table.backend.played) < 500
    assert table.playing == 0


async def test_scheduler_follows_the_number_of_slots() -> None:
    """The scheduler follows a backend's changing number of slots."""

    class Breathing(ScriptedBackend):
        @property
        def slots(self) -> int:
            return 5 if 10 <= len(self.played) < 20 else 2

    table, peaks = Table(lambda task: 0.001), dict[int, int]()

    table.backend = Breathing(disturb=table.disturb)
    table.scheduler = EpisodeScheduler(table.backend, table.shutdown, attempts=3, on_exhausted="fail_agent")
    wanted = tasks(10, 3)

    async def count() -> None:
        while len(table.reports) < len(wanted):
            phase = len(table.backend.played) // 10
            peaks[phase] = max(peaks.get(phase, 0), table.playing)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(count())
        await table.play(wanted)
    assert [peaks[0], peaks[1]] == [2, 5]
    assert len(table.reports) == len(wanted)


async def test_work_is_cancelled_after_the_grace_period() -> None:
    """Work that ends in time returns its result. An error of the work is raised."""
    shutdown, ended = Shutdown(), list[str]()

    async def work(seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            ended.append(f"{seconds}")

    async def fail() -> None:
        raise StorageFailed("no")

    assert await shutdown.run_within_grace(work(0.0))
    with pytest.raises(StorageFailed):
        await shutdown.run_within_grace(fail())
    shutdown.request("enough", grace=0.02)
    assert not await shutdown.run_within_grace(work(60.0))
    assert ended == ["0.0", "60.0"]
