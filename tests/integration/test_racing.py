"""Tests of races in whole experiments."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.config import CmaEsConfig, ExperimentConfig, GeneticConfig, HoldoutConfig, RacingConfig
from clau_doom.domain import AgentStatus, Gene, GenomeSpace
from clau_doom.domain.events import AgentDropped, AgentEvaluated, AgentFailed, EpisodeFinished
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import PolicyFailed
from clau_doom.orchestration import Shutdown
from clau_doom.ports import EpisodeTask
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_run import scripted_run, scripted_store

SPACE = GenomeSpace((Gene.real("courage", 0.0, 1.0), Gene.real("patience", 0.0, 1.0)))
RACING = RacingConfig(rule="halving", first=1, growth=2.0, keep=0.25, audit=0.2)


def configuration(racing: RacingConfig = RACING) -> ExperimentConfig:
    return ExperimentConfig(
        name="x",
        generations=4,
        population=8,
        episodes=4,
        fitness="reward",
        evolution=GeneticConfig(elites=1, racing=racing),
        holdout=HoldoutConfig(validation=2, episodes=2),
    )


async def finished(config: ExperimentConfig, store: MemoryStore, slots: int, *stops: int) -> Snapshot:
    """Run to the end, with stops after numbers of episodes. An agent of generation 1 fails in its third episode."""
    for stop in (*stops, 0):
        shutdown, left = Shutdown(), [stop]

        async def disturb(task: EpisodeTask, left: list[int] = left, shutdown: Shutdown = shutdown) -> None:
            left[0] -= 1
            if left[0] == 0:
                shutdown.request("enough", grace=0.0)
            await asyncio.sleep(0)
            if task.agent == "x-g001-a000" and task.number == 2:
                raise PolicyFailed("no more")

        backend = ScriptedBackend(slots=slots, disturb=disturb)
        state = await scripted_run(config, store, backend, space=SPACE, shutdown=shutdown).run()
        if state is ExperimentState.COMPLETED:
            break
    return await store.snapshot()


@pytest.fixture(scope="module")
async def undisturbed() -> Snapshot:
    return await finished(configuration(), scripted_store(configuration()), 1)


async def test_dropped_agents_keep_their_mean_and_have_an_event(undisturbed: Snapshot) -> None:
    """A dropped agent is never the best of its generation."""
    store = scripted_store(configuration())
    await finished(configuration(), store, 3)
    log = [recorded.event async for recorded in store.events()]
    snapshot = undisturbed
    dropped = [each for row in snapshot.generations for each in row if each.status is AgentStatus.DROPPED]
    assert len(dropped) > 8
    assert {len(each.outcomes) for each in dropped} == {1, 2}
    assert all(each.fitness is not None for each in dropped)
    drops = {event.ref: event for event in log if isinstance(event, AgentDropped)}
    assert {ref: (event.fitness, event.episodes) for ref, event in drops.items()} == {
        each.agent.ref: (each.fitness, len(each.outcomes)) for each in dropped
    }
    best = [snapshot.generations[row.best.generation][row.best.index] for row in snapshot.summaries]
    assert {(each.status, len(each.outcomes)) for each in best} == {(AgentStatus.COMPLETED, 4)}
    settled = sum(isinstance(event, AgentDropped | AgentEvaluated | AgentFailed) for event in log)
    assert settled == 4 * 8
    assert sum(row.episodes for row in snapshot.summaries) < 4 * 8 * 4 * 0.7
    assert [row.failed for row in snapshot.summaries] == [0, 1, 0, 0]


@settings(deadline=None, max_examples=25)
@given(stops=st.lists(st.integers(1, 30), max_size=4), slots=st.integers(1, 9))
async def test_interruptions_do_not_change_the_result_of_a_race(
    stops: list[int], slots: int, undisturbed: Snapshot
) -> None:
    """The same agents are dropped in any order of episodes. No episode is played twice."""
    store = scripted_store(configuration())
    end = await finished(configuration(), store, slots, *stops)
    assert history_sha256(end.generations) == history_sha256(undisturbed.generations)
    assert end.champion == undisturbed.champion
    played = [
        (event.episode.purpose, event.episode.agent, event.episode.number)
        async for recorded in store.events()
        if isinstance(event := recorded.event, EpisodeFinished)
    ]
    assert len(played) == len({*played})


async def test_rung_starts_after_the_previous_rung_has_ended() -> None:
    backend = ScriptedBackend(slots=5)
    store = scripted_store(configuration())
    await scripted_run(configuration(), store, backend, space=SPACE, shutdown=Shutdown()).run()
    first = [task.number for task in backend.played if task.agent.startswith("x-g000")]
    rungs = [0 if number < 1 else 1 if number < 2 else 2 for number in first]
    assert rungs[: 8 + 4] == sorted(rungs[: 8 + 4])


async def test_cma_es_can_be_raced() -> None:
    """CMA-ES gets comparable fitness for all agents, and a resume rebuilds it."""
    racing = RACING.model_copy(update={"rule": "test", "first": 2, "alpha": 0.5, "keep": 0.5})
    config = configuration().model_copy(update={"evolution": CmaEsConfig(racing=racing), "population": 12})
    plain, stopped = scripted_store(config), scripted_store(config)
    one, other = await finished(config, plain, 1), await finished(config, stopped, 4, 30, 60)
    assert history_sha256(one.generations) == history_sha256(other.generations)
    assert any(each.status is AgentStatus.DROPPED for row in one.generations for each in row)
