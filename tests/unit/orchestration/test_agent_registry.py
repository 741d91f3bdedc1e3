"""Tests of the registry of live agents."""

import pytest

from clau_doom.domain import Agent, AgentRef, AgentStatus, Episode, EpisodeTiming, Fitness, Genome, Purpose
from clau_doom.errors import AgentNotFound, GenerationFull
from clau_doom.orchestration import AgentRegistry
from clau_doom.testing import scripted_outcome


def agent(index: int) -> Agent:
    return Agent(experiment="x", ref=AgentRef(3, index), genome=Genome((0.5,)), parents=(), operator="draw")


def test_agent_beyond_the_capacity_is_refused() -> None:
    """The error names the agent."""
    registry = AgentRegistry(2, [agent(0), agent(1)])
    with pytest.raises(GenerationFull, match=r"generation 3 holds 2 agents and cannot hold x-g003-a002"):
        registry.add(agent(2))
    assert len(registry) == 2


def test_agents_are_found_by_id() -> None:
    """The error for a missing agent names its id."""
    registry = AgentRegistry(1, [agent(0)])
    assert registry.get("x-g003-a000").agent == agent(0)
    with pytest.raises(AgentNotFound, match="x-g003-a001"):
        registry.get("x-g003-a001")


def test_fitness_needs_all_episodes_of_an_agent() -> None:
    """The fitness is the mean in any order."""
    live = AgentRegistry(1, [agent(0)]).get("x-g003-a000")
    for number in (1, 0):
        assert live.evaluate(Fitness.named("kills"), 2).status is AgentStatus.PENDING
        live.episodes[number] = Episode(
            purpose=Purpose.TRAINING,
            agent=live.agent.id,
            number=number,
            outcome=scripted_outcome(live.agent.genome, number),
            timing=EpisodeTiming(seconds=0.0),
        )
    evaluation = live.evaluate(Fitness.named("kills"), 2)
    kills = [scripted_outcome(live.agent.genome, number).measures.kills for number in (0, 1)]
    assert evaluation.status is AgentStatus.COMPLETED
    assert evaluation.fitness == pytest.approx(sum(kills) / 2)
    assert [outcome.seed for outcome in evaluation.outcomes] == [0, 1]


def test_failed_agent_has_no_fitness() -> None:
    """This holds even if all its episodes finished."""
    live = AgentRegistry(1, [agent(0)]).get("x-g003-a000")
    live.failure = "the policy raised"
    evaluation = live.evaluate(Fitness.named("kills"), 0)
    assert (evaluation.status, evaluation.fitness) == (AgentStatus.FAILED, None)
