"""Tests of the orchestrator of several experiments in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from clau_doom.config import ExperimentConfig, HoldoutConfig
from clau_doom.domain import AgentStatus, Genome
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, BudgetChange, InjectGenome
from clau_doom.domain.events import ExperimentCompleted, ExperimentInterrupted, RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.history_hash import history_sha256
from clau_doom.errors import (
    AgentNotFound,
    ClusterRefused,
    ConfigError,
    ExperimentBusy,
    ExperimentDone,
    ExperimentExists,
    ExperimentNotFound,
    ResumeRefused,
    ShutdownRequested,
    WrongState,
)
from clau_doom.orchestration import ExperimentRun, Orchestrator, Planned, Shutdown
from clau_doom.ports import ExperimentStore, StoredExperiment
from clau_doom.testing.scripted_repository import ScriptedRepository

BASE = ExperimentConfig(
    name="one", generations=3, population=4, episodes=2, holdout=HoldoutConfig(validation=2, episodes=2)
)


def named(name: str, **changes: object) -> ExperimentConfig:
    return BASE.model_copy(update={"name": name, **changes})


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Orchestrator, ScriptedRepository]]:
    """Run an orchestrator of scripted experiments for at most 20 s."""
    repository = ScriptedRepository()
    async with asyncio.timeout(20), Orchestrator(repository) as orchestrator:
        yield orchestrator, repository


async def ended(orchestrator: Orchestrator, name: str) -> StoredExperiment:
    async for _ in orchestrator.events(name):
        pass
    while name in orchestrator.live:  # noqa: ASYNC110 - the store is closed after the last event
        await asyncio.sleep(0)
    return await orchestrator.experiment(name)


async def test_experiments_run_concurrently() -> None:
    """Each concurrent experiment has the result of a run alone, and all are listed by id."""
    async with serving() as (orchestrator, _):
        for name in ("two", "one", "three"):
            stored, created = await orchestrator.start(named(name))
            assert (stored.state, created) == (ExperimentState.RUNNING, True)
        hashes = {
            history_sha256((await ended(orchestrator, name)).snapshot.generations) for name in ("one", "two", "three")
        }
        assert len(hashes) == 1
        listed = await orchestrator.experiments()
        assert [each.snapshot.experiment.id for each in listed] == ["one", "three", "two"]
        assert {each.state for each in listed} == {ExperimentState.COMPLETED}
        assert len({each.snapshot.experiment.uuid for each in listed}) == 3


class _FullMachine(ScriptedRepository):
    """Experiment repository in which no worker starts until the test frees cores."""

    has_free_cores = False

    @asynccontextmanager
    async def open(self, plan: Planned, shutdown: Shutdown) -> AsyncIterator[tuple[ExperimentStore, ExperimentRun]]:
        if not self.has_free_cores:
            raise ClusterRefused("no node has a free core")
        async with super().open(plan, shutdown) as opened:
            yield opened


async def test_failed_start_stores_no_experiment() -> None:
    """A failed start is not stored, so that the same request succeeds later."""
    repository = _FullMachine()
    async with asyncio.timeout(20), Orchestrator(repository) as orchestrator:
        with pytest.raises(ClusterRefused):
            await orchestrator.start(BASE)
        assert await orchestrator.experiments() == ()
        repository.has_free_cores = True
        assert (await orchestrator.start(BASE))[1]
        assert (await ended(orchestrator, "one")).state is ExperimentState.COMPLETED


async def test_repeated_request_starts_one_experiment() -> None:
    """A different request or configuration under the name is refused."""
    async with serving() as (orchestrator, _):
        first, created = await orchestrator.start(BASE, request_id="r1")
        again, repeated = await orchestrator.start(BASE, request_id="r1")
        assert (created, repeated) == (True, False)
        assert again.snapshot.experiment == first.snapshot.experiment
        for config, request in ((BASE, ""), (BASE, "r2"), (named("one", seed=2), "r1")):
            with pytest.raises(ExperimentExists):
                await orchestrator.start(config, request_id=request)
        both = await asyncio.gather(*(orchestrator.start(named("two"), request_id="r3") for _ in range(5)))
        assert sorted(new for _, new in both) == [False] * 4 + [True]


async def test_planning_error_stores_no_experiment() -> None:
    """The error is raised unchanged."""
    repository = ScriptedRepository(refuse=lambda config: ConfigError("no such scenario"))
    async with Orchestrator(repository) as orchestrator:
        with pytest.raises(ConfigError, match="no such scenario"):
            await orchestrator.start(BASE)
        assert await orchestrator.experiments() == ()


async def test_follower_receives_all_events_to_the_end() -> None:
    """Each event arrives once and in order, also if the follower starts late."""
    async with serving() as (orchestrator, repository):
        repository.may_end.clear()
        await orchestrator.start(BASE)

        async def read(after: int) -> list[RecordedEvent]:
            return [recorded async for recorded in orchestrator.events("one", after)]

        async with asyncio.TaskGroup() as group:
            readers = [group.create_task(read(after)) for after in (0, 0, 5)]
            await asyncio.sleep(0.05)
            repository.may_end.set()
        rows = [reader.result() for reader in readers] + [await read(0)]
        assert [recorded.sequence for recorded in rows[0]] == [*range(1, len(rows[0]) + 1)]
        assert rows[0] == rows[1] == rows[3]
        assert rows[2] == rows[0][5:]
        assert isinstance(rows[0][-1].event, ExperimentCompleted)


async def test_commands_depend_on_the_state_of_the_experiment() -> None:
    """In other states the error names a possible command."""
    async with serving() as (orchestrator, repository):
        repository.may_end.clear()
        await orchestrator.start(BASE)
        with pytest.raises(WrongState):
            await orchestrator.resume("one")
        assert (await orchestrator.pause("one")).state is ExperimentState.PAUSED
        assert (await orchestrator.resume("one")).state is ExperimentState.RUNNING
        assert (await orchestrator.cancel("one")).state is ExperimentState.CANCELLED
        assert orchestrator.live == ()
        for refused in (orchestrator.resume, orchestrator.cancel):
            with pytest.raises(ExperimentDone):
                await refused("one")
        with pytest.raises(WrongState, match="cancelled"):
            await orchestrator.pause("one")
        for missing in (orchestrator.pause, orchestrator.resume, orchestrator.cancel, orchestrator.experiment):
            with pytest.raises(ExperimentNotFound):
                await missing("none")


async def test_resume_needs_a_larger_budget() -> None:
    """Without it the error has the remedy. A larger budget gives the usual history."""
    async with serving() as (orchestrator, repository):
        await orchestrator.start(named("alone"))
        repository.may_end.clear()
        await orchestrator.start(named("one", max_duration=0.001))
        stopped = await ended(orchestrator, "one")
        assert (stopped.state, stopped.snapshot.reason) == (
            ExperimentState.INTERRUPTED,
            "max_duration of 0.001 s is used up",
        )
        for change in (BudgetChange(), BudgetChange(max_duration="0.001s")):
            with pytest.raises(WrongState, match=r"used up its max_duration of 0\.001s .* max_duration="):
                await orchestrator.resume("one", change)
        with pytest.raises(ConfigError, match="max_duration"):
            await orchestrator.resume("one", BudgetChange(max_duration="soon"))
        assert (await orchestrator.experiment("one")).snapshot.last_sequence == stopped.snapshot.last_sequence
        repository.may_end.set()
        assert (await orchestrator.resume("one", BudgetChange(max_duration="1h"))).state is ExperimentState.RUNNING
        done, alone = await ended(orchestrator, "one"), await ended(orchestrator, "alone")
        assert done.config.max_duration == 3600.0
        assert history_sha256(done.snapshot.generations) == history_sha256(alone.snapshot.generations)


async def test_budget_can_be_raised_in_any_state() -> None:
    """More generations give the history of a longer run. Fewer generations are refused."""
    assert BASE.generations is not None
    async with serving() as (orchestrator, repository):
        more = BASE.generations + 2
        await orchestrator.start(named("long", generations=more))
        long = await ended(orchestrator, "long")
        repository.may_end.clear()
        for name in ("running", "paused"):
            await orchestrator.start(named(name))
        await orchestrator.pause("paused")
        for name in ("running", "paused"):
            with pytest.raises(ResumeRefused, match="may only be raised"):
                await orchestrator.resume(name, BudgetChange(generations=1))
            assert name in orchestrator.live
            assert (await orchestrator.resume(name, BudgetChange(generations=more))).state is ExperimentState.RUNNING
        repository.may_end.set()
        await orchestrator.start(named("completed"))
        assert (await ended(orchestrator, "completed")).state is ExperimentState.COMPLETED
        await orchestrator.resume("completed", BudgetChange(generations=more))
        for name in ("running", "paused", "completed"):
            done = await ended(orchestrator, name)
            assert (done.state, done.config.generations) == (ExperimentState.COMPLETED, more)
            assert history_sha256(done.snapshot.generations) == history_sha256(long.snapshot.generations)


async def test_agents_are_controlled_by_id() -> None:
    """Commands find the experiment of an agent. Agents of an experiment that does not run are read-only."""
    async with serving() as (orchestrator, repository):
        repository.may_end.clear()
        await orchestrator.start(BASE)
        done = await orchestrator.control(AgentCommand(action=AgentAction.PAUSE, agent="one-g000-a001"))
        assert (done.sequence > 0, done.paused) == (True, True)
        await orchestrator.control(AgentCommand(action=AgentAction.STOP, agent="one-g000-a001"))
        await orchestrator.control(InjectGenome(experiment="one", genome=Genome((0.5, 0.5, 1.0))))
        repository.may_end.set()
        await ended(orchestrator, "one")
        inspected = await orchestrator.control(AgentCommand(action=AgentAction.INSPECT, agent="one-g000-a001"))
        assert inspected.evaluation is not None
        assert inspected.evaluation.status is AgentStatus.FAILED
        for command in (
            AgentCommand(action=AgentAction.RESTART, agent="one-g000-a001"),
            InjectGenome(experiment="one", genome=Genome((0.5, 0.5, 1.0))),
        ):
            with pytest.raises(WrongState, match="completed and not running on this server"):
                await orchestrator.control(command)
        with pytest.raises(AgentNotFound):
            await orchestrator.control(AgentCommand(action=AgentAction.INSPECT, agent="one-g000-a099"))
        with pytest.raises(ExperimentNotFound):
            await orchestrator.control(AgentCommand(action=AgentAction.STOP, agent="none-g000-a000"))


async def test_new_server_resumes_drained_experiments() -> None:
    """A new server resumes drained experiments, but not those that a user paused or cancelled."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    async with Orchestrator(repository) as orchestrator:
        for name in ("one", "paused", "cancelled"):
            await orchestrator.start(named(name))
        await orchestrator.pause("paused")
        await orchestrator.cancel("cancelled")
        followed = [recorded.event async for recorded in _until_drained(orchestrator)]
        assert isinstance(followed[-1], ExperimentInterrupted)
        with pytest.raises(ShutdownRequested):
            await orchestrator.start(named("late"))
        with pytest.raises(ShutdownRequested):
            await orchestrator.resume("paused")
    again = ScriptedRepository(stores=repository.stores)
    async with Orchestrator(again) as orchestrator:
        await orchestrator.resume_all()
        assert orchestrator.live in {("one",), ("one", "paused")}
        resumed = await ended(orchestrator, "one")
        alone, _ = await orchestrator.start(named("alone"))
        alone = await ended(orchestrator, "alone")
        assert history_sha256(resumed.snapshot.generations) == history_sha256(alone.snapshot.generations)


async def _until_drained(orchestrator: Orchestrator) -> AsyncIterator[RecordedEvent]:
    orchestrator.drain(grace=0.0)
    async for recorded in orchestrator.events("one"):
        yield recorded


async def test_experiment_of_another_process_is_busy() -> None:
    """An experiment that another process runs is refused, and the other experiments continue."""
    async with serving() as (orchestrator, repository):
        repository.create(repository.plan(BASE), "u1")
        repository._open.add("one")
        with pytest.raises(ExperimentBusy):
            await orchestrator.resume("one")
        await orchestrator.start(named("two"))
        assert (await ended(orchestrator, "two")).state is ExperimentState.COMPLETED
