"""Tests of breeding: mutation at low diversity and without free genes."""

import numpy as np
import pytest

from clau_doom.config import GeneticConfig
from clau_doom.domain import AgentRef, Gene, GenomeSpace, generator
from clau_doom.evolution.breeding import Breeding, EvaluatedGenome
from clau_doom.evolution.coordinates import Coordinates


def breeding(config: GeneticConfig, *genes: Gene) -> Breeding:
    """Return a breeding with two parents at the lower and the upper bounds."""
    space = Coordinates(GenomeSpace(genes))
    rows = [np.zeros(len(genes)), space.steps]
    pool = [
        EvaluatedGenome(row=row, genome=space.genome(row), ref=AgentRef(0, index), count=1, mean=float(index))
        for index, row in enumerate(rows)
    ]
    return Breeding(config, space, pool, np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("spread", "expected"), [(0.5, 1.0), (0.2, 1.0), (0.1, 2.0), (0.05, 4.0), (0.01, 4.0), (0.0, 4.0)]
)
def test_mutation_rises_at_low_diversity(spread: float, expected: float) -> None:
    """The factor is the configured diversity divided by the spread, between 1 and 4."""
    assert breeding(GeneticConfig(diversity=0.2), Gene.real("x", 0, 1))._rise(spread) == pytest.approx(expected)


def test_children_without_free_genes_are_mutations() -> None:
    """A child of one parent is named a mutation even if no gene can change."""
    fixed = breeding(GeneticConfig(crossover=0.0), Gene.real("x", 2, 2), Gene.integer("n", 3, 3))
    rows, made = fixed.children(generator(1, "test"), 5, 1, 0.0)
    assert rows.tolist() == [[0.0, 0.0]] * 5
    assert [operator for _, operator in made] == ["mutation"] * 5


def test_children_without_genes_are_mutations() -> None:
    """A policy without genes, such as random play, has children, and each child has an operator."""
    _, made = breeding(GeneticConfig(crossover=0.0)).children(generator(1, "test"), 5, 1, 0.0)
    assert [operator for _, operator in made] == ["mutation"] * 5
