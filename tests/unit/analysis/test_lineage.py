"""Tests of the champion's lineage and of the map of an archive."""

import pytest

from clau_doom.analysis.elite_map import Cell, elite_map
from clau_doom.analysis.lineage import line_of
from clau_doom.config import DescriptorConfig
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


def test_map_has_coverage_and_qd_score() -> None:
    """Two of six cells are filled, three and five above the worst: coverage 1/3, QD score 8 (Pugh et al.)."""
    axes = [DescriptorConfig(measure="aggression", cells=2), DescriptorConfig(measure="movement", cells=3)]
    cells = [
        Cell(place=(1, 2), agent=AgentRef(0, 1), fitness=4.0),
        Cell(place=(0, 0), agent=AgentRef(0, 0), fitness=2.0),
    ]
    found = elite_map(axes, cells, offset=-1.0)
    assert [cell.place for cell in found.cells] == [(0, 0), (1, 2)]
    assert (found.size, found.qd_score) == (6, 8.0)
    assert found.coverage == pytest.approx(1 / 3)
