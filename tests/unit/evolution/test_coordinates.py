"""Tests of the coordinates of genomes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.domain import Gene, GeneBlock, Genome, GenomeSpace
from clau_doom.evolution import coordinates

SPACE = GenomeSpace(
    (
        Gene.real("x", -5, 5),
        Gene.real("y", -1.7e308, 1.7e308),
        Gene.real("tiny", 0, 5e-324),
        Gene.integer("n", -3, 9),
        Gene.choice("c", ["a", "b", "c"]),
        Gene.real("fixed", 2.5, 2.5),
    )
)


@given(st.data())
@settings(deadline=None)
def test_a_genome_comes_back_from_its_coordinates(data: st.DataObject) -> None:
    """Integer genes are restored exactly, real genes up to the rounding of their range."""
    real = {gene.name: st.floats(gene.low, gene.high) for gene in SPACE.genes}
    whole = {gene.name: st.integers(int(gene.low), int(gene.high)).map(float) for gene in SPACE.genes[3:5]}
    genome = Genome(tuple(data.draw((real | whole)[gene.name]) for gene in SPACE.genes))
    space = coordinates.Coordinates(SPACE)
    row = space.row(genome)
    back = space.genome(row)
    assert back.values[3:] == genome.values[3:]
    for gene, one, other in zip(SPACE.genes[:3], back.values, genome.values, strict=False):
        assert abs(one * 0.5 - other * 0.5) <= 1e-15 * (gene.high * 0.5 - gene.low * 0.5) + 5e-324
    assert np.allclose(space.from_units(space.to_units(row)[None, :])[0], row, rtol=1e-15)


def test_the_spread_is_the_same_however_many_columns_are_measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gene's deviation is a sum over its own column."""
    rows = np.random.default_rng(1).random((50, 1000))
    space = coordinates.Coordinates(GenomeSpace([GeneBlock(name="w", shape=(1000,))]))
    whole = space.spread(rows)
    for columns in (1, 7, 333):
        monkeypatch.setattr(coordinates, "_COLUMNS", columns)
        assert space.spread(rows) == whole
