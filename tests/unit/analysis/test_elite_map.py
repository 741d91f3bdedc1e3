"""Tests of the map of an archive."""

import pytest

from clau_doom.analysis.elite_map import Cell, elite_map, smallest_fitness
from clau_doom.config import DescriptorConfig
from clau_doom.domain import AgentRef, Fitness

AXES = [DescriptorConfig(measure="aggression", cells=2), DescriptorConfig(measure="movement", cells=3)]
CELLS = [
    Cell(place=(1, 2), agent=AgentRef(0, 1), fitness=4.0),
    Cell(place=(0, 0), agent=AgentRef(0, 0), fitness=2.0),
]


def test_map_has_coverage_and_qd_score() -> None:
    """Two of six cells are filled, three and five above the worst: coverage 1/3, QD score 8 (Pugh et al.)."""
    found = elite_map(AXES, CELLS, smallest=None, lowest=-1.0)
    assert [cell.place for cell in found.cells] == [(0, 0), (1, 2)]
    assert (found.size, found.qd_score, found.offset, found.fixed) == (6, 8.0, -1.0, False)
    assert found.coverage == pytest.approx(1 / 3)


def test_smallest_possible_fitness_is_the_offset() -> None:
    """The QD score 4 + 2 then does not depend on the worst agent."""
    found = elite_map(AXES, CELLS, smallest=0.0, lowest=1.5)
    assert (found.qd_score, found.offset, found.fixed) == (6.0, 0.0, True)


@pytest.mark.parametrize(
    ("fitness", "smallest"),
    [
        (Fitness.named("kills"), 0.0),
        (Fitness.named("survival"), 0.0),
        (Fitness.named("score"), 0.0),
        (Fitness((("kills", 2.0), ("health", 0.1))), 0.0),
        (Fitness.named("reward"), None),
        (Fitness((("kills", 1.0), ("damage_taken", -0.1))), None),
        (Fitness((("kills", 1.0), ("reward", 0.5))), None),
    ],
)
def test_smallest_possible_fitness(fitness: Fitness, smallest: float | None) -> None:
    """The reward can be negative, and so can a sum with a negative weight. All other measures are 0 or more."""
    assert smallest_fitness(fitness) == smallest
