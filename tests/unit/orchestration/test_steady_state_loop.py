"""Tests of steady-state experiments on instant episodes: same result in any order and after any interruption."""

import asyncio
import random
from functools import partial
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.config import EvolutionConfig, ExperimentConfig, GeneticConfig, HoldoutConfig, RandomSearchConfig
from clau_doom.config.budget import BudgetConfig
from clau_doom.domain import AgentRef, AgentStatus, Evaluation, Gene, Genome, GenomeSpace, Purpose
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, InjectGenome
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.events import AgentEvaluated, AgentsAsked, EpisodeFinished, GenerationCompleted, GenerationStarted
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import EngineCrashed, ExperimentFailed, PolicyFailed, StoreCorrupted, WrongState
from clau_doom.orchestration import Shutdown
from clau_doom.ports import EpisodeTask
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_backend import Disturb
from clau_doom.testing.scripted_run import run_scripted, scripted_run, scripted_store
from tests.support.waiting import let_tasks_settle, until_stored

SPACE = GenomeSpace((Gene.real("courage", 0.0, 1.0), Gene.real("patience", 0.0, 1.0), Gene.integer("steps", 1, 9)))
Mode = Literal["generational", "steady_state"]
POPULATION, GENERATIONS, LOOKAHEAD = 6, 4, 4


def configuration(*, evolution: EvolutionConfig | None = None, **changes: object) -> ExperimentConfig:
    plain = ExperimentConfig(
        name="x",
        generations=GENERATIONS,
        population=POPULATION,
        episodes=3,
        fitness="reward",
        evolution=evolution or GeneticConfig(mode="steady_state", lookahead=LOOKAHEAD, elites=1),
        holdout=HoldoutConfig(validation=3, episodes=4),
    )
    return plain.model_copy(update=changes)


run = partial(run_scripted, space=SPACE)


async def finished(config: ExperimentConfig, *, slots: int = 3, disturb: Disturb | None = None) -> Snapshot:
    store = scripted_store(config)
    assert await run(store, config, slots=slots, disturb=disturb) is ExperimentState.COMPLETED
    return await store.snapshot()


@pytest.fixture(scope="module")
async def undisturbed() -> Snapshot:
    return await finished(configuration(), slots=1)


def assert_the_same(end: Snapshot, other: Snapshot) -> None:
    assert history_sha256(end.generations) == history_sha256(other.generations)
    assert (end.champion, end.summaries) == (other.champion, other.summaries)


def late(seed: int) -> Disturb:
    """Return a disturbance that changes the order in which episodes end."""
    draw = random.Random(seed)

    async def disturb(task: EpisodeTask) -> None:
        del task
        for _ in range(draw.choice([0, 1, 5, 50])):
            await asyncio.sleep(0)

    return disturb


@pytest.mark.parametrize("slots", [2, 7, 30])
async def test_number_of_slots_does_not_change_the_history(slots: int, undisturbed: Snapshot) -> None:
    """Examples are one worker, a few workers, and more workers than tasks."""
    assert_the_same(await finished(configuration(), slots=slots), undisturbed)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1_000_000), slots=st.integers(1, 9))
async def test_order_of_results_does_not_change_the_history(seed: int, slots: int, undisturbed: Snapshot) -> None:
    assert_the_same(await finished(configuration(), slots=slots, disturb=late(seed)), undisturbed)


@pytest.mark.parametrize("lookahead", [1, 6, 9, 100])
@pytest.mark.parametrize("kind", ["genetic", "random"])
async def test_run_ends_with_any_lookahead(lookahead: int, kind: str) -> None:
    """Runs end with a lookahead of one, above a generation, and above the number of agents."""
    plain = GeneticConfig() if kind == "genetic" else RandomSearchConfig()
    evolution = plain.model_copy(update={"mode": "steady_state", "lookahead": lookahead})
    one, other = [
        await finished(configuration(evolution=evolution), slots=slots, disturb=late(slots)) for slots in (1, 5)
    ]
    assert_the_same(one, other)
    assert [len(generation) for generation in one.generations] == [POPULATION] * GENERATIONS


@settings(deadline=None, max_examples=10)
@given(stops=st.lists(st.integers(1, 40), max_size=4), slots=st.integers(1, 5), grace=st.sampled_from([0.0, 5.0]))
async def test_interrupted_run_has_the_same_history(
    stops: list[int], slots: int, grace: float, undisturbed: Snapshot
) -> None:
    """A resumed run has the result of an uninterrupted run, and plays no episode twice."""
    config, played = configuration(), list[tuple[Purpose, str, int]]()
    store = scripted_store(config)
    for stop in stops:
        shutdown, left = Shutdown(), [stop]

        async def disturb(task: EpisodeTask, left: list[int] = left, shutdown: Shutdown = shutdown) -> None:
            del task
            left[0] -= 1
            if left[0] == 0:
                shutdown.request("enough", grace=grace)
            await asyncio.sleep(0)

        if await run(store, config, slots=slots, disturb=disturb, shutdown=shutdown) is ExperimentState.COMPLETED:
            break
    else:
        assert await run(store, config, slots=slots) is ExperimentState.COMPLETED
    async for recorded in store.events():
        if isinstance(recorded.event, EpisodeFinished):
            episode = recorded.event.episode
            played.append((episode.purpose, episode.agent, episode.number))
    assert_the_same(await store.snapshot(), undisturbed)
    assert len(played) == len({*played}), "a finished episode was played again"


@pytest.mark.parametrize("cut", range(2, 110, 9))
async def test_run_killed_after_any_event_is_resumed(cut: int, undisturbed: Snapshot) -> None:
    """A run that is killed after any event resumes to the same result."""
    config = configuration()
    whole = scripted_store(config)
    await run(whole, config, disturb=late(cut))
    events, store, end = [recorded.event async for recorded in whole.events()], scripted_store(config), cut
    while isinstance(events[end], AgentEvaluated):  # committed with the agent's last episode
        end += 1
    await store.append(events[1:end], running_seconds=0.0)
    await run(store, config, slots=5)
    assert_the_same(await store.snapshot(), undisturbed)


async def test_raised_generations_give_the_history_of_a_longer_run(undisturbed: Snapshot) -> None:
    """Two generations, completed and raised to four, end with the history of four."""
    store = scripted_store(configuration(generations=2))
    await run(store, configuration(generations=2))
    assert len((await store.snapshot()).summaries) == 2
    await run(store, configuration())
    assert_the_same(await store.snapshot(), undisturbed)


async def test_agents_within_the_lookahead_are_played(undisturbed: Snapshot) -> None:
    """One agent never ends. All other agents within the lookahead are played."""
    config, hanging = configuration(), asyncio.Event()
    store = scripted_store(config)

    async def disturb(task: EpisodeTask) -> None:
        if task.agent == "x-g001-a003":  # agent 9
            await hanging.wait()

    backend = ScriptedBackend(slots=4, disturb=disturb)
    running = asyncio.ensure_future(scripted_run(config, store, backend, space=SPACE).run())
    await until_stored(store, AgentEvaluated, 9 + LOOKAHEAD - 1)
    await let_tasks_settle()
    asked = flat(await store.snapshot())
    assert len(asked) == 9 + LOOKAHEAD
    assert [each.status for each in asked].count(AgentStatus.PENDING) == 1
    hanging.set()
    await running
    assert_the_same(await store.snapshot(), undisturbed)


def flat(snapshot: Snapshot) -> list[Evaluation]:
    return [evaluation for generation in snapshot.generations for evaluation in generation]


async def test_generations_overlap() -> None:
    """Agents of the next generation start before the last generation ends, without a barrier."""
    store = scripted_store(configuration())
    await run(store, configuration())
    events = [recorded.event async for recorded in store.events()]
    places = [agent.ref for event in events if isinstance(event, AgentsAsked) for agent in event.agents]
    assert places == [AgentRef(*divmod(number, POPULATION)) for number in range(GENERATIONS * POPULATION)]
    completed = [event.summary.index for event in events if isinstance(event, GenerationCompleted)]
    assert completed == [*range(GENERATIONS)]
    assert not any(isinstance(event, GenerationStarted) for event in events)
    second = next(at for at, event in enumerate(events) if isinstance(event, AgentsAsked) and event.generation == 1)
    first_over = next(at for at, event in enumerate(events) if isinstance(event, GenerationCompleted))
    assert second < first_over


async def test_projection_of_the_log_equals_the_snapshot() -> None:
    """A projection of the events equals the store's snapshot, and refuses agents out of order."""
    store = scripted_store(configuration())
    await run(store, configuration())
    projection, asked = ExperimentProjection(), list[AgentsAsked]()
    async for recorded in store.events():
        projection.apply(recorded.event)
        if isinstance(recorded.event, AgentsAsked):
            asked.append(recorded.event)
            with pytest.raises(StoreCorrupted):
                projection.apply(asked[-1])
    snapshot = await store.snapshot()
    assert projection.snapshot(running_seconds=snapshot.running_seconds) == snapshot


async def test_lost_episodes_do_not_change_the_history(undisturbed: Snapshot) -> None:
    """Each episode has two infrastructure failures."""

    async def disturb(task: EpisodeTask) -> None:
        if task.attempt < 3:
            raise EngineCrashed("gone")

    assert_the_same(await finished(configuration(), disturb=disturb), undisturbed)


async def test_failed_agent_has_no_children() -> None:
    """A failed agent has no fitness and no children, and the run continues."""

    async def disturb(task: EpisodeTask) -> None:
        if task.agent in {"x-g000-a002", "x-g001-a003"}:
            raise PolicyFailed("no courage")

    ends = [await finished(configuration(), slots=slots, disturb=disturb) for slots in (1, 6)]
    assert_the_same(*ends)
    failed = [each.agent.ref for each in flat(ends[0]) if each.status is AgentStatus.FAILED]
    assert failed == [AgentRef(0, 2), AgentRef(1, 3)]
    assert not {*failed} & {parent for each in flat(ends[0]) for parent in each.agent.parents}
    assert ends[0].deviations.total == 0


async def test_failed_generation_fails_the_experiment() -> None:
    """The error chains experiment, generation and the agents' own failures."""

    async def disturb(task: EpisodeTask) -> None:
        if task.agent.startswith("x-g001"):
            raise PolicyFailed(f"no courage in {task.agent}")

    store = scripted_store(configuration())
    with pytest.raises(ExperimentFailed) as failure:
        await run(store, configuration(), disturb=disturb)
    assert "generation 1 failed: all 6 agents failed" in describe(failure.value)
    assert "6 agents (x-g001-a000, x-g001-a001, x-g001-a002 and 3 more)" in describe(failure.value)
    assert (await store.snapshot()).state is ExperimentState.FAILED


async def until_asked(store: MemoryStore, agents: int) -> None:
    """Wait until a number of agents are asked."""
    asked = 0
    async for recorded in store.events(follow=True):
        asked += len(recorded.event.agents) if isinstance(recorded.event, AgentsAsked) else 0
        if asked >= agents:
            return


async def test_agent_commands_are_executed() -> None:
    """An agent in flight is paused, resumed, stopped and restarted. The run waits for it."""
    config, hanging = configuration(), asyncio.Event()
    store = scripted_store(config)

    async def disturb(task: EpisodeTask) -> None:
        if task.agent == "x-g001-a000":
            await hanging.wait()

    steered = scripted_run(config, store, ScriptedBackend(slots=1, disturb=disturb), space=SPACE)
    running = asyncio.ensure_future(steered.run())
    await steered.control.ready.wait()
    control, agent = steered.control.execute, "x-g001-a000"
    await until_asked(store, 8)
    with pytest.raises(WrongState, match="inject with evolution"):
        await control(InjectGenome(experiment="x", genome=Genome((0.5, 0.5, 3.0))))
    with pytest.raises(WrongState, match="agent x-g000-a000 cannot be changed: its evaluation is finished"):
        await control(AgentCommand(action=AgentAction.PAUSE, agent="x-g000-a000"))
    await control(AgentCommand(action=AgentAction.PAUSE, agent="x-g001-a001"))
    hanging.set()
    await until_asked(store, 7 + LOOKAHEAD)
    await until_stored(store, AgentEvaluated, 7 + LOOKAHEAD - 1)
    await let_tasks_settle()
    assert len(flat(await store.snapshot())) == 7 + LOOKAHEAD, "the paused agent is waited for"
    await control(AgentCommand(action=AgentAction.STOP, agent="x-g001-a001"))
    assert await running is ExperimentState.COMPLETED
    end = await store.snapshot()
    assert end.find("x-g001-a001").failure == "stopped by a user"
    assert end.deviations.interventions == 1
    assert agent in [each.agent.id for each in flat(end)]


def after(snapshot: Snapshot, unit: BudgetUnit) -> list[int]:
    """Return the amount of training up to the end of each generation."""
    amounts, total = list[int](), 0
    for generation in snapshot.generations:
        outcomes = [outcome for each in generation if each.fitness is not None for outcome in each.outcomes]
        total += len(outcomes) if unit is BudgetUnit.EPISODES else int(sum(each.measures.tics for each in outcomes))
        amounts.append(total)
    return amounts


@pytest.mark.parametrize("mode", ["steady_state", "generational"])
@pytest.mark.parametrize("unit", [BudgetUnit.EPISODES, BudgetUnit.TICS])
@pytest.mark.parametrize("slots", [1, 7])
async def test_budget_ends_with_a_whole_generation(mode: Mode, unit: BudgetUnit, slots: int) -> None:
    """The result equals that of a run with as many generations as the budget needs."""
    evolution = GeneticConfig(mode=mode, lookahead=LOOKAHEAD, elites=1)
    plain = await finished(configuration(evolution=evolution))
    first, second, third, _ = after(plain, unit)
    shorter = await finished(configuration(evolution=evolution, generations=3))
    for amount in (second + 1, third):
        budget = BudgetConfig(**{unit.value: amount})
        limited = configuration(evolution=evolution, generations=None, budget=budget)
        end = await finished(limited, slots=slots, disturb=late(slots))
        assert_the_same(end, shorter)
        assert [each.status for row in end.generations for each in row] == [AgentStatus.COMPLETED] * 3 * POPULATION
    assert first < second


@pytest.mark.parametrize("mode", ["steady_state", "generational"])
async def test_budget_of_a_completed_run_can_be_raised(mode: Mode) -> None:
    """The extended run equals one that had the larger budget from its start."""
    evolution = GeneticConfig(mode=mode, lookahead=LOOKAHEAD, elites=1)
    short, long = (
        configuration(evolution=evolution, generations=None, budget=BudgetConfig(episodes=episodes))
        for episodes in (20, 50)
    )
    store = scripted_store(short)
    assert await run(store, short) is ExperimentState.COMPLETED
    assert len((await store.snapshot()).summaries) == 2
    assert await run(store, long) is ExperimentState.COMPLETED
    extended, direct = await store.snapshot(), await finished(long)
    assert history_sha256(extended.generations) == history_sha256(direct.generations)
    assert len(extended.summaries) == 3
