"""Contract tests of every experiment store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Genome,
    Measures,
    Purpose,
)
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
    RecordedEvent,
)
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary, Provenance
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.domain.processor_time import ProcessorTime
from clau_doom.domain.run_environment import RunEnvironment, SourceCommit
from clau_doom.errors import AgentNotFound, StoreCorrupted
from clau_doom.ports import ExperimentStore
from clau_doom.storage import ExperimentFolders
from clau_doom.testing.memory_store import MemoryStore

Keep = Literal["champions", "all", "none"]
Opener = Callable[[Keep], AbstractAsyncContextManager[ExperimentStore]]

EXPERIMENT = Experiment(
    id="lab",
    uuid="0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44",
    seed=2**63 - 1,
    config_yaml="name: lab\n",
    provenance=Provenance(facts=(("numpy", "2.4"), ("vizdoom", "1.3.2"))),
)
STARTED = ExperimentStarted(resumed=False, generations=2, config_yaml="name: lab\ngenerations: 2\n")
AWKWARD = (-0.0, 0.1 + 0.2, 5e-324, 1e22, 1e150)


@asynccontextmanager
async def _memory(keep: Keep) -> AsyncIterator[ExperimentStore]:
    store = MemoryStore(EXPERIMENT, keep_recordings=keep)
    yield store
    store.close()


@pytest.fixture(params=["memory", "sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    if request.param == "memory":
        return _memory
    folder = ExperimentFolders(tmp_path).create(EXPERIMENT)
    return lambda keep: folder.write(keep_recordings=keep)


@pytest.fixture
async def store(opener: Opener) -> AsyncIterator[ExperimentStore]:
    async with opener("champions") as opened:
        yield opened


def agents(generation: int, count: int = 3) -> tuple[Agent, ...]:
    parents = (AgentRef(generation - 1, 2), AgentRef(generation - 1, 0)) if generation else ()
    return tuple(
        Agent(
            experiment="lab",
            ref=AgentRef(generation, index),
            genome=Genome((*AWKWARD, float(index))),
            parents=parents,
            operator="crossover+mutation" if generation else "draw",
        )
        for index in range(count)
    )


def episode(agent: str, number: int, purpose: Purpose = Purpose.TRAINING, recording: bytes | None = None) -> Episode:
    measures = Measures(kills=3.0, health=-0.0, reward=0.1 + 0.2, distance=1e22, tics=float(number))
    return Episode(
        purpose=purpose,
        agent=agent,
        number=number,
        outcome=EpisodeOutcome(seed=2**31 - 1 - number, measures=measures, trajectory_sha256="0f" * 32),
        timing=EpisodeTiming(seconds=1.25, attempts=2, worker=3),
        recording=recording,
    )


def finished(agent: str, number: int, recording: bytes | None = None) -> EpisodeFinished:
    return EpisodeFinished(episode=episode(agent, number, recording=recording))


def summary(generation: int, best: int = 1) -> GenerationCompleted:
    return GenerationCompleted(
        summary=GenerationSummary(
            index=generation,
            best=AgentRef(generation, best),
            best_fitness=0.1 + 0.2,
            mean_fitness=-0.0,
            worst_fitness=-1.5,
            std_fitness=0.25,
            failed=1,
            episodes=4,
        )
    )


def one_generation(generation: int = 0) -> list[Event]:
    """Agents 0 and 1 play two episodes each, agent 2 one before it fails; agent 1 is the best."""
    first, second, third = agents(generation)
    return [
        GenerationStarted(generation=generation, agents=(first, second, third)),
        finished(second.id, 1, b"second 1"),
        finished(first.id, 0, b"first 0"),
        finished(second.id, 0, b"second 0"),
        AgentEvaluated(ref=second.ref, fitness=0.1 + 0.2),
        finished(third.id, 0, b"third 0"),
        AgentFailed(ref=third.ref, kind=FailureKind.POLICY_TIMED_OUT, reason="still deciding"),
        finished(first.id, 1, b"first 1"),
        AgentEvaluated(ref=first.ref, fitness=-0.0),
    ]


WHOLE: list[Event] = [
    STARTED,
    *one_generation(0),
    summary(0),
    *one_generation(1),
    summary(1),
    EpisodeFinished(episode=episode("lab-g000-a001", 0, Purpose.VALIDATION)),
    ChampionChosen(champion=AgentRef(0, 1), validation_fitness=-0.0, candidates=2),
    EpisodeFinished(episode=episode("lab-random", 0, Purpose.HELD_OUT, b"held out")),
    ExperimentCompleted(generations=2),
]


async def keep(store: ExperimentStore, events: Sequence[Event], seconds: float = 1.0) -> int:
    return await store.append(events, running_seconds=seconds)


async def read(store: ExperimentStore, after: int = 0, *, follow: bool = False) -> list[RecordedEvent]:
    return [recorded async for recorded in store.events(after, follow=follow)]


async def test_new_store_has_a_pending_experiment(store: ExperimentStore) -> None:
    """Before the first event the snapshot shows a pending experiment."""
    snapshot = await store.snapshot()
    assert snapshot.experiment == EXPERIMENT
    assert snapshot.config_yaml == EXPERIMENT.config_yaml
    assert (snapshot.state, snapshot.reason, snapshot.last_sequence) == (ExperimentState.PENDING, None, 1)
    assert (snapshot.generations, snapshot.summaries, snapshot.champion) == ((), (), None)
    assert (snapshot.episodes, snapshot.judging, snapshot.deviations.total) == ({}, {}, 0)
    assert snapshot.running_seconds == 0.0


async def test_snapshot_has_the_environments_of_all_runs(store: ExperimentStore) -> None:
    """Each start and each resume has an environment, except those of older versions."""
    dirty = SourceCommit(folder="working folder", commit="ab" * 20, dirty=True)
    unknown = SourceCommit(folder="working folder", commit=None, dirty=None, unavailable="git is not installed")
    first, second = (RunEnvironment(commits=(each,), packages=(("numpy", "2.4"),)) for each in (dirty, unknown))
    await keep(store, [replace(STARTED, environment=first), ExperimentInterrupted(generation=0, reason="stop")])
    await keep(store, [STARTED, ExperimentInterrupted(generation=0, reason="stop")])
    await keep(store, [replace(STARTED, environment=second)])
    assert (await store.snapshot()).environments == (first, second)


async def test_processor_time_is_summed_by_purpose(store: ExperimentStore) -> None:
    """Each episode keeps its time. Episodes without a measurement are counted."""

    def costing(event: Event, seconds: float | None) -> Event:
        assert isinstance(event, EpisodeFinished)
        played = event.episode
        return EpisodeFinished(episode=replace(played, timing=replace(played.timing, processor_seconds=seconds)))

    times = iter([0.5, None, 1.25, 4.0, 0.125, 0.25, None, 8.0, 16.0, 32.0, 64.0, 128.0])
    events = [costing(each, next(times)) if isinstance(each, EpisodeFinished) else each for each in WHOLE]
    await keep(store, events)
    snapshot = await store.snapshot()
    training = [each.timing.processor_seconds for row in snapshot.episodes.values() for each in row]
    assert training == [None, 0.125, 1.25, 0.5, 4.0, None, 32.0, 8.0, 0.25, 16.0]
    judged = [each.timing.processor_seconds for row in snapshot.judging.values() for each in row]
    assert sorted(each or 0.0 for each in judged) == [64.0, 128.0]
    sums = ProcessorTime(training=62.125, validation=64.0, held_out=128.0, unmeasured=2)
    assert snapshot.processor_time == sums


async def test_events_are_read_in_order_without_gaps(store: ExperimentStore) -> None:
    """Sequences begin at 1. Events are equal to the stored ones, but without recordings."""
    assert await keep(store, WHOLE) == len(WHOLE) + 1
    log = await read(store)
    assert [recorded.sequence for recorded in log] == list(range(1, len(WHOLE) + 2))
    stripped = [
        replace(event, episode=replace(event.episode, recording=None, actions=None))
        if isinstance(event, EpisodeFinished)
        else event
        for event in WHOLE
    ]
    assert [recorded.event for recorded in log] == [ExperimentCreated(experiment=EXPERIMENT), *stripped]
    assert [recorded.sequence for recorded in await read(store, after=20)] == list(range(21, len(WHOLE) + 2))


async def test_events_of_every_type_are_stored(store: ExperimentStore) -> None:
    """Lost episodes and the types that end a run are included."""
    events: list[Event] = [
        STARTED,
        EpisodeLost(purpose=Purpose.TRAINING, agent="lab-g000-a000", number=0, seed=7, attempt=1, reason="died: é\n"),
        ExperimentInterrupted(generation=0, reason="Ctrl-C"),
        replace(STARTED, resumed=True),
        ExperimentFailed(reason="generation 0 failed: \udce9"),
    ]
    await keep(store, events)
    assert [recorded.event for recorded in await read(store, after=1)] == events


async def test_snapshot_is_the_projection_of_the_events(store: ExperimentStore) -> None:
    """Agents, evaluations, summaries, episodes, champion, deviations and times are compared."""
    await keep(store, WHOLE, seconds=12.5)
    snapshot = await store.snapshot()
    assert snapshot.state is ExperimentState.COMPLETED
    assert snapshot.config_yaml == STARTED.config_yaml
    assert snapshot.experiment == EXPERIMENT
    assert snapshot.running_seconds == 12.5
    assert snapshot.last_sequence == len(WHOLE) + 1
    assert [[evaluation.agent for evaluation in row] for row in snapshot.generations] == [[*agents(0)], [*agents(1)]]
    assert [evaluation.status for evaluation in snapshot.generations[1]] == ["completed", "completed", "failed"]
    assert [evaluation.fitness for evaluation in snapshot.generations[1]] == [-0.0, 0.1 + 0.2, None]
    assert [evaluation.failure for evaluation in snapshot.generations[1]] == [None, None, "still deciding"]
    assert snapshot.summaries == tuple(event.summary for event in WHOLE if isinstance(event, GenerationCompleted))
    assert snapshot.episodes[AgentRef(0, 1)] == (episode("lab-g000-a001", 0), episode("lab-g000-a001", 1))
    outcomes = [episode("lab-g000-a001", number).outcome for number in range(2)]
    assert snapshot.generations[0][1].outcomes == tuple(outcomes)
    assert len(snapshot.generations[0][2].outcomes) == 1
    assert snapshot.judging == {
        (Purpose.VALIDATION, "lab-g000-a001"): (episode("lab-g000-a001", 0, Purpose.VALIDATION),),
        (Purpose.HELD_OUT, "lab-random"): (episode("lab-random", 0, Purpose.HELD_OUT),),
    }
    assert snapshot.champion == (AgentRef(0, 1), -0.0)
    assert snapshot.deviations == Deviations(missed_deadlines=2)


async def test_numbers_keep_all_bits(store: ExperimentStore) -> None:
    """Genomes, fitness and measures keep the sign of a negative zero."""
    await keep(store, WHOLE)
    snapshot = await store.snapshot()
    evaluation = snapshot.generations[0][0]
    assert evaluation.agent.genome.to_bytes() == agents(0)[0].genome.to_bytes()
    assert repr(evaluation.fitness) == "-0.0"
    assert repr(snapshot.episodes[AgentRef(0, 0)][0].outcome) == repr(episode("lab-g000-a000", 0).outcome)
    assert repr(snapshot.summaries[0]) == repr(summary(0).summary)
    assert repr(snapshot.champion) == repr((AgentRef(0, 1), -0.0))


async def test_unfinished_generation_has_pending_agents(store: ExperimentStore) -> None:
    """A killed process leaves such a running experiment."""
    await keep(store, [STARTED, *one_generation(0)[:4]])
    snapshot = await store.snapshot()
    assert snapshot.state is ExperimentState.RUNNING
    assert {evaluation.status for evaluation in snapshot.generations[0]} == {AgentStatus.PENDING}
    assert [len(evaluation.outcomes) for evaluation in snapshot.generations[0]] == [1, 2, 0]
    assert snapshot.summaries == ()


async def test_reason_of_an_interruption_is_removed_by_a_resume(store: ExperimentStore) -> None:
    await keep(store, [STARTED, ExperimentInterrupted(generation=0, reason="deadline")])
    snapshot = await store.snapshot()
    assert (snapshot.state, snapshot.reason) == (ExperimentState.INTERRUPTED, "deadline")
    await keep(store, [replace(STARTED, resumed=True, config_yaml="name: lab\ngenerations: 9\n")])
    snapshot = await store.snapshot()
    assert (snapshot.state, snapshot.reason) == (ExperimentState.RUNNING, None)
    assert snapshot.config_yaml == "name: lab\ngenerations: 9\n"


async def test_deviations_are_counted_by_kind(store: ExperimentStore) -> None:
    """Exhausted attempts, missed deadlines and a user's stop are deviations. An exception of a policy is not."""
    failures = [
        AgentFailed(ref=AgentRef(0, index), kind=kind, reason="x")
        for index, kind in enumerate([*FailureKind, FailureKind.ATTEMPTS_EXHAUSTED])
    ]
    await keep(store, [STARTED, GenerationStarted(generation=0, agents=agents(0, len(failures))), *failures])
    assert (await store.snapshot()).deviations == Deviations(exhausted_attempts=2, missed_deadlines=1, interventions=1)


async def test_agent_is_found_by_its_position(store: ExperimentStore) -> None:
    """The agent equals the stored one. The error for an unknown position names it."""
    await keep(store, [STARTED, *one_generation(0)])
    assert await store.agent(AgentRef(0, 2)) == agents(0)[2]
    for nowhere in (AgentRef(0, 3), AgentRef(1, 0)):
        with pytest.raises(AgentNotFound, match=f"agent {nowhere.index} in generation {nowhere.generation}"):
            await store.agent(nowhere)


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("champions", [b"second 0", b"held out"]),
        ("all", [b"first 0", b"second 0", b"third 0", b"held out"]),
        ("none", []),
    ],
)
async def test_recordings_are_kept_by_mode(opener: Opener, mode: Keep, kept: list[bytes]) -> None:
    """A finished generation keeps the recordings of its best agent, all recordings or none."""
    async with opener(mode) as store:
        await keep(store, WHOLE)
        found = [
            *[await store.recording(Purpose.TRAINING, agent.id, 0) for agent in agents(0)],
            await store.recording(Purpose.HELD_OUT, "lab-random", 0),
        ]
    assert [recording for recording in found if recording] == kept


async def test_unfinished_generation_keeps_all_recordings(store: ExperimentStore) -> None:
    """The best agent of the generation is not known yet."""
    await keep(store, [STARTED, *one_generation(0)])
    assert await store.recording(Purpose.TRAINING, "lab-g000-a000", 1) == b"first 1"
    assert await store.recording(Purpose.TRAINING, "lab-g000-a000", 2) is None


def asked(generation: int, first: int, end: int | None = None) -> AgentsAsked:
    return AgentsAsked(generation=generation, agents=agents(generation)[first : end or first + 1])


async def test_steady_state_adds_agents_to_generations(store: ExperimentStore) -> None:
    """Agents of the next generation can start before the last generation is complete."""
    first, second = one_generation(0)[1:], one_generation(1)[1:]
    await keep(store, [STARTED, asked(0, 0, 2), asked(0, 2), asked(1, 0), *first])
    snapshot = await store.snapshot()
    assert [len(generation) for generation in snapshot.generations] == [3, 1]
    assert snapshot.under_way == 0
    await keep(store, [summary(0), asked(1, 1, 3)])
    assert (await store.snapshot()).under_way == 1
    await keep(store, [*second, summary(1)])
    steady = await store.snapshot()
    assert [len(generation) for generation in steady.generations] == [3, 3]
    assert len(steady.summaries) == 2
    assert steady.under_way == 1


GENERATION = one_generation(0)
IMPOSSIBLE: dict[str, tuple[Sequence[Event], Event]] = {
    "a second creation": ([STARTED], ExperimentCreated(experiment=EXPERIMENT)),
    "a generation before the start": ([], GENERATION[0]),
    "an episode after an interruption": (
        [STARTED, GENERATION[0], ExperimentInterrupted(generation=0, reason="x")],
        finished("lab-g000-a000", 0),
    ),
    "a start after a failure": ([STARTED, ExperimentFailed(reason="x")], STARTED),
    "a start of as many generations after the end": ([STARTED, ExperimentCompleted(generations=2)], STARTED),
    "a duplicate episode": ([STARTED, GENERATION[0], finished("lab-g000-a000", 0)], finished("lab-g000-a000", 0)),
    "a duplicate held-out episode": (
        [STARTED, EpisodeFinished(episode=episode("lab-random", 0, Purpose.HELD_OUT))],
        EpisodeFinished(episode=episode("lab-random", 0, Purpose.HELD_OUT)),
    ),
    "a stranger's episode": ([STARTED, GENERATION[0]], finished("lab-g000-a003", 0)),
    "an episode of an evaluated agent": ([STARTED, *GENERATION], finished("lab-g000-a000", 2)),
    "an agent evaluated twice": ([STARTED, *GENERATION], AgentEvaluated(ref=AgentRef(0, 0), fitness=1.0)),
    "a failed agent evaluated": ([STARTED, *GENERATION], AgentEvaluated(ref=AgentRef(0, 2), fitness=1.0)),
    "a stranger evaluated": ([STARTED, GENERATION[0]], AgentEvaluated(ref=AgentRef(0, 3), fitness=1.0)),
    "a generation left out": ([STARTED], GenerationStarted(generation=1, agents=agents(1))),
    "a generation before the last is complete": (
        [STARTED, *GENERATION],
        GenerationStarted(generation=1, agents=agents(1)),
    ),
    "a generation without agents": ([STARTED], GenerationStarted(generation=0, agents=())),
    "agents out of order": ([STARTED], GenerationStarted(generation=0, agents=agents(0)[::-1])),
    "another experiment's agents": (
        [STARTED],
        GenerationStarted(generation=0, agents=tuple(replace(agent, experiment="other") for agent in agents(0))),
    ),
    "further agents out of order": ([STARTED, asked(0, 0, 2)], asked(0, 1)),
    "further agents that leave one out": ([STARTED, asked(0, 0, 1)], asked(0, 2)),
    "further agents of a generation that is complete": (
        [STARTED, *GENERATION, summary(0)],
        AgentsAsked(generation=0, agents=(replace(agents(0)[0], ref=AgentRef(0, 3)),)),
    ),
    "further agents of two generations later": ([STARTED, asked(0, 0, 3)], asked(2, 0)),
    "no further agents": ([STARTED, asked(0, 0, 3)], AgentsAsked(generation=0, agents=())),
    "a generation that starts while further agents are played": (
        [STARTED, asked(0, 0, 3)],
        GenerationStarted(generation=1, agents=agents(1)),
    ),
    "a generation that is complete before the one before": (
        [STARTED, asked(0, 0, 3), asked(1, 0, 3), *one_generation(1)[1:]],
        summary(1),
    ),
    "a complete generation with pending agents": ([STARTED, *GENERATION[:-1]], summary(0)),
    "a generation completed twice": ([STARTED, *GENERATION, summary(0)], summary(0)),
    "a best agent without fitness": ([STARTED, *GENERATION], summary(0, best=2)),
    "a champion without fitness": (
        [STARTED, *GENERATION],
        ChampionChosen(champion=AgentRef(0, 2), validation_fitness=1.0, candidates=1),
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
async def test_illegal_event_is_refused_with_its_whole_call(store: ExperimentStore, case: str) -> None:
    """Events of the same call are not stored either, and the store stays usable."""
    before, impossible = IMPOSSIBLE[case]
    last = await keep(store, before) if before else 1
    snapshot, recording = await store.snapshot(), await store.recording(Purpose.TRAINING, "lab-g000-a000", 0)
    harmless = ExperimentStarted(resumed=True, generations=3, config_yaml="three")
    with pytest.raises(StoreCorrupted):
        await keep(
            store, [impossible] if snapshot.state is not ExperimentState.RUNNING else [harmless, impossible], 9.0
        )
    assert await store.snapshot() == snapshot
    assert await store.recording(Purpose.TRAINING, "lab-g000-a000", 0) == recording
    assert len(await read(store)) == last


async def test_completed_experiment_can_be_extended(store: ExperimentStore) -> None:
    """The champion may change."""
    await keep(store, WHOLE)
    more: list[Event] = [replace(STARTED, resumed=True, generations=3), *one_generation(2), summary(2)]
    more += [ChampionChosen(champion=AgentRef(2, 0), validation_fitness=2.0, candidates=3)]
    await keep(store, [*more, ExperimentCompleted(generations=3)])
    snapshot = await store.snapshot()
    assert len(snapshot.summaries) == 3
    assert snapshot.champion == (AgentRef(2, 0), 2.0)


async def test_late_episodes_of_a_failed_agent_are_kept(store: ExperimentStore) -> None:
    """The episodes have no recording, because the agent cannot be champion."""
    await keep(store, [STARTED, *GENERATION, finished("lab-g000-a002", 1, b"late")])
    assert len((await store.snapshot()).episodes[AgentRef(0, 2)]) == 2
    assert await store.recording(Purpose.TRAINING, "lab-g000-a002", 1) is None


async def test_claimed_actions_are_kept_until_the_generation_is_complete(store: ExperimentStore) -> None:
    """A verification may need the actions until then."""
    claimed = replace(episode("lab-g000-a000", 0), actions=b"claimed")
    await keep(store, [STARTED, GenerationStarted(generation=0, agents=agents(0)), EpisodeFinished(episode=claimed)])
    assert await store.actions(Purpose.TRAINING, "lab-g000-a000", 0) == b"claimed"
    assert await store.actions(Purpose.TRAINING, "lab-g000-a001", 0) is None
    settled = [AgentFailed(ref=AgentRef(0, 2), kind=FailureKind.POLICY_RAISED, reason="x")]
    evaluated = [AgentEvaluated(ref=AgentRef(0, index), fitness=1.0) for index in (0, 1)]
    await keep(store, [*settled, *evaluated, summary(0)])
    assert await store.actions(Purpose.TRAINING, "lab-g000-a000", 0) is None
    assert all(each.actions is None for each in (await store.snapshot()).episodes[AgentRef(0, 0)])


async def test_equal_tracebacks_are_stored_once(store: ExperimentStore) -> None:
    """Agents and contestants with the same failure share the text. A later failure may have none."""
    first, second, third = (agent.ref for agent in agents(0))
    text, alike = FailureTrace(digest="a", text="Traceback\n  line"), FailureTrace(digest="a", text=None)
    raised = FailureKind.POLICY_RAISED
    contestant = ContestantFailed(
        purpose=Purpose.HELD_OUT, agent="lab-random", number=0, seed=1, kind=raised, reason="x", traceback=alike
    )
    await keep(
        store,
        [
            STARTED,
            GenerationStarted(generation=0, agents=agents(0)),
            AgentFailed(ref=first, kind=raised, reason="x", traceback=text),
            AgentFailed(ref=second, kind=raised, reason="x", traceback=alike),
            AgentFailed(ref=third, kind=raised, reason="x", traceback=alike),
            AgentRestarted(ref=third),
            AgentFailed(ref=third, kind=FailureKind.STOPPED, reason="stopped"),
            contestant,
        ],
    )
    snapshot = await store.snapshot()
    assert snapshot.traces == dict.fromkeys(["lab-g000-a000", "lab-g000-a001", "lab-random"], "Traceback\n  line")
    assert [recorded.event async for recorded in store.events(after=8)] == [contestant]


async def test_evaluated_agent_can_fail_as_forged_until_its_generation_is_complete(
    store: ExperimentStore,
) -> None:
    forged = [AgentFailed(ref=AgentRef(0, index), kind=FailureKind.FORGED, reason="it lied") for index in range(2)]
    await keep(store, [STARTED, *GENERATION])
    assert (await store.snapshot()).generations[0][0].status is AgentStatus.COMPLETED
    await keep(store, [forged[0]])
    evaluation = (await store.snapshot()).generations[0][0]
    assert (evaluation.status, evaluation.fitness, evaluation.failure) == (AgentStatus.FAILED, None, "it lied")
    await keep(store, [summary(0)])
    with pytest.raises(StoreCorrupted):
        await keep(store, [forged[1]])


async def test_concurrent_calls_keep_their_order(store: ExperimentStore) -> None:
    """The events of concurrent calls are stored in the order of the calls. Each call has its own result."""
    await keep(store, [STARTED, GENERATION[0]])
    results = await asyncio.gather(*(keep(store, [finished("lab-g000-a000", number)]) for number in range(50)))
    assert results == list(range(4, 54))
    events = [recorded.event for recorded in await read(store)]
    numbers = [event.episode.number for event in events if isinstance(event, EpisodeFinished)]
    assert numbers == list(range(50))


async def test_failed_call_does_not_affect_concurrent_calls(store: ExperimentStore) -> None:
    await keep(store, [STARTED, GENERATION[0]])
    calls = [keep(store, [finished("lab-g000-a000", number)]) for number in (0, 1, 0, 2)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [int, int, StoreCorrupted, int]
    assert [results[0], results[1], results[3]] == [4, 5, 6]


async def test_follower_receives_new_events_until_the_end(store: ExperimentStore) -> None:
    """The follower receives stored and new events once each."""
    await keep(store, WHOLE[:3])
    following = asyncio.ensure_future(read(store, follow=True))
    for event in WHOLE[3:]:
        await keep(store, [event])
    async with asyncio.timeout(10):
        assert [recorded.sequence for recorded in await following] == list(range(1, len(WHOLE) + 2))


async def test_following_an_ended_experiment_ends_at_once(store: ExperimentStore) -> None:
    """A follower after the last event of an interrupted experiment ends, after any number of resumes."""
    await keep(store, [STARTED, ExperimentInterrupted(generation=0, reason="x"), replace(STARTED, resumed=True)])
    last = await keep(store, [ExperimentInterrupted(generation=0, reason="y")])
    async with asyncio.timeout(10):
        assert len(await read(store, follow=True)) == last
        assert await read(store, after=last, follow=True) == []


async def test_closing_ends_the_followers(opener: Opener) -> None:
    """A follower that waits when the store closes ends quietly."""
    async with opener("champions") as store:
        await keep(store, [STARTED])
        following = asyncio.ensure_future(read(store, follow=True))
        await asyncio.sleep(0.05)
        assert not following.done()
    async with asyncio.timeout(10):
        assert len(await following) == 2


def _anything(random: Random) -> Event:
    """Return an event of a small world: two generations, three agents, two episodes each."""
    ref = AgentRef(random.randrange(2), random.randrange(3))
    agent = f"lab-g{ref.generation:03d}-a{ref.index:03d}"
    purpose = random.choice([Purpose.TRAINING, Purpose.TRAINING, Purpose.HELD_OUT])
    rare: list[Event] = [
        STARTED,
        replace(STARTED, generations=random.randrange(5)),
        ExperimentInterrupted(generation=0, reason="x"),
    ]
    common: list[Event] = [
        GenerationStarted(generation=ref.generation, agents=agents(ref.generation)),
        EpisodeFinished(episode=episode(agent, random.randrange(2), purpose, bytes([ref.index]))),
        EpisodeFinished(episode=episode(agent, random.randrange(2), purpose, None)),
        AgentEvaluated(ref=ref, fitness=random.random()),
        AgentFailed(ref=ref, kind=random.choice([*FailureKind]), reason="x"),
        summary(ref.generation, ref.index),
        ChampionChosen(champion=ref, validation_fitness=random.random(), candidates=2),
    ]
    return random.choice(rare if random.random() < 0.05 else common)


@pytest.mark.parametrize("seed", range(4))
async def test_stores_agree_on_random_events(tmp_path: Path, seed: int) -> None:
    """For legal and illegal events, the stores accept the same calls and have the same snapshots."""
    random = Random(seed)
    mode: Keep = random.choice(["champions", "all"])
    memory = MemoryStore(EXPERIMENT, keep_recordings=mode)
    accepted = 0
    async with ExperimentFolders(tmp_path).create(EXPERIMENT).write(keep_recordings=mode) as sqlite:
        await asyncio.gather(keep(memory, [STARTED]), keep(sqlite, [STARTED]))
        for step in range(400):
            events = [_anything(random) for _ in range(random.choice([1, 1, 1, 2]))]
            calls = [keep(store, events, float(step)) for store in (memory, sqlite)]
            there, here = await asyncio.gather(*calls, return_exceptions=True)
            assert there == here or (type(there) is type(here) is StoreCorrupted), (there, here)
            accepted += isinstance(here, int)
        assert await sqlite.snapshot() == await memory.snapshot()
        for ref in [AgentRef(generation, index) for generation in range(2) for index in range(3)]:
            name = f"lab-g{ref.generation:03d}-a{ref.index:03d}"
            for number in range(2):
                kept = await memory.recording(Purpose.TRAINING, name, number)
                assert await sqlite.recording(Purpose.TRAINING, name, number) == kept
    assert accepted > 20


async def append(store: ExperimentStore, *events: Event) -> int:
    return await keep(store, events)


async def refused(store: ExperimentStore, *events: Event) -> bool:
    """Return whether each of some events is refused separately."""
    for event in events:
        try:
            await append(store, event)
        except StoreCorrupted:
            continue
        return False
    return True


async def test_paused_experiment_stores_running_episodes(store: ExperimentStore) -> None:
    """Only a paused experiment can be resumed."""
    await append(store, STARTED, GenerationStarted(generation=0, agents=agents(0)))
    assert await refused(store, ExperimentResumed())
    await append(store, ExperimentPaused(), EpisodeFinished(episode=episode("lab-g000-a000", 0)))
    assert (await store.snapshot()).state is ExperimentState.PAUSED
    assert await refused(store, ExperimentPaused())
    await append(store, ExperimentResumed())
    assert (await store.snapshot()).state is ExperimentState.RUNNING


@pytest.mark.parametrize("before", [(), (STARTED,), (STARTED, ExperimentPaused())])
async def test_cancelled_is_a_final_state(store: ExperimentStore, before: tuple[Event, ...]) -> None:
    """An experiment in any other state can be cancelled. No event may follow."""
    await append(store, *before, ExperimentCancelled())
    assert (await store.snapshot()).state is ExperimentState.CANCELLED
    assert await refused(store, STARTED, ExperimentCancelled(), ExperimentResumed())


async def test_agent_is_paused_until_it_is_resumed_or_settled(store: ExperimentStore) -> None:
    """A pause is not a deviation, because it changes no result."""
    first, second, _ = (agent.ref for agent in agents(0))
    await append(store, STARTED, GenerationStarted(generation=0, agents=agents(0)))
    await append(store, AgentPaused(ref=second), AgentPaused(ref=first))
    assert (await store.snapshot()).paused == (first, second)
    assert await refused(
        store, AgentPaused(ref=first), AgentResumed(ref=AgentRef(0, 2)), AgentPaused(ref=AgentRef(1, 0))
    )
    await append(store, AgentResumed(ref=first), AgentEvaluated(ref=second, fitness=1.0))
    snapshot = await store.snapshot()
    assert (snapshot.paused, snapshot.deviations.total) == ((), 0)
    assert await refused(store, AgentPaused(ref=second))


async def test_failed_agent_can_be_restarted_until_its_generation_is_complete(store: ExperimentStore) -> None:
    """Stopping and restarting are deviations."""
    first, second, third = (agent.ref for agent in agents(0))
    await append(store, STARTED, GenerationStarted(generation=0, agents=agents(0)))
    await append(store, AgentFailed(ref=first, kind=FailureKind.STOPPED, reason="stopped"), AgentRestarted(ref=first))
    snapshot = await store.snapshot()
    assert snapshot.generations[0][0].status is AgentStatus.PENDING
    assert snapshot.generations[0][0].failure is None
    assert snapshot.deviations == Deviations(interventions=2)
    await append(
        store,
        AgentEvaluated(ref=first, fitness=1.0),
        AgentFailed(ref=second, kind=FailureKind.ATTEMPTS_EXHAUSTED, reason="gone"),
        AgentFailed(ref=third, kind=FailureKind.STOPPED, reason="stopped"),
        AgentRestarted(ref=second),
        AgentFailed(ref=second, kind=FailureKind.POLICY_RAISED, reason="no"),
    )
    assert await refused(store, AgentRestarted(ref=first))
    await append(store, summary(0, 0))
    assert await refused(store, AgentRestarted(ref=second))
    assert (await store.snapshot()).deviations == Deviations(interventions=4)


async def test_injected_genomes_wait_for_the_next_generation(store: ExperimentStore) -> None:
    """The genomes are kept in order until that generation starts."""
    one, two = Genome((*AWKWARD, -0.0)), Genome((*AWKWARD, 0.5))
    await append(store, STARTED, GenomeInjected(generation=0, genome=one), GenomeInjected(generation=0, genome=two))
    assert await refused(store, GenomeInjected(generation=1, genome=one))
    assert (await store.snapshot()).injected == (one, two)
    await append(store, GenerationStarted(generation=0, agents=agents(0)), GenomeInjected(generation=1, genome=two))
    snapshot = await store.snapshot()
    assert (snapshot.injected, snapshot.deviations.interventions) == ((two,), 3)
