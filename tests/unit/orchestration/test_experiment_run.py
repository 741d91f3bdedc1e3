"""Tests of whole experiments on instant episodes: interruptions do not change the result."""

import asyncio
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.config import ExecutionConfig, ExperimentConfig, GeneticConfig, HoldoutConfig
from clau_doom.domain import AgentStatus, Episode, EpisodeOutcome, Gene, GenomeSpace, Purpose, episode_seeds
from clau_doom.domain.events import (
    AgentFailed,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    ExperimentInterrupted,
)
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import EngineCrashed, ExperimentFailed, PolicyFailed, WorkerUnavailable
from clau_doom.orchestration import Shutdown
from clau_doom.ports import EpisodeTask
from clau_doom.testing.scripted_run import run_scripted, scripted_store

SPACE = GenomeSpace((Gene.real("courage", 0.0, 1.0), Gene.real("patience", 0.0, 1.0), Gene.integer("steps", 1, 9)))


def configuration(**changes: object) -> ExperimentConfig:
    plain = ExperimentConfig(
        name="x",
        generations=4,
        population=6,
        episodes=3,
        fitness="reward",
        evolution=GeneticConfig(elites=1),
        holdout=HoldoutConfig(validation=3, episodes=4),
    )
    return plain.model_copy(update=changes)


run = partial(run_scripted, space=SPACE)


async def finished(config: ExperimentConfig, *, slots: int) -> Snapshot:
    store = scripted_store(config)
    assert await run(store, config, slots=slots) is ExperimentState.COMPLETED
    return await store.snapshot()


def judged(snapshot: Snapshot) -> dict[tuple[Purpose, str], list[EpisodeOutcome]]:
    return {key: [episode.outcome for episode in row] for key, row in snapshot.judging.items()}


@pytest.fixture(scope="module")
async def undisturbed() -> Snapshot:
    """Return the end of a run without disturbances."""
    return await finished(configuration(), slots=1)


async def test_number_of_slots_does_not_change_the_history(undisturbed: Snapshot) -> None:
    """One slot and seven slots give the same history, champion and held-out result."""
    other = await finished(configuration(), slots=7)
    assert history_sha256(other.generations) == history_sha256(undisturbed.generations)
    assert other.champion == undisturbed.champion
    assert judged(other) == judged(undisturbed)


@settings(deadline=None, max_examples=25)
@given(stops=st.lists(st.integers(1, 40), max_size=4), slots=st.integers(1, 5), grace=st.sampled_from([0.0, 5.0]))
async def test_interrupted_run_has_the_same_history(
    stops: list[int], slots: int, grace: float, undisturbed: Snapshot
) -> None:
    """A resumed run has the result of an uninterrupted run, after any number of stops and episodes."""
    config, played = configuration(), list[tuple[Purpose, str, int]]()
    store = scripted_store(config)
    for stop in stops:
        shutdown, left = Shutdown(), [stop]

        async def disturb(task: EpisodeTask, left: list[int] = left, shutdown: Shutdown = shutdown) -> None:
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
    end = await store.snapshot()
    assert history_sha256(end.generations) == history_sha256(undisturbed.generations)
    assert judged(end) == judged(undisturbed)
    assert len(played) == len({*played}), "a finished episode was played again"


async def test_raised_generations_give_the_history_of_a_longer_run(undisturbed: Snapshot) -> None:
    """Two generations, completed and raised to four, have the history of four."""
    store = scripted_store(configuration(generations=2))
    await run(store, configuration(generations=2))
    await run(store, configuration())
    end = await store.snapshot()
    assert history_sha256(end.generations) == history_sha256(undisturbed.generations)
    assert end.champion == undisturbed.champion


async def test_lost_episodes_do_not_change_the_history(undisturbed: Snapshot) -> None:
    """Each episode has two infrastructure failures."""

    async def disturb(task: EpisodeTask) -> None:
        if task.attempt < 3:
            raise EngineCrashed("gone")

    store = scripted_store(configuration())
    await run(store, configuration(), disturb=disturb)
    end = await store.snapshot()
    assert history_sha256(end.generations) == history_sha256(undisturbed.generations)
    assert end.deviations.total == 0


async def test_failed_agent_has_no_fitness_and_the_run_continues() -> None:
    """An agent whose policy raises is stored as failed once, and the others are evaluated."""

    async def disturb(task: EpisodeTask) -> None:
        if task.agent == "x-g001-a002":
            raise PolicyFailed("no courage")

    store = scripted_store(configuration())
    assert await run(store, configuration(), disturb=disturb) is ExperimentState.COMPLETED
    end = await store.snapshot()
    failed = [
        evaluation
        for generation in end.generations
        for evaluation in generation
        if evaluation.status is AgentStatus.FAILED
    ]
    assert [evaluation.agent.id for evaluation in failed] == ["x-g001-a002"]
    assert (failed[0].fitness, failed[0].failure) == (None, "no courage")
    events = [recorded.event async for recorded in store.events()]
    assert sum(isinstance(event, AgentFailed) for event in events) == 1
    parents = [
        parent for generation in end.generations for evaluation in generation for parent in evaluation.agent.parents
    ]
    assert failed[0].agent.ref not in parents
    assert end.deviations.total == 0


async def test_equal_failures_share_one_traceback() -> None:
    """Failures at one place share one traceback, also across a resume. Another place has its own."""
    places = {"x-g000-a001": "one.py", "x-g000-a002": "one.py", "x-g001-a002": "one.py", "x-g001-a003": "two.py"}

    async def disturb(task: EpisodeTask) -> None:
        if file := places.get(task.agent):
            trace = f'Traceback (most recent call last):\n  File "{file}", line 3, in decide\nKeyError: {task.agent}'
            raise PolicyFailed("no courage", traceback=trace)

    store = scripted_store(configuration())
    one = configuration().model_copy(update={"generations": 1})
    for config in (one, configuration()):
        assert await run(store, config, disturb=disturb) is ExperimentState.COMPLETED
    events = [recorded.event async for recorded in store.events()]
    found = {event.ref: event.traceback for event in events if isinstance(event, AgentFailed)}
    texts = [trace.text for trace in found.values() if trace and trace.text]
    assert [text.count("one.py") for text in texts] == [1, 0]
    assert len({trace.digest for trace in found.values() if trace}) == 2
    traces = (await store.snapshot()).traces
    assert {agent: text.split('"')[1] for agent, text in traces.items()} == places


async def test_exhausted_attempts_are_counted_as_deviations() -> None:
    """An agent that fails because of infrastructure counts as a deviation."""

    async def disturb(task: EpisodeTask) -> None:
        if task.agent == "x-g000-a001":
            raise EngineCrashed("gone")

    store = scripted_store(configuration())
    await run(store, configuration(), disturb=disturb)
    assert (await store.snapshot()).deviations.exhausted_attempts == 1


async def test_exhausted_attempts_can_interrupt_the_run() -> None:
    """With `on_exhausted: stop` the run is interrupted, no agent is charged, and a resume is possible."""
    config = configuration(execution=ExecutionConfig(on_exhausted="stop", attempts=2))

    async def disturb(task: EpisodeTask) -> None:
        if task.agent == "x-g000-a001":
            raise EngineCrashed("gone")

    store = scripted_store(config)
    assert await run(store, config, disturb=disturb) is ExperimentState.INTERRUPTED
    snapshot = await store.snapshot()
    assert snapshot.reason is not None
    assert "lost 2 times" in snapshot.reason
    assert await run(store, config) is ExperimentState.COMPLETED
    assert (await store.snapshot()).deviations.total == 0


async def test_workers_that_do_not_start_interrupt_the_run(undisturbed: Snapshot) -> None:
    """No agent is charged, and the resumed run has the history of an undisturbed run."""
    config = configuration(execution=ExecutionConfig(attempts=1, start_patience=0.2))
    begun: list[EpisodeTask] = []

    async def disturb(task: EpisodeTask) -> None:
        begun.append(task)
        if len(begun) > 20:
            raise WorkerUnavailable("/w is missing")

    store = scripted_store(config)
    assert await run(store, config, disturb=disturb) is ExperimentState.INTERRUPTED
    snapshot = await store.snapshot()
    assert snapshot.reason == "no worker started within 0.2 s: /w is missing"
    assert snapshot.deviations.total == 0
    assert await run(store, config) is ExperimentState.COMPLETED
    assert history_sha256((await store.snapshot()).generations) == history_sha256(undisturbed.generations)


async def test_failed_generation_fails_the_experiment() -> None:
    """The error chains experiment, generation and the agents' own failures."""

    async def disturb(task: EpisodeTask) -> None:
        if task.agent.startswith("x-g001"):
            raise PolicyFailed(f"no courage in {task.agent}")

    store = scripted_store(configuration())
    with pytest.raises(ExperimentFailed) as caught:
        await run(store, configuration(), disturb=disturb)
    text = describe(caught.value)
    assert text.startswith("experiment x failed: generation 1 failed: all 6 agents failed: 6 agents (x-g001-a000, ")
    snapshot = await store.snapshot()
    assert (snapshot.state, snapshot.reason) == (ExperimentState.FAILED, text)


def test_champion_is_selected_by_validation_and_compared_on_held_out_seeds(undisturbed: Snapshot) -> None:
    """Candidates play the validation seeds. Champion, generation 0's best and random play the held-out ones."""
    held_out = {agent: row for (purpose, agent), row in undisturbed.judging.items() if purpose is Purpose.HELD_OUT}
    validation = {a: row for (purpose, a), row in undisturbed.judging.items() if purpose is Purpose.VALIDATION}
    assert undisturbed.champion is not None
    champion = next(
        evaluation.agent.id
        for generation in undisturbed.generations
        for evaluation in generation
        if evaluation.agent.ref == undisturbed.champion[0]
    )
    first = undisturbed.generations[0][undisturbed.summaries[0].best.index].agent.id
    assert {*held_out} == {champion, first, "x-random"}
    assert all(len(row) == 4 for row in held_out.values())
    means = {agent: mean(row) for agent, row in validation.items()}
    assert champion == max(means, key=lambda agent: means[agent])
    assert undisturbed.champion[1] == pytest.approx(means[champion])
    seeds = {
        purpose: {
            episode.outcome.seed for (what, _), row in undisturbed.judging.items() if what is purpose for episode in row
        }
        for purpose in (Purpose.VALIDATION, Purpose.HELD_OUT)
    }
    training = {episode.outcome.seed for row in undisturbed.episodes.values() for episode in row}
    assert not seeds[Purpose.VALIDATION] & seeds[Purpose.HELD_OUT]
    assert not training & (seeds[Purpose.VALIDATION] | seeds[Purpose.HELD_OUT])


def mean(episodes: tuple[Episode, ...]) -> float:
    return sum(episode.outcome.measures.reward for episode in episodes) / len(episodes)


async def test_policy_failure_on_a_held_out_seed_loses_one_episode() -> None:
    """The same held-out episodes count with any number of slots, and the failure is in the log."""
    lost = episode_seeds(1, Purpose.HELD_OUT, 4)[1]

    async def disturb(task: EpisodeTask) -> None:
        if task.seed == lost and not task.baseline:
            raise PolicyFailed("afraid of this seed")

    async def scenario(slots: int) -> dict[tuple[Purpose, str], list[EpisodeOutcome]]:
        store = scripted_store(configuration())
        assert await run(store, configuration(), slots=slots, disturb=disturb) is ExperimentState.COMPLETED
        failed = [recorded.event async for recorded in store.events() if isinstance(recorded.event, ContestantFailed)]
        assert {(event.seed, event.reason) for event in failed} == {(lost, "afraid of this seed")}
        return judged(await store.snapshot())

    few, many = await scenario(1), await scenario(16)
    assert few == many
    held_out = [row for (purpose, _), row in few.items() if purpose is Purpose.HELD_OUT]
    assert sorted(len(row) for row in held_out) in ([3, 4], [3, 3, 4])


async def test_failed_candidate_cannot_be_champion(undisturbed: Snapshot) -> None:
    """The best of the other candidates is chosen, and training episodes stay unchanged."""
    assert undisturbed.champion is not None
    would_be = f"x-g{undisturbed.champion[0].generation:03d}-a{undisturbed.champion[0].index:03d}"

    async def disturb(task: EpisodeTask) -> None:
        if task.purpose is Purpose.VALIDATION and task.agent == would_be and task.number == 2:
            raise PolicyFailed("afraid")

    store = scripted_store(configuration())
    assert await run(store, configuration(), disturb=disturb) is ExperimentState.COMPLETED
    end = await store.snapshot()
    assert end.champion is not None
    assert end.champion[0] != undisturbed.champion[0]
    assert history_sha256(end.generations) == history_sha256(undisturbed.generations)


async def test_infrastructure_failure_does_not_change_the_champion(undisturbed: Snapshot) -> None:
    """A permanently lost validation or held-out episode interrupts the run. A resume gives the undisturbed result."""

    async def disturb(task: EpisodeTask) -> None:
        if task.purpose is Purpose.VALIDATION and task.number == 2:
            raise EngineCrashed("gone")

    store = scripted_store(configuration())
    assert await run(store, configuration(), disturb=disturb) is ExperimentState.INTERRUPTED
    assert await run(store, configuration()) is ExperimentState.COMPLETED
    end = await store.snapshot()
    assert end.champion == undisturbed.champion
    assert end.deviations.total == 0


async def test_error_after_a_resume_names_all_failed_agents() -> None:
    """The error names agents that failed before and after an interruption, by index."""
    shutdown = Shutdown()

    async def disturb(task: EpisodeTask) -> None:
        if task.agent.endswith("a002"):
            shutdown.request("enough", grace=0.0)
            await asyncio.Event().wait()  # the shutdown cancels this episode
        raise PolicyFailed(f"bad {task.agent[-4:]}")

    config = configuration(population=4)
    store = scripted_store(config)
    assert await run(store, config, slots=1, disturb=disturb, shutdown=shutdown) is ExperimentState.INTERRUPTED

    async def refuse(task: EpisodeTask) -> None:
        raise PolicyFailed(f"bad {task.agent[-4:]}")

    with pytest.raises(ExperimentFailed) as caught:
        await run(store, config, disturb=refuse)
    assert describe(caught.value).endswith(
        "all 4 agents failed: 4 agents (x-g000-a000, x-g000-a001, x-g000-a002 and 1 more): for example bad a000"
    )


async def test_only_the_champions_held_out_recordings_are_kept() -> None:
    store = scripted_store(configuration())
    await run(store, configuration())
    (champion,) = [
        recorded.event.champion async for recorded in store.events() if isinstance(recorded.event, ChampionChosen)
    ]
    shown = (await store.agent(champion)).id
    assert await store.recording(Purpose.HELD_OUT, shown, 0) == b"lmp"
    assert await store.recording(Purpose.HELD_OUT, "x-random", 0) is None
    assert await store.recording(Purpose.VALIDATION, shown, 0) is None


async def test_stop_during_the_start_plays_no_episode() -> None:
    store, shutdown = scripted_store(configuration()), Shutdown()
    shutdown.request("Ctrl-C", grace=10.0)
    assert await run(store, configuration(), shutdown=shutdown) is ExperimentState.INTERRUPTED
    events = [recorded.event async for recorded in store.events()]
    assert events[-1] == ExperimentInterrupted(generation=0, reason="Ctrl-C")
    assert not any(isinstance(event, EpisodeFinished) for event in events)
