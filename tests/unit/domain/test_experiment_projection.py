"""Tests of the projection of events to the state of an experiment."""

from collections.abc import Iterable

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
    baseline_id,
)
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    AgentRestarted,
    AgentsAsked,
    ContestantFailed,
    EpisodeFinished,
    Event,
    ExperimentCreated,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
)
from clau_doom.domain.experiment import Deviations, Experiment, GenerationSummary, Provenance
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.errors import StoreCorrupted

EXPERIMENT = Experiment(id="lab", uuid="0", seed=1, config_yaml="", provenance=Provenance(facts=()))
TRACE = FailureTrace(digest="d", text="Traceback")


def agent(generation: int, index: int, experiment: str = "lab") -> Agent:
    return Agent(
        experiment=experiment, ref=AgentRef(generation, index), genome=Genome((0.5,)), parents=(), operator="draw"
    )


def episode(player: str, *, number: int = 0, purpose: Purpose = Purpose.TRAINING, repeated: int = 0) -> EpisodeFinished:
    return EpisodeFinished(
        episode=Episode(
            purpose=purpose,
            agent=player,
            number=number,
            outcome=EpisodeOutcome(seed=number, measures=Measures(), trajectory_sha256="0" * 64),
            timing=EpisodeTiming(seconds=1.0, repeated=repeated),
        )
    )


def failed(ref: AgentRef, kind: FailureKind) -> AgentFailed:
    return AgentFailed(ref=ref, kind=kind, reason="it failed", traceback=TRACE)


def completed(index: int, best: AgentRef) -> GenerationCompleted:
    summary = GenerationSummary(
        index=index,
        best=best,
        best_fitness=1.0,
        mean_fitness=1.0,
        worst_fitness=1.0,
        std_fitness=0.0,
        failed=0,
        episodes=1,
    )
    return GenerationCompleted(summary=summary)


def projection(events: Iterable[Event] = (), *, agents: int = 2) -> ExperimentProjection:
    """Return the state of a running experiment after its first generation was asked and further events."""
    started = ExperimentProjection()
    for event in [
        ExperimentCreated(experiment=EXPERIMENT),
        ExperimentStarted(resumed=False, generations=3, config_yaml=""),
        GenerationStarted(generation=0, agents=tuple(agent(0, index) for index in range(agents))),
        *events,
    ]:
        started.apply(event)
    return started


def test_a_snapshot_has_the_number_of_events() -> None:
    """The last sequence equals the number of applied events."""
    assert projection().snapshot().last_sequence == 3


def test_a_snapshot_without_events_is_an_error() -> None:
    """An empty log has no experiment."""
    with pytest.raises(StoreCorrupted, match="no experiment is stored here"):
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


def test_a_restart_removes_the_failure_and_is_an_intervention() -> None:
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


def test_a_steady_state_extends_the_last_generation() -> None:
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


@pytest.mark.parametrize(
    "event",
    {
        "the experiment again": ExperimentCreated(experiment=EXPERIMENT),
        "the generation again": GenerationStarted(generation=0, agents=(agent(0, 0),)),
        "a generation before the end of the last": GenerationStarted(generation=1, agents=(agent(1, 0),)),
        "no agents": AgentsAsked(generation=0, agents=()),
        "an index in use": AgentsAsked(generation=0, agents=(agent(0, 1),)),
        "an index too high": AgentsAsked(generation=0, agents=(agent(0, 3),)),
        "a generation too high": AgentsAsked(generation=2, agents=(agent(2, 0),)),
        "an agent of another experiment": AgentsAsked(generation=0, agents=(agent(0, 2, "other"),)),
        "agents in another order": AgentsAsked(generation=0, agents=(agent(0, 3), agent(0, 2))),
        "an unknown player": episode("lab-g000-a002"),
        "the episode again": episode("lab-g000-a000"),
        "an episode of an evaluated agent": episode("lab-g000-a000", number=1),
        "a training episode of the baseline": episode(baseline_id("lab")),
        "the evaluation again": AgentEvaluated(ref=AgentRef(0, 0), fitness=2.0),
        "a failure after the evaluation": failed(AgentRef(0, 0), FailureKind.POLICY_RAISED),
        "the evaluation of an unknown agent": AgentEvaluated(ref=AgentRef(0, 2), fitness=2.0),
        "the end with a pending agent": completed(0, AgentRef(0, 0)),
        "a restart without a failure": AgentRestarted(ref=AgentRef(0, 1)),
    }.items(),
    ids=lambda item: item[0],
)
def test_an_impossible_event_is_refused(event: tuple[str, Event]) -> None:
    """An event that cannot follow the log is an error, and the state stays the same."""
    found = projection([episode("lab-g000-a000"), AgentEvaluated(ref=AgentRef(0, 0), fitness=1.0)])
    before = found.snapshot()
    with pytest.raises(StoreCorrupted, match="cannot happen now"):
        found.apply(event[1])
    assert found.snapshot() == before


def test_agents_of_a_later_generation_cannot_be_the_first() -> None:
    """Before the first generation, only generation 0 can be asked."""
    found = ExperimentProjection()
    found.apply(ExperimentCreated(experiment=EXPERIMENT))
    found.apply(ExperimentStarted(resumed=False, generations=3, config_yaml=""))
    with pytest.raises(StoreCorrupted, match="cannot happen now"):
        found.apply(AgentsAsked(generation=5, agents=(agent(5, 0),)))


def test_a_forged_result_is_withdrawn_until_its_generation_is_complete() -> None:
    """Claims that turn out to be false fail an evaluated agent. Afterwards the history is fixed."""
    first, second = AgentRef(0, 0), AgentRef(0, 1)
    events = [AgentEvaluated(ref=first, fitness=1.0), AgentEvaluated(ref=second, fitness=2.0)]
    found = projection([*events, failed(second, FailureKind.FORGED)])
    evaluation = found.evaluation(second)
    assert evaluation is not None
    assert (evaluation.status, evaluation.fitness) == (AgentStatus.FAILED, None)
    late = projection([*events, completed(0, second)])
    with pytest.raises(StoreCorrupted, match="cannot happen now"):
        late.apply(failed(second, FailureKind.FORGED))
