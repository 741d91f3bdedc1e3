"""Tests of injected genomes, which every strategy evaluates and learns from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.config import CmaEsConfig, EvolutionConfig, GeneticConfig, MapElitesConfig, RandomSearchConfig
from clau_doom.domain import AgentRef, Gene, Genome, GenomeSpace
from clau_doom.errors import InvalidGenome, OutOfOrder
from clau_doom.evolution import INJECTED, MapElites, Offspring, Result, Strategy, make_strategy
from clau_doom.evolution.coordinates import Coordinates

CONFIGS: tuple[EvolutionConfig, ...] = (GeneticConfig(), CmaEsConfig(), MapElitesConfig(), RandomSearchConfig())
each_strategy = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
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
PLANE = GenomeSpace((Gene.real("x", -5, 5), Gene.real("y", -5, 5)))
BEST = Genome((4.25, -3.5))


def near_best(offspring: Offspring) -> Result:
    return Result(-float(np.sum((offspring.genome.array() - np.array(BEST.values)) ** 2)))


def evolve(strategy: Strategy, generations: int, *, immigrants: dict[int, Genome]) -> list[tuple[Offspring, ...]]:
    history = []
    for generation in range(generations):
        asked = [*strategy.ask()]
        if generation in immigrants:
            asked[-1] = strategy.immigrate(len(asked) - 1, immigrants[generation])
        history.append(tuple(asked))
        strategy.tell([near_best(offspring) for offspring in asked])
    return history


@each_strategy
def test_an_immigrant_plays_as_it_is(config: EvolutionConfig) -> None:
    """An injected genome keeps its genes bit for bit and has no parents. Its operator names its origin."""
    strategy = make_strategy(config, PLANE, 8, seed=1)
    strategy.ask()
    assert strategy.immigrate(7, BEST) == Offspring(BEST, (), INJECTED)
    strategy.tell([Result(0.0)] * 8)


@each_strategy
def test_a_strategy_is_rebuilt_with_its_immigrants(config: EvolutionConfig) -> None:
    """The same injected genomes at the same places give the same evolution. Other genomes give another."""
    histories = [
        evolve(make_strategy(config, PLANE, 8, seed=1), 6, immigrants={0: BEST, 3: genome})
        for genome in (BEST, BEST, Genome((0.0, 0.0)))
    ]
    assert histories[0] == histories[1] != histories[2]


@pytest.mark.parametrize("config", CONFIGS[:2], ids=lambda config: config.kind)
def test_a_good_immigrant_is_learned_from(config: EvolutionConfig) -> None:
    """A strategy that is given the optimum gets nearer to it on average."""

    def distance(seed: int, immigrants: dict[int, Genome]) -> float:
        last = evolve(make_strategy(config, PLANE, 8, seed=seed), 6, immigrants=immigrants)[-1]
        return -float(np.mean([near_best(each).fitness or 0.0 for each in last if each.operator != INJECTED]))

    seeds = range(1, 13)
    helped = sum(distance(seed, {2: BEST, 3: BEST, 4: BEST}) for seed in seeds)
    assert helped < 0.8 * sum(distance(seed, {}) for seed in seeds)


def test_a_good_immigrant_enters_the_archive() -> None:
    """A cell stores the injected genome, and its children name it as their parent."""
    strategy = MapElites(MapElitesConfig(), PLANE, 8, seed=1)
    history = evolve(strategy, 3, immigrants={1: BEST})
    assert [elite.genome for elite in strategy.archive] == [BEST]
    assert {offspring.parents for offspring in history[2]} == {(AgentRef(1, 7),)}


@each_strategy
def test_immigrants_are_refused_where_they_do_not_fit(config: EvolutionConfig) -> None:
    """An injection before the ask, beyond the population, or with a genome outside the space is refused."""
    strategy = make_strategy(config, PLANE, 4, seed=1)
    with pytest.raises(OutOfOrder, match="not asked"):
        strategy.immigrate(0, BEST)
    strategy.ask()
    with pytest.raises(OutOfOrder, match="agent 4"):
        strategy.immigrate(4, BEST)
    with pytest.raises(InvalidGenome):
        strategy.immigrate(3, Genome((99.0, 0.0)))


@given(st.data())
@settings(deadline=None)
def test_a_genome_comes_back_from_its_coordinates(data: st.DataObject) -> None:
    """Integer genes are restored exactly, real genes up to the rounding of their range."""
    real = {gene.name: st.floats(gene.low, gene.high) for gene in SPACE.genes}
    whole = {gene.name: st.integers(int(gene.low), int(gene.high)).map(float) for gene in SPACE.genes[3:5]}
    genome = Genome(tuple(data.draw((real | whole)[gene.name]) for gene in SPACE.genes))
    coordinates = Coordinates(SPACE)
    row = coordinates.row(genome)
    back = coordinates.genome(row)
    assert back.values[3:] == genome.values[3:]
    for gene, one, other in zip(SPACE.genes[:3], back.values, genome.values, strict=False):
        assert abs(one * 0.5 - other * 0.5) <= 1e-15 * (gene.high * 0.5 - gene.low * 0.5) + 5e-324
    assert np.allclose(coordinates.from_units(coordinates.to_units(row)[None, :])[0], row, rtol=1e-15)
