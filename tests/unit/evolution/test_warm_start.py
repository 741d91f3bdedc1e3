"""Generation 0 of a warm start in every strategy."""

import numpy as np
import pytest

from clau_doom.config import CmaEsConfig, EvolutionConfig, GeneticConfig, MapElitesConfig
from clau_doom.config.start import StartConfig
from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.errors import InvalidGenome
from clau_doom.evolution import Result, make_steady_state, make_strategy
from clau_doom.evolution.warm_start import start_offspring

SPACE = GenomeSpace(
    [
        Gene.real("speed", -5.0, 5.0),
        Gene.integer("burst", 0, 9),
        Gene.choice("scan", ["left", "right", "still"]),
        Gene.real("fixed", 1.0, 1.0),
    ]
)
GIVEN = (Genome((1.25, 3, 2, 1)), Genome((-4.0, 0, 0, 1)))
START = StartConfig(agents=("a", "b"), spread=0.05)
STRATEGIES = [GeneticConfig(start=START), CmaEsConfig(start=START), MapElitesConfig(start=START)]


@pytest.mark.parametrize("config", STRATEGIES, ids=lambda config: config.kind)
def test_generation_0_has_the_given_genomes_and_mutated_copies(config: EvolutionConfig) -> None:
    strategy = make_strategy(config, SPACE, 8, seed=1, start=GIVEN)
    asked = strategy.ask()
    assert [each.genome for each in asked[:2]] == [*GIVEN]
    assert [each.operator for each in asked] == ["start"] * 2 + ["start+mutation"] * 6
    assert all(each.parents == () for each in asked)
    for index, each in enumerate(asked[2:]):
        original = GIVEN[index % 2].values
        assert each.genome not in GIVEN
        assert abs(each.genome.values[0] - original[0]) < 0.05 * 10 * 5
    strategy.tell([Result(fitness=each.genome.values[0]) for each in asked])
    assert any(parent.generation == 0 for each in strategy.ask() for parent in each.parents)


def test_cma_es_starts_its_search_at_the_better_given_genome() -> None:
    """With copies of one genome, the search does not leave its neighbourhood at once."""
    config = CmaEsConfig(start=StartConfig(agents=("a",), spread=0.02), sigma=0.02)
    strategy = make_strategy(config, GenomeSpace([Gene.real("x", 0.0, 1.0)]), 12, seed=1, start=[Genome((0.9,))])
    strategy.tell([Result(fitness=1.0) for _ in strategy.ask()])
    assert all(abs(each.genome.values[0] - 0.9) < 0.2 for each in strategy.ask())


def test_small_populations_of_cma_es_start_with_copies_in_the_whole_first_batch() -> None:
    strategy = make_strategy(CmaEsConfig(start=START), SPACE, 2, seed=1, start=GIVEN)
    operators = []
    for _ in range(4):
        asked = strategy.ask()
        operators.append(asked[0].operator)
        strategy.tell([Result(fitness=0.0) for _ in asked])
    assert operators == ["start", "start+mutation", "start+mutation", "sample"]


def test_steady_state_starts_with_the_given_genomes() -> None:
    config = GeneticConfig(mode="steady_state", start=START)
    strategy = make_steady_state(config, SPACE, 4, seed=1, start=GIVEN)
    asked = [strategy.ask() for _ in range(5)]
    generational = make_strategy(GeneticConfig(start=START), SPACE, 4, seed=1, start=GIVEN).ask()
    assert [each.genome for each in asked[:4]] == [each.genome for each in generational]
    assert asked[4].operator == "draw"


def test_copies_depend_on_the_seed_only() -> None:
    first, again, other = (start_offspring(SPACE, GIVEN, 20, 0.1, seed) for seed in (1, 1, 2))
    assert first == again
    assert first[:2] == other[:2]
    assert first[2:] != other[2:]


def test_spread_is_the_standard_deviation_in_gene_ranges() -> None:
    """Of steps far from the bounds. Integer and choice genes change with the probability `spread`."""
    space = GenomeSpace([Gene.real("x", -50.0, 50.0), Gene.choice("c", ["a", "b", "d"])])
    copies = start_offspring(space, [Genome((0.0, 1))], 4001, 0.1, seed=3)[1:]
    values = np.array([each.genome.values for each in copies])
    assert np.std(values[:, 0]) == pytest.approx(10.0, rel=0.05)
    assert np.mean(values[:, 1] != 1) == pytest.approx(0.1, abs=0.02)


def test_without_a_spread_copies_are_equal() -> None:
    assert {each.genome for each in start_offspring(SPACE, GIVEN, 6, 0.0, seed=1)} == {*GIVEN}


def test_wrong_genomes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 start genomes for 1 agents"):
        start_offspring(SPACE, GIVEN, 1, 0.1, seed=1)
    with pytest.raises(InvalidGenome, match=r"gene speed is 9\.0"):
        start_offspring(SPACE, [Genome((9.0, 0, 0, 1))], 2, 0.1, seed=1)
    strategy = make_strategy(GeneticConfig(), SPACE, 4, seed=1)
    with pytest.raises(ValueError, match="2 offspring for a start of 4 agents"):
        strategy.start_from(start_offspring(SPACE, GIVEN, 2, 0.1, seed=1))
