"""Tests of run control: pause, stop and restart of runs and agents, and injected genomes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from clau_doom.config import ExperimentConfig, GeneticConfig, HoldoutConfig, to_yaml
from clau_doom.domain import AgentStatus, Fitness, Gene, Genome, GenomeSpace
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, InjectGenome
from clau_doom.domain.events import EpisodeFinished
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import (
    AgentNotFound,
    GenerationFull,
    InvalidGenome,
    PolicyFailed,
    WrongState,
)
from clau_doom.evolution import INJECTED
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.ports import EpisodeTask
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.memory_store import MemoryStore
from tests.support.waiting import let_tasks_settle, until, until_stored

SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0), Gene.real("y", -1.0, 1.0)))
CONFIG = ExperimentConfig(
    name="x",
    generations=3,
    population=4,
    episodes=3,
    evolution=GeneticConfig(elites=1),
    holdout=HoldoutConfig(validation=2, episodes=2),
)
FIRST, SECOND = "x-g000-a000", "x-g000-a001"


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


class Stage:
    """Run whose episodes end when the test allows it."""

    def __init__(self, config: ExperimentConfig = CONFIG, store: MemoryStore | None = None) -> None:
        self.config = config
        self.clock = Clock()
        self.store = store or MemoryStore(
            Experiment(id="x", uuid="4f8", seed=1, config_yaml=to_yaml(config), provenance=Provenance(facts=()))
        )
        self.open = asyncio.Event()
        self.fail: Callable[[EpisodeTask], bool] = lambda task: False
        self.backend = ScriptedBackend(slots=2, disturb=self._disturb)
        self.shutdown = Shutdown()
        self.run = ExperimentRun(
            config,
            to_yaml(config),
            space=SPACE,
            fitness=Fitness.named("reward"),
            store=self.store,
            backend=self.backend,
            shutdown=self.shutdown,
            clock=self.clock,
        )

    async def _disturb(self, task: EpisodeTask) -> None:
        await self.open.wait()
        if self.fail(task):
            raise PolicyFailed("no idea")

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[asyncio.Task[ExperimentState]]:
        """Run until the first episodes are played, and hold them."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.run.run())
            await until(lambda: len(self.backend.played) >= 2)
            try:
                yield task
            finally:
                self.open.set()
                if not task.done():
                    await asyncio.wait({task}, timeout=5)
                    task.cancel()

    async def do(self, action: AgentAction, agent: str) -> int:
        return (await self.run.control.execute(AgentCommand(action=action, agent=agent))).sequence

    def begun(self, agent: str) -> int:
        return sum(task.agent == agent for task in self.backend.played)

    async def snapshot(self) -> Snapshot:
        return await self.store.snapshot()


async def untouched() -> str:
    stage = Stage()
    stage.open.set()
    await stage.run.run()
    return history_sha256((await stage.snapshot()).generations)


async def test_paused_run_starts_no_episodes() -> None:
    """Running episodes finish and are kept. After a resume the result is the same, with no deviation."""
    stage = Stage()
    async with stage.playing() as task:
        await stage.run.control.pause()
        with pytest.raises(WrongState, match="paused already"):
            await stage.run.control.pause()
        assert (await stage.snapshot()).state is ExperimentState.PAUSED
        stage.open.set()
        await until_stored(stage.store, EpisodeFinished, 2)
        await let_tasks_settle()
        assert len(stage.backend.played) == 2
        stage.clock.now = 1000.0
        await stage.run.control.resume()
        with pytest.raises(WrongState, match="only paused experiments"):
            await stage.run.control.resume()
        assert await task is ExperimentState.COMPLETED
    snapshot = await stage.snapshot()
    assert history_sha256(snapshot.generations) == await untouched()
    assert (snapshot.deviations.total, snapshot.running_seconds) == (0, 0.0)


async def test_generation_does_not_end_during_a_pause() -> None:
    """A user can stop the last agent of a paused run, restart it, and have it evaluated."""
    stage = Stage()
    async with stage.playing() as task:
        agents = [f"x-g000-a{index:03d}" for index in range(4)]
        await stage.run.control.pause()
        for agent in agents[:-1]:
            await stage.do(AgentAction.STOP, agent)
        stage.open.set()
        await stage.do(AgentAction.STOP, agents[-1])
        await until_stored(stage.store, EpisodeFinished, 2)
        await let_tasks_settle()
        await stage.do(AgentAction.RESTART, agents[-1])
        await stage.run.control.resume()
        assert await task is ExperimentState.COMPLETED


async def test_time_limit_excludes_pauses() -> None:
    """A paused run can be stopped at once."""
    stage = Stage(CONFIG.model_copy(update={"max_duration": 0.5}))
    async with stage.playing() as task:
        await stage.run.control.pause()
        stage.open.set()
        await asyncio.sleep(0.5)  # a deadline of the run would end before this later timer
        await let_tasks_settle()
        assert not stage.shutdown.requested
        assert not task.done()
        stage.shutdown.request("Ctrl-C", grace=60.0)
        assert await asyncio.wait_for(task, 1.0) is ExperimentState.INTERRUPTED


async def test_cancelled_run_accepts_no_commands() -> None:
    """A cancelled run ends at once in a final state, and refuses further commands."""
    stage = Stage()
    async with stage.playing() as task:
        stage.run.control.cancel()
        assert await task is ExperimentState.CANCELLED
        with pytest.raises(WrongState, match="not running"):
            await stage.do(AgentAction.PAUSE, FIRST)
    assert (await stage.snapshot()).state is ExperimentState.CANCELLED


async def test_agent_stays_paused_across_a_resume() -> None:
    """Only this agent's episodes wait, also in a new process. The history is unchanged."""
    stage = Stage()
    async with stage.playing() as task:
        assert await stage.do(AgentAction.PAUSE, SECOND) > 0
        assert await stage.do(AgentAction.PAUSE, SECOND) == 0, "it is paused already"
        stage.open.set()
        await until_stored(stage.store, EpisodeFinished, 9)
        await let_tasks_settle()
        assert stage.begun(SECOND) == 0
        stage.shutdown.request("Ctrl-C", grace=5.0)
        assert await asyncio.wait_for(task, 1.0) is ExperimentState.INTERRUPTED
    again = Stage(store=stage.store)
    again.open.set()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(again.run.run())
        await again.run.control.ready.wait()
        await let_tasks_settle()
        assert not again.backend.played
        inspected = await again.run.control.execute(AgentCommand(action=AgentAction.INSPECT, agent=SECOND))
        assert (inspected.sequence, inspected.paused) == (0, True)
        await again.do(AgentAction.RESUME, SECOND)
        assert await task is ExperimentState.COMPLETED
    snapshot = await again.snapshot()
    assert history_sha256(snapshot.generations) == await untouched()
    assert snapshot.deviations.total == 0


async def test_stopped_agent_has_no_fitness() -> None:
    """The generation continues without its other episodes. The deviation is counted."""
    stage = Stage()
    async with stage.playing() as task:
        await stage.do(AgentAction.STOP, FIRST)
        assert await stage.do(AgentAction.STOP, FIRST) == 0
        stage.open.set()
        assert await task is ExperimentState.COMPLETED
    snapshot = await stage.snapshot()
    stopped = snapshot.find(FIRST)
    assert (stopped.status, stopped.fitness, stopped.failure) == (AgentStatus.FAILED, None, "stopped by a user")
    assert stage.begun(FIRST) < 3
    assert snapshot.deviations.interventions == 1


async def test_restarted_agent_plays_its_missing_episodes() -> None:
    """A stopped and restarted agent gets the fitness of an agent that was never stopped."""
    stage = Stage()
    async with stage.playing() as task:
        await stage.do(AgentAction.STOP, FIRST)
        with pytest.raises(WrongState, match="restart stopped and failed"):
            await stage.do(AgentAction.RESTART, SECOND)
        await stage.do(AgentAction.RESTART, FIRST)
        stage.open.set()
        assert await task is ExperimentState.COMPLETED
    snapshot = await stage.snapshot()
    assert history_sha256(snapshot.generations) == await untouched()
    assert snapshot.deviations.interventions == 2
    assert stage.begun(FIRST) == 3, "what was being played was not begun again"


async def test_failed_agent_can_be_restarted_until_its_generation_ends() -> None:
    """Afterwards the agent is read-only."""
    stage = Stage()
    stage.fail = lambda task: task.agent == FIRST
    async with stage.playing() as task:
        await stage.do(AgentAction.PAUSE, SECOND)
        stage.open.set()
        await until_stored(stage.store, EpisodeFinished, 6)
        await let_tasks_settle()
        assert (await stage.snapshot()).find(FIRST).status is AgentStatus.FAILED
        stage.fail = lambda task: False
        await stage.do(AgentAction.RESTART, FIRST)
        await stage.do(AgentAction.RESUME, SECOND)
        assert await task is ExperimentState.COMPLETED
        with pytest.raises(WrongState, match="generation 0 is finished"):
            await stage.do(AgentAction.RESTART, FIRST)
        with pytest.raises(AgentNotFound):
            await stage.do(AgentAction.INSPECT, "x-g009-a000")
        assert await stage.do(AgentAction.INSPECT, FIRST) == 0
    assert (await stage.snapshot()).find(FIRST).status is AgentStatus.COMPLETED


async def test_injected_genome_is_in_the_next_generation() -> None:
    """The genome replaces one of the last agents, with its own operator. Too many genomes are refused."""
    genome = Genome((0.125, -0.5))
    stage = Stage()
    async with stage.playing() as task:
        with pytest.raises(InvalidGenome):
            await stage.run.control.execute(InjectGenome(experiment="x", genome=Genome((2.0, 0.0))))
        done = await stage.run.control.execute(InjectGenome(experiment="x", genome=genome))
        assert (done.sequence > 0, done.evaluation) == (True, None)
        with pytest.raises(GenerationFull, match="immigrants"):
            await stage.run.control.execute(InjectGenome(experiment="x", genome=genome))
        stage.open.set()
        assert await task is ExperimentState.COMPLETED
        with pytest.raises(WrongState, match="no generation follows"):
            await stage.run.control.execute(InjectGenome(experiment="x", genome=genome))
    snapshot = await stage.snapshot()
    agent = snapshot.generations[1][-1].agent
    assert (agent.genome, agent.parents, agent.operator) == (genome, (), INJECTED)
    assert snapshot.deviations.interventions == 1


@pytest.mark.parametrize("played", [2, 8, 13, 25])
async def test_interruption_keeps_injected_genomes(played: int) -> None:
    """The interruption is before or after the start of the generation. The history is unchanged."""
    genome = Genome((0.125, -0.5))

    async def history(stop_at: int | None) -> str:
        stage = Stage()
        async with stage.playing() as task:
            await stage.run.control.execute(InjectGenome(experiment="x", genome=genome))

            def fail(task: EpisodeTask) -> bool:
                if stop_at is not None and len(stage.backend.played) >= stop_at:
                    stage.shutdown.request("enough", grace=0.0)
                return False

            stage.fail = fail
            stage.open.set()
            await task
        again = Stage(store=stage.store)
        again.open.set()
        if (await stage.snapshot()).state is not ExperimentState.COMPLETED:
            assert await again.run.run() is ExperimentState.COMPLETED
        return history_sha256((await again.snapshot()).generations)

    assert await history(played) == await history(None)
