"""Tests of declarations of event types and the texts derived from them."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from clau_doom.app.event_logging import log_event
from clau_doom.cli.commands.events import _line
from clau_doom.domain import Agent, AgentRef, Genome, event_declaration
from clau_doom.domain.event_codec import decode, encode
from clau_doom.domain.event_declaration import (
    Scope,
    Severity,
    agent_of,
    declaration_of,
    declarations,
    declared,
    event,
    generation_of,
    summary_of,
)
from clau_doom.domain.events import AgentDropped, Event, ExperimentStarted, GenerationStarted, RecordedEvent
from clau_doom.events.subjects import subject_of, subject_pattern
from clau_doom.logs import configure_logs
from clau_doom.web.api import _json

DOCS = Path(__file__).parents[3] / "docs" / "events.md"


@pytest.fixture
def promoted() -> Iterator[Any]:
    """Declare an event type that exists only in this file."""

    @event("agent_promoted", Scope.AGENT, Severity.SUCCESS, "{agent} promoted to rank {rank}: {reason}")
    @dataclass(frozen=True, kw_only=True, slots=True)
    class AgentPromoted:
        """An agent moved up."""

        ref: AgentRef
        rank: int
        reason: str

    yield AgentPromoted
    declaration = event_declaration._BY_CODE.pop("agent_promoted")
    del event_declaration._BY_TYPE[declaration.kind]


def test_an_event_type_is_declared_in_one_place(promoted: Any) -> None:
    """Codec, subject, log line, terminal line and dashboard use the declaration."""
    happened = promoted(ref=AgentRef(3, 17), rank=2, reason="it won")
    assert declaration_of(happened).title == "agent promoted"
    assert declared("agent_promoted").kind is promoted
    assert decode("agent_promoted", encode(happened)) == happened
    assert subject_of("lab", happened) == "clau-doom.experiment.lab.agent.lab-g003-a017.promoted"
    stream = io.StringIO()
    configure_logs(stream, json=True)
    log_event("lab", happened)
    row = json.loads(stream.getvalue())
    assert {name: row[name] for name in ("event", "level", "agent", "generation", "rank", "reason")} == {
        "event": "agent promoted",
        "level": "info",
        "agent": "lab-g003-a017",
        "generation": 3,
        "rank": 2,
        "reason": "it won",
    }
    recorded = RecordedEvent(sequence=7, time=0.0, event=happened)
    assert _line(recorded).plain.endswith("agent promoted          g003-a017 promoted to rank 2: it won")
    shown = json.loads(_json("lab", recorded))
    assert {name: shown[name] for name in ("kind", "severity", "text", "agent")} == {
        "kind": "agent_promoted",
        "severity": "success",
        "text": "g003-a017 promoted to rank 2: it won",
        "agent": "lab-g003-a017",
    }


def test_all_event_types_are_declared() -> None:
    """The union of types equals the declarations, and codes follow the class names."""
    assert {each.kind for each in declarations()} == set(get_args(Event))
    assert declared("agent_dropped").kind is AgentDropped


@pytest.mark.parametrize("code", ["agent_dropped", "Agent", "agent", "agent dropped"])
def test_codes_are_unique_and_well_formed(code: str) -> None:
    """A used or malformed code is refused."""
    with pytest.raises(ValueError, match="malformed or in use"):
        event(code, Scope.AGENT, Severity.INFO, "x")


def test_summaries() -> None:
    """The text has counts, fitness and short ids."""
    dropped = AgentDropped(ref=AgentRef(1, 2), fitness=26.51234, episodes=3)
    assert summary_of(dropped) == "g001-a002 dropped from the race after 3 episodes, fitness 26.51"
    agent = Agent(experiment="lab", ref=AgentRef(4, 0), genome=Genome((0.5,)), parents=(), operator="draw")
    started = GenerationStarted(generation=4, agents=(agent, agent))
    assert summary_of(started) == "generation 4 started, 2 agents"
    assert (agent_of("lab", started), generation_of(started)) == (None, 4)
    assert summary_of(ExperimentStarted(resumed=True, generations=9, config_yaml="")) == "resumed, 9 generations"


def test_the_documented_table_is_that_of_the_declarations() -> None:
    """docs/events.md has one row for each event type: code, subject, severity and meaning."""
    rows = [
        f"| `{each.code}` | `{subject_pattern(each)}` | {each.severity.value} | {each.meaning} |"
        for each in declarations()
    ]
    text = DOCS.read_text()
    assert [
        line for line in text.splitlines() if line.startswith("| `") and "`clau-doom.experiment.<id>" in line
    ] == rows
