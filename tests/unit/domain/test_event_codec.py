"""Tests of the event codec."""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import (
    AgentRef,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Genome,
    Measures,
    Purpose,
    event_declaration,
)
from clau_doom.domain.event_codec import decode, encode
from clau_doom.domain.event_declaration import Scope, Severity, declaration_of, event, summary_of
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    EpisodeFinished,
    Event,
    ExperimentCompleted,
    ExperimentInterrupted,
    FailureKind,
    GenomeInjected,
)
from clau_doom.errors import StorageFailed, StoreCorrupted

EPISODE = EpisodeFinished(
    episode=Episode(
        purpose=Purpose.TRAINING,
        agent="lab-g003-a017",
        number=3,
        outcome=EpisodeOutcome(
            seed=7, measures=Measures(kills=13.0, reward=0.1 + 0.2, distance=-0.0), trajectory_sha256="ab" * 32
        ),
        timing=EpisodeTiming(seconds=1.25),
        recording=b"\0lmp",
        actions=b"deflated",
    )
)


@pytest.fixture
def promoted() -> Iterator[Any]:
    """Declare an event type that exists in one test only, so that no converter of it is in a cache."""

    @event("agent_promoted", Scope.AGENT, Severity.SUCCESS, "{agent} promoted to rank {rank}")
    @dataclass(frozen=True, kw_only=True, slots=True)
    class AgentPromoted:
        ref: AgentRef
        rank: int
        reason: str | None = None

    yield AgentPromoted
    declaration = event_declaration._BY_CODE.pop("agent_promoted")
    del event_declaration._BY_TYPE[declaration.kind]


def _without_bytes(event: Event) -> Event:
    if isinstance(event, EpisodeFinished):
        return replace(event, episode=replace(event.episode, recording=None, actions=None))
    return event


@given(
    st.one_of([st.from_type(kind) for kind in get_args(Event)]).filter(
        lambda event: "nan" not in repr(event) and "inf" not in repr(event)
    )
)
def test_any_event_round_trip(event: Event) -> None:
    """Signs of zeros are kept. Recordings are omitted."""
    text = encode(event)
    assert repr(decode(declaration_of(event).code, text)) == repr(_without_bytes(event))
    assert encode(decode(declaration_of(event).code, text)) == text


def test_encoded_text_is_canonical() -> None:
    """Equal events have equal texts: keys are sorted, and there is no whitespace."""
    assert encode(ExperimentInterrupted(generation=3, reason="é")) == '{"generation":3,"reason":"\\u00e9"}'
    text = encode(EPISODE)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert "lmp" not in text


def test_event_codes_follow_class_names() -> None:
    assert declaration_of(EPISODE).code == "episode_finished"
    assert declaration_of(ExperimentCompleted(generations=1)).code == "experiment_completed"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_non_finite_numbers_are_refused(value: float) -> None:
    """The message has the code of the event."""
    event = AgentEvaluated(ref=AgentRef(0, 1), fitness=value)
    with pytest.raises(StorageFailed, match="agent_evaluated has a number that is not finite"):
        encode(event)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("agent_adored", "{}"),
        ("experiment_completed", "{"),
        ("experiment_completed", "[]"),
        ("experiment_completed", "{}"),
        ("experiment_completed", '{"generations":1,"more":2}'),
        ("experiment_completed", '{"generations":1.0}'),
        ("experiment_completed", '{"generations":true}'),
        ("experiment_completed", '{"generations":null}'),
        ("agent_failed", '{"kind":"bored","reason":"","ref":{"generation":0,"index":0}}'),
        ("agent_evaluated", '{"fitness":1,"ref":{"generation":0,"index":0}}'),
        ("agent_evaluated", '{"fitness":1.0,"ref":[0,0]}'),
        ("generation_started", '{"agents":{},"generation":0}'),
    ],
)
def test_invalid_event_text_is_store_damage(kind: str, text: str) -> None:
    """Unknown codes, fields, values and types are covered."""
    with pytest.raises(StoreCorrupted, match=f"invalid {kind} event"):
        decode(kind, text)


def test_encoding_an_episode_takes_less_than_100_microseconds() -> None:
    """Encoding takes 13 µs on a reference machine."""
    best = math.inf
    for _ in range(20):
        began = time.process_time()
        for _ in range(200):
            encode(EPISODE)
        best = min(best, (time.process_time() - began) / 200)
    assert best < 100e-6


def test_failure_of_an_older_version_has_no_traceback() -> None:
    """A field that was added later may be missing. An original field may not."""
    old = '{"kind":"policy_raised","reason":"no idea","ref":{"generation":0,"index":1}}'
    failed = AgentFailed(ref=AgentRef(0, 1), kind=FailureKind.POLICY_RAISED, reason="no idea")
    assert decode("agent_failed", old) == failed
    with pytest.raises(StoreCorrupted):
        decode("agent_failed", old.replace('"reason":"no idea",', ""))


def test_new_event_type_is_encoded_and_decoded(promoted: Any) -> None:
    """Fields with the default None may be missing. The cause of an error lists the fields of the text and the type."""
    happened = promoted(ref=AgentRef(3, 17), rank=2)
    assert summary_of(happened) == "g003-a017 promoted to rank 2"
    assert encode(happened) == '{"rank":2,"reason":null,"ref":{"generation":3,"index":17}}'
    assert decode("agent_promoted", encode(happened)) == happened
    assert decode("agent_promoted", '{"rank":2,"ref":{"generation":3,"index":17}}') == happened
    for text, found in (('{"rank":2}', r"\['rank'\]"), ('{"rank":2,"ref":{},"x":1}', r"\['rank', 'ref', 'x'\]")):
        with pytest.raises(StoreCorrupted) as error:
            decode("agent_promoted", text)
        with pytest.raises(ValueError, match=f"{found}.*" + r"\['rank', 'reason', 'ref'\]"):
            raise error.value.__cause__ or AssertionError


def test_genome_of_an_older_version_is_decoded() -> None:
    """The genome is a list of numbers. A whole number without a decimal point is refused."""
    old = '{"generation":1,"genome":{"values":[0.5,-2.0]}}'
    assert decode("genome_injected", old) == GenomeInjected(generation=1, genome=Genome((0.5, -2.0)))
    with pytest.raises(StoreCorrupted):
        decode("genome_injected", old.replace("-2.0", "-2"))
