"""Tests of principal components against R's prcomp."""

import numpy as np
import pytest

from clau_doom.analysis.genome_encoding import encode
from clau_doom.analysis.pca import Components, gene_components, principal_components
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef, Gene, Genome, GenomeSpace

# R's `USArrests` (McNeil 1977): arrests for murder, assault and rape per 100,000 people, and the urban share, of the
# fifty states of 1973 in alphabetical order: murder, assault, urban, rape.
ARRESTS = """
13.2 236 58 21.2  10 263 48 44.5  8.1 294 80 31  8.8 190 50 19.5  9 276 91 40.6  7.9 204 78 38.7  3.3 110 77 11.1
5.9 238 72 15.8  15.4 335 80 31.9  17.4 211 60 25.8  5.3 46 83 20.2  2.6 120 54 14.2  10.4 249 83 24  7.2 113 65 21
2.2 56 57 11.3  6 115 66 18  9.7 109 52 16.3  15.4 249 66 22.2  2.1 83 51 7.8  11.3 300 67 27.8  4.4 149 85 16.3
12.1 255 74 35.1  2.7 72 66 14.9  16.1 259 44 17.1  9 178 70 28.2  6 109 53 16.4  4.3 102 62 16.5  12.2 252 81 46
2.1 57 56 9.5  7.4 159 89 18.8  11.4 285 70 32.1  11.1 254 86 26.1  13 337 45 16.1  0.8 45 44 7.3  7.3 120 75 21.4
6.6 151 68 20  4.9 159 67 29.3  6.3 106 72 14.9  3.4 174 87 8.3  14.4 279 48 22.5  3.8 86 45 12.8  13.2 188 59 26.9
12.7 201 80 25.5  3.2 120 80 22.9  2.2 48 32 11.2  8.5 156 63 20.7  4 145 73 26.2  5.7 81 39 9.3  2.6 53 66 10.8
6.8 161 60 15.6
"""


def test_components_of_us_arrests_agree_with_r() -> None:
    """Deviations, shares and loadings of R's prcomp(USArrests, scale = TRUE), as in ISLR, section 10.4."""
    table = np.array(ARRESTS.split(), dtype=np.float64).reshape(50, 4)
    deviations, explained, loadings, scores = principal_components(table / table.std(axis=0, ddof=1))
    assert deviations.tolist() == pytest.approx([1.5748783, 0.9948694, 0.5971291, 0.4164494], abs=1e-6)
    assert explained.tolist() == pytest.approx([0.6201, 0.2474, 0.0891, 0.0434], abs=1e-4)
    assert loadings[0].tolist() == pytest.approx([0.5358995, 0.5831836, 0.2781909, 0.5434321], abs=1e-6)
    assert loadings[1].tolist() == pytest.approx([-0.4181809, -0.1879856, 0.8728062, 0.1673186], abs=1e-6)
    # Alabama, whose scores R prints as -0.9756604 and -1.1220012 with the first component turned round.
    assert scores[0, :2].tolist() == pytest.approx([0.9756604, -1.1220012], abs=1e-6)


def test_signs_do_not_depend_on_the_order_of_rows() -> None:
    """The largest loading of each component is positive, regardless of the decomposition's signs."""
    table = np.array(ARRESTS.split(), dtype=np.float64).reshape(50, 4)
    _, _, loadings, scores = principal_components(table)
    _, _, turned, back = principal_components(table[::-1])
    assert turned == pytest.approx(loadings)
    assert back[::-1] == pytest.approx(scores)
    assert all(row[np.argmax(np.abs(row))] > 0.0 for row in loadings)


def test_choices_and_ends_of_a_real_gene_have_equal_distances() -> None:
    """Agents with different choices are 1 apart, like those at the two ends of a real gene."""
    space = GenomeSpace((Gene.real("x", 0.0, 1.0), Gene.choice("mood", ["bold", "shy"])))
    genomes = [Genome((0.0, 0.0)), Genome((1.0, 0.0)), Genome((0.0, 1.0))]
    refs = tuple(AgentRef(0, at) for at in range(3))
    found = gene_components(encode(space, genomes), refs, (1.0, None, 3.0))
    assert isinstance(found, Components)
    first, end, other = (np.array(score.values) for score in found.scores)
    assert float(np.linalg.norm(first - end)) == pytest.approx(1.0)
    assert float(np.linalg.norm(first - other)) == pytest.approx(1.0)
    assert sum(found.explained) == pytest.approx(1.0)
    assert [(score.agent, score.fitness) for score in found.scores] == [*zip(refs, (1.0, None, 3.0), strict=True)]


def test_two_genomes_have_one_component() -> None:
    """By hand: two agents at the ends of a gene have the scores -0.5 and 0.5."""
    space = GenomeSpace((Gene.real("x", 0.0, 1.0),))
    refs = (AgentRef(0, 0), AgentRef(0, 1))
    found = gene_components(encode(space, [Genome((0.0,)), Genome((1.0,))]), refs, (1.0, 2.0))
    assert isinstance(found, Components)
    assert found.explained == (1.0,)
    assert abs(found.scores[0].values[0]) == pytest.approx(0.5)
    assert found.deviations[0] == pytest.approx(0.5**0.5)


def test_equal_genomes_have_no_components() -> None:
    """Equal genomes, and a space without genes, have no components."""
    space = GenomeSpace((Gene.real("x", 0.0, 1.0),))
    refs = (AgentRef(0, 0), AgentRef(0, 1))
    assert isinstance(gene_components(encode(space, [Genome((0.5,))] * 2), refs, (1.0, 2.0)), Unavailable)
    assert isinstance(gene_components(encode(GenomeSpace(()), [Genome(())] * 2), refs, (1.0, 2.0)), Unavailable)
