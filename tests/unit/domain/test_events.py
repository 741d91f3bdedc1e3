"""Tests of events and their values."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any, get_args

import pytest

from clau_doom.domain import AgentRef, EpisodeTiming, Measures
from clau_doom.domain import events as events_module
from clau_doom.domain.events import AgentEvaluated, Event, ExperimentInterrupted, RecordedEvent
from clau_doom.domain.experiment import Deviations, ExperimentState, Provenance

KINDS: tuple[Any, ...] = get_args(Event)


@pytest.mark.parametrize("kind", KINDS)
def test_events_are_keyword_only_and_in_the_past_tense(kind: type) -> None:
    assert is_dataclass(kind)
    assert kind.__name__.endswith(("ed", "Lost", "Chosen"))
    assert all(field.kw_only for field in fields(kind))
    assert kind.__name__ in events_module.__all__


def test_event_union_has_every_event_class() -> None:
    """Each event class of the module is in the union type of events."""
    others = {"Event", "FailureKind", "RecordedEvent"}
    assert {kind.__name__ for kind in KINDS} == set(events_module.__all__) - others


def test_events_cannot_be_changed_and_are_equal_by_value() -> None:
    """Events with equal fields are equal, and events are immutable."""
    event = ExperimentInterrupted(generation=3, reason="Ctrl-C")
    assert event == ExperimentInterrupted(generation=3, reason="Ctrl-C")
    assert event != ExperimentInterrupted(generation=4, reason="Ctrl-C")
    with pytest.raises(FrozenInstanceError):
        event.reason = "other"  # type: ignore[misc]
    recorded = RecordedEvent(sequence=1, time=0.0, event=AgentEvaluated(ref=AgentRef(0, 0), fitness=1.0))
    assert recorded == RecordedEvent(sequence=1, time=0.0, event=AgentEvaluated(ref=AgentRef(0, 0), fitness=1.0))


def test_timings_and_measures_share_no_names() -> None:
    """No timing shares a name with a measure, so no timing can be used as fitness."""
    timings = {field.name for field in fields(EpisodeTiming)}
    assert not timings & {field.name for field in fields(Measures)}


def test_completed_failed_and_cancelled_are_final() -> None:
    """An interrupted experiment can be resumed."""
    assert {state for state in ExperimentState if state.final} == {
        ExperimentState.COMPLETED,
        ExperimentState.FAILED,
        ExperimentState.CANCELLED,
    }


@pytest.mark.parametrize(
    ("here", "there", "difference"),
    [
        ((("a", "1"), ("b", "2")), (("a", "1"), ("b", "2")), None),
        ((("a", "1"), ("b", "2")), (("a", "1"), ("b", "3")), ("b", "2", "3")),
        ((("a", "1"), ("b", "2")), (("a", "9"), ("b", "9")), ("a", "1", "9")),
        ((("a", "1"),), (("a", "1"), ("b", "2")), ("b", "none", "2")),
        ((("b", "2"),), (), ("b", "2", "none")),
        ((("b", "none"),), (), None),
        ((), (("b", "none"),), None),
    ],
)
def test_provenance_names_its_first_difference(
    here: tuple[tuple[str, str], ...], there: tuple[tuple[str, str], ...], difference: tuple[str, str, str] | None
) -> None:
    """The first differing fact by name has both values. A missing value is `none`."""
    assert Provenance(facts=here).first_difference(Provenance(facts=there)) == difference


def test_total_of_deviations_counts_every_kind() -> None:
    """The total of a reproducible run is 0."""
    assert Deviations().total == 0
    assert Deviations(exhausted_attempts=1, missed_deadlines=2, interventions=4).total == 7
