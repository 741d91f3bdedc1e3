"""Tests of scales, distances and histories of genomes."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.analysis.genome_encoding import diversity, encode, gene_histories
from clau_doom.domain import Gene, Genome, GenomeSpace

SPACE = GenomeSpace(
    (
        Gene.real("aim", -10.0, 10.0),
        Gene.integer("burst", 1, 5),
        Gene.choice("mood", ["bold", "shy", "calm"]),
        Gene.real("fixed", 2.0, 2.0),
    )
)


def genome(aim: float, burst: int, mood: int) -> Genome:
    return Genome((aim, float(burst), float(mood), 2.0))


genomes = st.lists(
    st.builds(genome, st.integers(-10, 10).map(float), st.integers(1, 5), st.integers(0, 2)), min_size=2, max_size=8
)


def test_genes_are_scaled_and_choices_are_one_hot_encoded() -> None:
    """Bounds become 0 and 1, a choice of three has three indicators, and a gene with one value is omitted."""
    found = encode(SPACE, [genome(-10.0, 5, 1), genome(0.0, 2, 2)])
    assert found.terms == ("aim", "burst", "mood=bold", "mood=shy", "mood=calm")
    assert found.genes == ("aim", "burst", "mood", "mood", "mood")
    assert found.matrix.tolist() == [[0.0, 1.0, 0.0, 1.0, 0.0], [0.5, 0.25, 0.0, 0.0, 1.0]]


def test_diversity_is_gowers_distance() -> None:
    """Half a range of aim, three quarters of burst, and another choice have the distance (0.5 + 0.75 + 1) / 3."""
    found = diversity(SPACE, 4, [genome(-10.0, 5, 1), genome(0.0, 2, 2)])
    assert (found.generation, found.spreads) == (4, (0.5, 0.75, 1.0))
    assert found.distance == pytest.approx(0.75)


def test_diversity_of_one_agent_or_without_genes_is_zero() -> None:
    """The distance is 0 for one agent and for a space without genes."""
    assert diversity(SPACE, 0, [genome(0.0, 1, 0)]).distance == 0.0
    assert diversity(GenomeSpace(()), 0, [Genome(()), Genome(())]).distance == 0.0
    assert encode(GenomeSpace(()), [Genome(())]).matrix.shape == (1, 0)


def test_extreme_bounds_do_not_overflow() -> None:
    """The scale is from 0 to 1 even if the difference of the bounds exceeds a double."""
    space = GenomeSpace((Gene.real("wide", -1.7e308, 1.7e308),))
    assert encode(space, [Genome((1.7e308,)), Genome((0.0,))]).matrix.tolist() == [[1.0], [0.5]]


def test_histories_have_mean_spread_or_most_frequent_choice() -> None:
    """Means and spreads are listed by generation, and for a choice its most frequent value and share."""
    aim, burst, mood = gene_histories(
        SPACE, [[genome(-10.0, 1, 0), genome(10.0, 5, 1), genome(0.0, 3, 1)], [genome(10.0, 5, 2)] * 3]
    )
    assert (aim.gene, aim.means) == ("aim", (0.5, 1.0))
    assert aim.spreads == pytest.approx((2.0 / 3.0, 0.0))
    assert burst.means == (0.5, 1.0)
    assert mood.commonest == ("shy", "calm")
    assert mood.means == pytest.approx((2.0 / 3.0, 1.0))


@settings(max_examples=50, deadline=None)
@given(genomes)
def test_mean_distance_equals_mean_over_all_pairs(population: list[Genome]) -> None:
    """The order of genomes does not matter, and the distance is between 0 and 1."""
    found = diversity(SPACE, 0, population)
    pairs = [
        (abs(a.values[0] - b.values[0]) / 20.0 + abs(a.values[1] - b.values[1]) / 4.0 + (a.values[2] != b.values[2]))
        / 3
        for a, b in itertools.combinations(population, 2)
    ]
    assert found.distance == pytest.approx(sum(pairs) / len(pairs))
    assert 0.0 <= found.distance <= 1.0
    assert diversity(SPACE, 0, population[::-1]).distance == pytest.approx(found.distance)
