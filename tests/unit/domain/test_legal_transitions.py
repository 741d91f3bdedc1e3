"""Tests of the events that are legal in a state of an experiment."""

import pytest

from clau_doom.domain import AgentRef, AgentStatus, Genome, baseline_id
from clau_doom.domain.budget import Budget
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
    ChampionChosen,
    Event,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.errors import StoreCorrupted
from tests.support.small_experiment import EXPERIMENT, agent, completed, episode, failed, projection

FIRST, SECOND = AgentRef(0, 0), AgentRef(0, 1)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (ExperimentCreated(experiment=EXPERIMENT), ".* running"),
        (ExperimentResumed(), ".* running"),
        (GenerationStarted(generation=0, agents=(agent(0, 0),)), "for generation 0, with 1 generations started and 0"),
        (GenerationStarted(generation=1, agents=(agent(1, 0),)), "for generation 1, with 1 generations started and 0"),
        (AgentsAsked(generation=2, agents=(agent(2, 0),)), "for generation 2, with 1 generations started and 0"),
        (AgentsAsked(generation=0, agents=()), "for generation 0 without agents"),
        (AgentsAsked(generation=0, agents=(agent(0, 1),)), "with agent lab-g000-a001 in the place of lab-g000-a002"),
        (AgentsAsked(generation=0, agents=(agent(0, 3),)), "with agent lab-g000-a003 in the place of lab-g000-a002"),
        (
            AgentsAsked(generation=0, agents=(agent(0, 3), agent(0, 2))),
            "with agent lab-g000-a003 in the place of lab-g000-a002",
        ),
        (
            AgentsAsked(generation=0, agents=(agent(0, 2, "other"),)),
            "with agent other-g000-a002 in the place of lab-g000-a002",
        ),
        (episode("lab-g000-a002"), "for lab-g000-a002, which is not an agent of this experiment"),
        (episode("other-g000-a001"), "for other-g000-a001, which is not an agent of this experiment"),
        (episode(baseline_id("lab")), f"for {baseline_id('lab')}, which is not an agent of this experiment"),
        (episode("lab-g000-a000", number=1), "for lab-g000-a000, which is already evaluated"),
        (episode("lab-g000-a001"), "twice for training episode 0 of lab-g000-a001"),
        (AgentEvaluated(ref=FIRST, fitness=2.0), "for agent 0 of generation 0, which is completed"),
        (AgentEvaluated(ref=AgentRef(0, 2), fitness=2.0), "for agent 2 of generation 0, which is missing"),
        (failed(FIRST, FailureKind.POLICY_RAISED), "for agent 0 of generation 0, which is completed"),
        (AgentRestarted(ref=SECOND), "for agent 1 of generation 0, which has not failed"),
        (AgentResumed(ref=SECOND), "for agent 1 of generation 0, which is not paused"),
        (AgentPaused(ref=FIRST), "for agent 0 of generation 0, which is completed"),
        (GenomeInjected(generation=0, genome=Genome((0.5,))), "for generation 0: the next one is 1"),
        (completed(0, FIRST), "for generation 0, which has 1 pending agents"),
        (completed(1, FIRST), "for generation 1, with 0 generations completed"),
        (
            ChampionChosen(champion=SECOND, validation_fitness=1.0, candidates=1),
            "for agent 1 of generation 0, which has no fitness",
        ),
    ],
    ids=lambda value: value.replace(" ", "_")[:60] if isinstance(value, str) else type(value).__name__,
)
def test_illegal_event_is_refused_without_change(event: Event, reason: str) -> None:
    """The first of two agents is evaluated at this point."""
    found = projection([episode("lab-g000-a000"), AgentEvaluated(ref=FIRST, fitness=1.0), episode("lab-g000-a001")])
    before = found.snapshot()
    with pytest.raises(StoreCorrupted, match=f"is not possible {reason}"):
        found.apply(event)
    assert found.snapshot() == before


def test_log_starts_with_the_experiment_and_generation_0() -> None:
    """Other events, and other generations, are refused."""
    found = ExperimentProjection()
    with pytest.raises(StoreCorrupted, match="experiment_paused is not possible in an empty log"):
        found.apply(ExperimentPaused())
    found.apply(ExperimentCreated(experiment=EXPERIMENT))
    found.apply(ExperimentStarted(resumed=False, generations=3, config_yaml=""))
    with pytest.raises(StoreCorrupted, match="for generation 5, with 0 generations started and 0 completed"):
        found.apply(AgentsAsked(generation=5, agents=(agent(5, 0),)))


def test_paused_agent_cannot_be_paused_again() -> None:
    """The agent can be resumed."""
    found = projection([AgentPaused(ref=FIRST)])
    with pytest.raises(StoreCorrupted, match="for agent 0 of generation 0, which is paused"):
        found.apply(AgentPaused(ref=FIRST))
    found.apply(AgentResumed(ref=FIRST))
    assert not found.is_paused(FIRST)


def test_best_agent_of_a_generation_is_checked() -> None:
    """The best agent belongs to the generation and has a fitness. The generation is completed once."""
    found = projection([AgentEvaluated(ref=FIRST, fitness=1.0), failed(SECOND, FailureKind.POLICY_RAISED)])
    with pytest.raises(StoreCorrupted, match="for generation 0 with agent 0 of generation 1 as its best agent"):
        found.apply(completed(0, AgentRef(1, 0)))
    with pytest.raises(StoreCorrupted, match="for agent 1 of generation 0, which has no fitness"):
        found.apply(completed(0, SECOND))
    found.apply(completed(0, FIRST))
    with pytest.raises(StoreCorrupted, match="for generation 0, with 1 generations completed"):
        found.apply(completed(0, FIRST))
    with pytest.raises(StoreCorrupted, match="for agent 1 of generation 0, after its generation is completed"):
        found.apply(AgentRestarted(ref=SECOND))


def test_completed_experiment_can_be_extended() -> None:
    """A further run needs more generations than the last one."""
    found = projection([ExperimentCompleted(generations=3)])
    with pytest.raises(StoreCorrupted, match="completed with 3 generations"):
        found.apply(ExperimentStarted(resumed=True, generations=3, config_yaml=""))
    with pytest.raises(StoreCorrupted, match=r"agents_asked is not possible .* completed"):
        found.apply(AgentsAsked(generation=1, agents=(agent(1, 0),)))
    found.apply(ExperimentStarted(resumed=True, generations=4, config_yaml=""))
    assert found.budget() == Budget(4)


def test_forged_result_is_withdrawn_in_its_generation_only() -> None:
    """A false claim fails an evaluated agent. After the generation the history is fixed."""
    events = [AgentEvaluated(ref=FIRST, fitness=1.0), AgentEvaluated(ref=SECOND, fitness=2.0)]
    found = projection([*events, failed(SECOND, FailureKind.FORGED)])
    evaluation = found.evaluation(SECOND)
    assert evaluation is not None
    assert (evaluation.status, evaluation.fitness) == (AgentStatus.FAILED, None)
    late = projection([*events, completed(0, SECOND)])
    with pytest.raises(StoreCorrupted, match="for agent 1 of generation 0, after its generation is completed"):
        late.apply(failed(SECOND, FailureKind.FORGED))
