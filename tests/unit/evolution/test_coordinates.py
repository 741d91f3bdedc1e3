"""Tests of the coordinates of genomes."""

import math

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
PARTS = (Gene.real("x", -5, 5), Gene.integer("n", -3, 9), Gene.choice("c", "abc"), Gene.integer("fixed", 4, 4))


@given(st.data())
@settings(deadline=None)
def test_coordinates_round_trip(data: st.DataObject) -> None:
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


def test_spread_does_not_depend_on_the_block_of_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(1).random((50, 1000))
    space = coordinates.Coordinates(GenomeSpace([GeneBlock(name="w", shape=(1000,))]))
    whole = space.spread(rows)
    for columns in (1, 7, 333):
        monkeypatch.setattr(coordinates, "_COLUMNS", columns)
        assert space.spread(rows) == whole


def test_coordinates_of_each_kind() -> None:
    """A real gene is scaled to its range, and others count their values from 0."""
    space = coordinates.Coordinates(GenomeSpace(PARTS))
    assert space.row(Genome((0.0, 2.0, 1.0, 4.0))).tolist() == [0.5, 5.0, 1.0, 0.0]
    assert space.genome(np.array([0.5, 5.0, 1.0, 0.0])) == Genome((0.0, 2.0, 1.0, 4.0))


def test_values_outside_the_bounds_are_clipped() -> None:
    space = coordinates.Coordinates(GenomeSpace(PARTS))
    assert space.row(Genome((-99.0, -99.0, -99.0, -99.0))).tolist() == [0.0, 0.0, 0.0, 0.0]
    assert space.row(Genome((99.0, 99.0, 99.0, 99.0))).tolist() == [1.0, 12.0, 2.0, 0.0]


def test_rounding_does_not_exceed_the_bounds() -> None:
    """7.41 * 0.55 + high * 0.45 is rounded up to a number above high, which is the next number after 7.41."""
    high = math.nextafter(7.41, 8.0)
    assert 7.41 * (1.0 - 0.45) + high * 0.45 > high
    space = coordinates.Coordinates(GenomeSpace([Gene.real("x", 7.41, high)]))
    assert space.genome(np.array([0.45])) == Genome((high,))
