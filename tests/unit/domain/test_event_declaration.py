"""Tests of declarations of event types and the texts derived from them."""

from pathlib import Path
from typing import get_args

import pytest

from clau_doom.domain import Agent, AgentRef, Genome
from clau_doom.domain.event_declaration import (
    Scope,
    Severity,
    agent_of,
    declarations,
    declared,
    event,
    generation_of,
    summary_of,
)
from clau_doom.domain.events import (
    AgentDropped,
    ChampionChosen,
    Event,
    ExperimentPaused,
    ExperimentStarted,
    GenerationCompleted,
    GenerationStarted,
)
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.events.subjects import subject_pattern

DOCS = Path(__file__).parents[3] / "docs" / "events.md"


def test_all_event_types_are_declared() -> None:
    """The union of types equals the declarations, and codes follow the class names."""
    assert {each.kind for each in declarations()} == set(get_args(Event))
    assert declared("agent_dropped").kind is AgentDropped


@pytest.mark.parametrize("code", ["agent_dropped", "Agent", "agent", "agent dropped"])
def test_codes_are_unique_and_well_formed(code: str) -> None:
    """A used or malformed code is refused."""
    with pytest.raises(ValueError, match="malformed or in use"):
        event(code, Scope.AGENT, Severity.INFO, "x")


def test_summary_of_each_event_type() -> None:
    """The text has counts, fitness and short ids."""
    dropped = AgentDropped(ref=AgentRef(1, 2), fitness=26.51234, episodes=3)
    assert summary_of(dropped) == "g001-a002 dropped from the race after 3 episodes, fitness 26.51"
    agent = Agent(experiment="lab", ref=AgentRef(4, 0), genome=Genome((0.5,)), parents=(), operator="draw")
    started = GenerationStarted(generation=4, agents=(agent, agent))
    assert summary_of(started) == "generation 4 started, 2 agents"
    assert (agent_of("lab", started), generation_of(started)) == (None, 4)
    assert summary_of(ExperimentStarted(resumed=True, generations=9, config_yaml="")) == "resumed, 9 generations"


def test_generation_of_an_event() -> None:
    """The source is the agent's reference, the summary or the field `generation`, in this order."""
    summary = GenerationSummary(
        index=7,
        best=AgentRef(7, 0),
        best_fitness=1.0,
        mean_fitness=1.0,
        worst_fitness=1.0,
        std_fitness=0.0,
        failed=0,
        episodes=1,
    )
    assert generation_of(GenerationCompleted(summary=summary)) == 7
    assert generation_of(AgentDropped(ref=AgentRef(3, 2), fitness=1.0, episodes=1)) == 3
    assert generation_of(ChampionChosen(champion=AgentRef(5, 1), validation_fitness=1.0, candidates=2)) == 5
    assert generation_of(ExperimentPaused()) is None


def test_documentation_lists_all_declarations() -> None:
    """docs/events.md has one row for each event type: code, subject, severity and meaning."""
    rows = [
        f"| `{each.code}` | `{subject_pattern(each)}` | {each.severity.value} | {each.meaning} |"
        for each in declarations()
    ]
    text = DOCS.read_text()
    assert [
        line for line in text.splitlines() if line.startswith("| `") and "`clau-doom.experiment.<id>" in line
    ] == rows
