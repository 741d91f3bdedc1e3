"""Tests of checks of stored values."""

import math
from dataclasses import replace
from typing import Any

import pytest

from clau_doom.domain import Agent, AgentRef, Genome, Purpose
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentRestarted,
    EpisodeLost,
    Event,
    ExperimentCreated,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.errors import StoreCorrupted
from clau_doom.storage.validation import LARGEST, check_event, number, seconds, text, whole


@pytest.mark.parametrize("value", [-1, 8, 3.0, True, "3", None])
def test_integers_are_checked_for_type_and_range(value: object) -> None:
    assert whole(7, "n", most=7) == 7
    with pytest.raises(StoreCorrupted, match=r"n is .*: it must be a whole number from 0 to 7"):
        whole(value, "n", most=7)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2 * LARGEST, "1.0", None, False])
def test_numbers_must_be_finite_and_in_range(value: object) -> None:
    """A whole number is a number. The sign of zero is kept."""
    assert (number(3, "x"), math.copysign(1.0, number(-0.0, "x"))) == (3.0, -1.0)
    with pytest.raises(StoreCorrupted, match="x is"):
        number(value, "x")


def test_times_and_texts_have_limits() -> None:
    """A time after the year 9999, a negative duration and a long text are refused. The error shortens long values."""
    for value, epoch in ((-0.1, False), (1e15, False), (1e12, True)):
        with pytest.raises(StoreCorrupted, match="t is"):
            seconds(value, "t", epoch=epoch)
    with pytest.raises(StoreCorrupted, match="has 11 characters: at most 10"):
        text("x" * 11, "note", most=10)
    with pytest.raises(StoreCorrupted) as error:
        whole("\x1b" + "x" * 1000, "n")
    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 300


def _agent(**changes: Any) -> Agent:
    agent = Agent(
        experiment="lab", ref=AgentRef(2, 0), genome=Genome((0.5,)), parents=(AgentRef(1, 3),), operator="mutation"
    )
    return replace(agent, **changes)


def _lost(**changes: Any) -> EpisodeLost:
    lost = EpisodeLost(purpose=Purpose.TRAINING, agent="lab-g000-a000", number=0, seed=1, attempt=1, reason="")
    return replace(lost, **changes)


GOOD: tuple[Event, ...] = (
    GenerationStarted(generation=2, agents=(_agent(), _agent(ref=AgentRef(2, 1), parents=(AgentRef(2, 0),)))),
    _lost(agent="lab-random", seed=2**63 - 1),
    AgentEvaluated(ref=AgentRef(999_999, 0), fitness=-LARGEST),
    GenomeInjected(generation=0, genome=Genome(())),
)
BAD: tuple[Event, ...] = (
    GenerationStarted(generation=-1, agents=()),
    GenerationStarted(generation=2, agents=(_agent(experiment="other"),)),
    GenerationStarted(generation=2, agents=(_agent(parents=(AgentRef(2, 0),)),)),
    GenerationStarted(generation=2, agents=(_agent(parents=(AgentRef(-1, 0),)),)),
    GenerationStarted(generation=2, agents=(_agent(operator="\x1b[2J"),)),
    GenerationStarted(generation=2, agents=(_agent(operator=""),)),
    GenerationStarted(generation=2, agents=(_agent(genome=Genome((math.inf,))),)),
    GenerationStarted(generation=2, agents=(_agent(genome=Genome((0.0, -2 * LARGEST))),)),
    GenomeInjected(generation=2, genome=Genome((math.nan,))),
    AgentEvaluated(ref=AgentRef(0, 1_000_000), fitness=1.0),
    AgentEvaluated(ref=AgentRef(0, 0), fitness=math.inf),
    AgentRestarted(ref=AgentRef(-1, 0)),
    _lost(agent="other-g000-a000"),
    _lost(agent="nobody"),
    _lost(seed=-1),
    _lost(attempt=2**31),
    ExperimentCreated(
        experiment=Experiment(id="lab", uuid="", seed=-1, config_yaml="", provenance=Provenance(facts=()))
    ),
)


@pytest.mark.parametrize("event", GOOD)
def test_events_at_the_limits_are_accepted(event: Event) -> None:
    check_event(event, "lab")


@pytest.mark.parametrize("event", BAD)
def test_invalid_events_are_refused(event: Event) -> None:
    """Examples are a negative position, a later parent, a non-finite number and an agent of another experiment."""
    with pytest.raises(StoreCorrupted):
        check_event(event, "lab")
