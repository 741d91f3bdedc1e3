"""Tests of the projection of events to the state of an experiment."""

import pytest

from clau_doom.domain import AgentRef, AgentStatus, Purpose, baseline_id
from clau_doom.domain.events import AgentFailed, AgentRestarted, AgentsAsked, ContestantFailed, Event, FailureKind
from clau_doom.domain.experiment import Deviations
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.errors import StoreCorrupted
from tests.support.small_experiment import agent, episode, failed, projection


def test_last_sequence_is_the_number_of_events() -> None:
    assert projection().snapshot().last_sequence == 3


def test_snapshot_of_an_empty_log_is_an_error() -> None:
    with pytest.raises(StoreCorrupted):
        ExperimentProjection().snapshot()


def test_deviations_are_counted_by_kind() -> None:
    """Failures of agents and contestants, interventions and repeated actions are counted. Crashes are not."""
    kinds = [
        FailureKind.POLICY_TIMED_OUT,
        FailureKind.ATTEMPTS_EXHAUSTED,
        FailureKind.POLICY_RAISED,
        FailureKind.STOPPED,
        FailureKind.POLICY_TIMED_OUT,
    ]
    events: list[Event] = [episode("lab-g000-a005", repeated=2), episode("lab-g000-a005", number=1, repeated=5)]
    events += [failed(AgentRef(0, index), kind) for index, kind in enumerate(kinds)]
    events += [
        ContestantFailed(
            purpose=Purpose.HELD_OUT,
            agent="lab-g000-a005",
            number=number,
            seed=1,
            kind=kind,
            reason="it failed",
        )
        for number, kind in enumerate([FailureKind.POLICY_TIMED_OUT, FailureKind.POLICY_RAISED])
    ]
    assert projection(events, agents=6).snapshot().deviations == Deviations(
        exhausted_attempts=1, missed_deadlines=3, interventions=1, repeated_actions=7
    )


def test_each_failed_agent_has_its_traceback() -> None:
    """An event without a text has the traceback with the same digest."""
    traces = (FailureTrace(digest="ab", text="line 3"), FailureTrace(digest="ab", text=None), None)
    events: list[Event] = [
        AgentFailed(ref=AgentRef(0, index), kind=FailureKind.POLICY_RAISED, reason="it failed", traceback=trace)
        for index, trace in enumerate(traces)
    ]
    found = projection(events, agents=3).snapshot().traces
    assert found == {"lab-g000-a000": "line 3", "lab-g000-a001": "line 3"}


def test_restart_removes_the_failure_and_is_an_intervention() -> None:
    """The agent is pending again, and the failure of its first attempt is not a deviation."""
    ref = AgentRef(0, 1)
    found = projection([failed(ref, FailureKind.ATTEMPTS_EXHAUSTED), AgentRestarted(ref=ref)])
    evaluation = found.evaluation(ref)
    assert evaluation is not None
    assert (evaluation.status, evaluation.failure) == (AgentStatus.PENDING, None)
    assert found.snapshot().deviations == Deviations(interventions=1)


def test_episodes_are_sorted_by_number_and_purpose() -> None:
    """Training episodes belong to their agent, and others are kept by purpose and agent id."""
    baseline = baseline_id("lab")
    found = projection(
        [
            episode("lab-g000-a001", number=1),
            episode("lab-g000-a001", number=0),
            episode(baseline, purpose=Purpose.HELD_OUT),
        ]
    ).snapshot()
    assert [each.number for each in found.episodes[AgentRef(0, 1)]] == [0, 1]
    assert AgentRef(0, 0) not in found.episodes
    assert [outcome.seed for outcome in found.generations[0][1].outcomes] == [0, 1]
    assert list(found.judging) == [(Purpose.HELD_OUT, baseline)]


def test_steady_state_extends_the_last_generation() -> None:
    """Further agents follow the last index, or begin the next generation before the last one is complete."""
    found = projection(
        [
            AgentsAsked(generation=0, agents=(agent(0, 2), agent(0, 3))),
            AgentsAsked(generation=1, agents=(agent(1, 0),)),
            AgentsAsked(generation=1, agents=(agent(1, 1),)),
        ]
    )
    assert found.agent_ids(0) == tuple(f"lab-g000-a{index:03}" for index in range(4))
    assert found.agent_ids(1) == ("lab-g001-a000", "lab-g001-a001")
    assert found.place("lab-g001-a001") == AgentRef(1, 1)
    assert found.place("lab-g001-a002") is None
