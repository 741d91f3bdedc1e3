"""Tests of the champion's lineage."""

from clau_doom.analysis.lineage import line_of
from clau_doom.domain import Agent, AgentRef, AgentStatus, Evaluation, Genome


def evaluation(ref: AgentRef, fitness: float | None, *parents: AgentRef) -> Evaluation:
    operator = {0: "draw", 1: "mutation", 2: "crossover"}[len(parents)]
    agent = Agent(experiment="x", ref=ref, genome=Genome((0.5,)), parents=parents, operator=operator)
    status = AgentStatus.FAILED if fitness is None else AgentStatus.COMPLETED
    return Evaluation(agent=agent, status=status, fitness=fitness, outcomes=())


def test_lineage_follows_the_fitter_parent() -> None:
    """Of equal parents it follows the older one, back to a sampled genome. All parents are named."""
    a, b, c, d, e = AgentRef(0, 0), AgentRef(0, 1), AgentRef(1, 0), AgentRef(1, 1), AgentRef(2, 0)
    generations = [
        [evaluation(a, 3.0), evaluation(b, 3.0)],
        [evaluation(c, None, a), evaluation(d, -1.0, b, a)],
        [evaluation(e, 9.0, c, d)],
    ]
    line = line_of(e, generations)
    assert [(each.agent, each.operator, each.fitness) for each in line] == [
        (e, "crossover", 9.0),
        (d, "crossover", -1.0),
        (a, "draw", 3.0),
    ]
    assert line[0].parents == (c, d)
