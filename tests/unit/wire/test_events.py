"""Tests of events as messages and as JSON."""

import json
import math
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.domain import (
    Agent,
    AgentRef,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Genome,
    Measures,
    Purpose,
    baseline_id,
)
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentsAsked,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
    RecordedEvent,
)
from clau_doom.domain.experiment import Experiment, GenerationSummary, Provenance
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.domain.fitness import MEASURES
from clau_doom.domain.run_environment import RunEnvironment, SourceCommit
from clau_doom.errors import InvalidMessage
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2 as pb
from clau_doom.wire import event_from_json, event_json, event_message, recorded_event

LAB = "lab"
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**31 - 1)
totals = st.integers(1, 2**31 - 1)
places = st.integers(0, 999_999)
seeds = st.integers(0, 2**64 - 1)
refs = st.builds(AgentRef, places, places)
players = refs.map(lambda ref: ref.agent_id(LAB)) | st.just(baseline_id(LAB))
genomes = st.lists(numbers, max_size=9).map(lambda values: Genome(tuple(values)))
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
facts = st.dictionaries(st.text(), st.text()).map(lambda facts: tuple(sorted(facts.items())))
episodes = st.builds(
    Episode,
    agent=players,
    number=counts,
    outcome=st.builds(
        EpisodeOutcome,
        seed=seeds,
        measures=st.builds(Measures, **dict.fromkeys(MEASURES, numbers)),
        trajectory_sha256=digests,
    ),
    timing=st.builds(
        EpisodeTiming, seconds=numbers, attempts=totals, worker=counts, processor_seconds=numbers | st.none()
    ),
    recording=st.binary() | st.none(),
    actions=st.binary() | st.none(),
)


def agents(generation: int) -> st.SearchStrategy[Agent]:
    return st.builds(
        Agent,
        experiment=st.just(LAB),
        ref=st.builds(AgentRef, st.just(generation), places),
        genome=genomes,
        parents=st.lists(refs, max_size=3).map(tuple),
    )


SUMMARIES = st.builds(
    GenerationSummary,
    index=counts,
    best=refs,
    **dict.fromkeys(("best_fitness", "mean_fitness", "worst_fitness", "std_fitness"), numbers),
    failed=counts,
    episodes=counts,
)
EXPERIMENTS = st.builds(
    Experiment,
    id=st.just(LAB),
    uuid=st.uuids().map(str),
    seed=seeds,
    provenance=st.builds(Provenance, facts=facts),
)


def asked(kind: type, generation: int) -> st.SearchStrategy[Event]:
    return st.builds(kind, generation=st.just(generation), agents=st.lists(agents(generation), max_size=3).map(tuple))


FIELDS: dict[Any, st.SearchStrategy[Any]] = {AgentRef: refs, float: numbers, Genome: genomes}
TRACES = st.builds(FailureTrace, digest=st.text(), text=st.text() | st.none()) | st.none()
COMMITS = st.builds(
    SourceCommit,
    folder=st.text(),
    commit=st.text() | st.none(),
    dirty=st.booleans() | st.none(),
    unavailable=st.text() | st.none(),
)
ENVIRONMENTS = st.builds(RunEnvironment, commits=st.lists(COMMITS, max_size=3).map(tuple), packages=facts)
OURS: dict[type, st.SearchStrategy[Event]] = {
    ExperimentCreated: st.builds(ExperimentCreated, experiment=EXPERIMENTS),
    ExperimentStarted: st.builds(ExperimentStarted, generations=totals)
    | st.builds(ExperimentStarted, generations=st.none(), episodes=totals)
    | st.builds(ExperimentStarted, generations=st.none(), tics=totals)
    | st.builds(ExperimentStarted, generations=totals, environment=ENVIRONMENTS),
    ExperimentInterrupted: st.builds(ExperimentInterrupted, generation=counts),
    ExperimentCompleted: st.builds(ExperimentCompleted, generations=totals),
    GenerationStarted: places.flatmap(lambda index: asked(GenerationStarted, index)),
    AgentsAsked: places.flatmap(lambda index: asked(AgentsAsked, index)),
    GenerationCompleted: st.builds(GenerationCompleted, summary=SUMMARIES),
    EpisodeFinished: st.builds(EpisodeFinished, episode=episodes),
    EpisodeLost: st.builds(EpisodeLost, agent=players, number=counts, seed=seeds, attempt=totals),
    ContestantFailed: st.builds(ContestantFailed, agent=players, number=counts, seed=seeds, traceback=TRACES),
    ChampionChosen: st.builds(ChampionChosen, champion=refs, validation_fitness=numbers, candidates=totals),
    GenomeInjected: st.builds(GenomeInjected, generation=counts, genome=genomes),
    AgentEvaluated: st.builds(AgentEvaluated, ref=refs, fitness=numbers),
    AgentDropped: st.builds(AgentDropped, ref=refs, fitness=numbers, episodes=totals),
    AgentFailed: st.builds(AgentFailed, ref=refs, traceback=TRACES),
}
"""The kinds whose values have rules that their types do not tell."""


def kinds() -> list[type]:
    return list(get_args(Event))


def by_field(kind: type) -> st.SearchStrategy[Event]:
    """Return a strategy for an event type with unrestricted fields."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name != "agent"}
    values = {name: FIELDS.get(hint, st.from_type(hint)) for name, hint in hints.items()}
    return st.builds(kind, **({"agent": players} if "agent" in get_type_hints(kind) else {}), **values)


def recorded(event: Event, *, sequence: int = 7, time: float = 1_790_000_000.123456) -> RecordedEvent:
    return RecordedEvent(sequence=sequence, time=time, event=event)


def received(message: pb.ExperimentEvent) -> pb.ExperimentEvent:
    """Return the message after serialisation and parsing."""
    return pb.ExperimentEvent.FromString(message.SerializeToString())


def spoil(message: Any, path: list[str], value: object) -> None:
    """Set the value at a path, or clear the field if the value is None."""
    *above, last = path
    for name in above:
        message = message[int(name)] if name.isdigit() else getattr(message, name)
    if last.isdigit():
        message[int(last)] = value
    elif value is None:
        message.ClearField(last)
    else:
        setattr(message, last, value)


def without_bytes(event: Event) -> Event:
    if isinstance(event, EpisodeFinished):
        return replace(event, episode=replace(event.episode, recording=None, actions=None))
    return event


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@settings(deadline=None)
@given(data=st.data(), sequence=st.integers(1, 2**64 - 1), time=st.floats(4e7, 2e11))
def test_any_event_round_trip(kind: type, data: st.DataObject, sequence: int, time: float) -> None:
    """Signs of zeros are kept."""
    event = data.draw(OURS[kind] if kind in OURS else by_field(kind))
    before = recorded(event, sequence=sequence, time=time)
    message = event_message(LAB, before)
    expected = repr((LAB, replace(before, event=without_bytes(event))))
    assert repr(recorded_event(received(message))) == expected
    assert repr(recorded_event(event_from_json(event_json(message)))) == expected


def test_payloads_are_named_after_event_types() -> None:
    """Each payload but `GenericEvent` belongs to the event type of its name."""
    payloads = pb.ExperimentEvent.DESCRIPTOR.oneofs_by_name["payload"].fields
    names = {field.message_type.name for field in payloads if field.message_type} - {"GenericEvent"}
    assert names <= {kind.__name__ for kind in kinds()}
    assert names


@given(st.integers(1_000_000_000_000_000, 4_000_000_000_000_000))
def test_times_keep_microseconds(microseconds: int) -> None:
    """The message's time differs from the event's by less than half a microsecond."""
    message = event_message(LAB, recorded(ExperimentCompleted(generations=1), time=microseconds / 10**6))
    assert abs(message.time.ToNanoseconds() - microseconds * 1000) < 500
    assert recorded_event(message)[1].time == microseconds / 10**6


def test_message_has_no_recording_and_no_actions() -> None:
    played = replace(EPISODE, episode=replace(EPISODE.episode, recording=b"a whole game", actions=b"claimed"))
    assert event_message(LAB, recorded(played)) == event_message(LAB, recorded(EPISODE))


def test_invalid_unicode_in_a_reason_is_escaped() -> None:
    """A file name can contain it."""
    message = event_message(LAB, recorded(ExperimentFailed(reason="cannot read \udcff.wad")))
    assert message.experiment_failed.reason == r"cannot read \udcff.wad"


def test_json_is_canonical() -> None:
    """Names are in lowerCamelCase, and 64-bit numbers are strings. Zeros are included."""
    text = event_json(event_message(LAB, recorded(AgentEvaluated(ref=AgentRef(0, 1), fitness=0.0))))
    assert text == (
        '{"agentEvaluated":{"agentId":"lab-g000-a001","fitness":0.0},"experimentId":"lab","sequence":"7",'
        f'"time":"{event_message(LAB, recorded(ExperimentPaused())).time.ToJsonString()}"}}'
    )
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


SUMMARY = GenerationSummary(
    index=3,
    best=AgentRef(3, 0),
    best_fitness=2.0,
    mean_fitness=1.0,
    worst_fitness=0.0,
    std_fitness=1.0,
    failed=0,
    episodes=8,
)
EPISODE = EpisodeFinished(
    episode=Episode(
        purpose=Purpose.TRAINING,
        agent="lab-g003-a017",
        number=3,
        outcome=EpisodeOutcome(seed=7, measures=Measures(kills=13.0), trajectory_sha256="ab" * 32),
        timing=EpisodeTiming(seconds=1.25),
    )
)
CREATED = ExperimentCreated(
    experiment=Experiment(
        id=LAB,
        uuid="0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44",
        seed=1,
        config_yaml="seed: 1",
        provenance=Provenance(facts=()),
    )
)
GENERATION = GenerationStarted(
    generation=3,
    agents=(
        Agent(
            experiment=LAB,
            ref=AgentRef(3, 0),
            genome=Genome((0.5,)),
            parents=(AgentRef(2, 1),),
            operator="elite",
        ),
    ),
)
FAILED = AgentFailed(ref=AgentRef(3, 0), kind=FailureKind.STOPPED, reason="stopped by a user")
LOST = EpisodeLost(purpose=Purpose.HELD_OUT, agent=baseline_id(LAB), number=0, seed=1, attempt=1, reason="it hung")


@pytest.mark.parametrize(
    ("event", "path", "value", "complaint"),
    [
        (FAILED, "experiment_id", "../lab", "not an experiment id"),
        (FAILED, "sequence", 0, "an event's sequence is 0: it is at least 1"),
        (FAILED, "time", None, "has no time"),
        (FAILED, "time.seconds", -1, "not a time since the epoch"),
        (FAILED, "time.nanos", 1000000000, "not a time since the epoch"),
        (FAILED, "payload", None, "event 7 of lab has an unknown payload"),
        (FAILED, "agent_failed.agent_id", "lab", "'lab' is not an agent id"),
        (FAILED, "agent_failed.agent_id", "bal-g000-a000", "agent bal-g000-a000 is not an agent of experiment lab"),
        (FAILED, "agent_failed.kind", 0, "FailureKind 0 is unknown"),
        (FAILED, "agent_failed.kind", 99, "FailureKind 99 is unknown"),
        (LOST, "episode_lost.purpose", 9, "Purpose 9 is unknown"),
        (LOST, "episode_lost.agent_id", "bal-random", "not an agent id"),
        (LOST, "episode_lost.attempt", 0, "attempt of episode lost is 0: it is at least 1"),
        (LOST, "episode_lost.number", -1, "number of episode lost is -1"),
        (EPISODE, "episode_finished.episode", None, "an episode without its measures"),
        (EPISODE, "episode_finished.episode.measures", None, "an episode without its measures"),
        (EPISODE, "episode_finished.episode.measures.kills", math.nan, "kills is nan"),
        (EPISODE, "episode_finished.episode.seconds", math.inf, "seconds is inf"),
        (EPISODE, "episode_finished.episode.trajectory_sha256", "ABCD", "'ABCD' is not a SHA-256"),
        (CREATED, "experiment_created.uuid", "7", "'7' is not a UUID"),
        (CREATED, "experiment_created.uuid", "0B5C7F3E-6f4e-4d38-9d0b-3c6f0d1f2a44", "is not a UUID"),
        (GENERATION, "generation_started.generation", 2, "agent lab-g003-a000 is not of generation 2"),
        (GENERATION, "generation_started.agents.0.genome.0", -math.inf, "genome is -inf"),
        (GENERATION, "generation_started.agents.0.parent_ids.0", "", "'' is not an agent id"),
        (GenerationCompleted(summary=SUMMARY), "generation_completed.summary", None, "not an agent id"),
    ],
)
def test_invalid_event_message_is_refused(event: Event, path: str, value: object, complaint: str) -> None:
    message = event_message(LAB, recorded(event))
    recorded_event(message)
    spoil(message, path.split("."), value)
    with pytest.raises(InvalidMessage, match=complaint):
        recorded_event(received(message))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 10_000,
        '{"agentPaused":' * 10_000,
        '{"sequence":"1","sequence":"2"}',
        '{"sequence":-1}',
        '{"agentAdored":{}}',
        '{"agentEvaluated":{"fitness":NaN}}',
        '{"agentEvaluated":{"fitness":1e999}}',
        '{"agentEvaluated":{"fitness":"high"}}',
        b"\xff{}",
    ],
)
def test_invalid_event_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidMessage, match="not an event"):
        event_from_json(text)
