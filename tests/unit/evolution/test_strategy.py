"""Tests of the ask-tell protocol of every strategy, and of injected genomes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clau_doom.config import CmaEsConfig, EvolutionConfig, GeneticConfig, MapElitesConfig, RandomSearchConfig
from clau_doom.domain import AgentRef, Gene, GeneKind, Genome, GenomeSpace, Measures
from clau_doom.errors import InvalidGenome, OutOfOrder
from clau_doom.evolution import INJECTED, MapElites, Offspring, Result, Strategy, make_strategy, mean_measures

CONFIGS: tuple[EvolutionConfig, ...] = (GeneticConfig(), CmaEsConfig(), MapElitesConfig(), RandomSearchConfig())
each_strategy = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)

REAL = GenomeSpace(tuple(Gene.real(f"x{index}", -5, 5) for index in range(4)))
MIXED = GenomeSpace(
    (
        Gene.real("x", -5, 5),
        Gene.integer("n", -3, 9),
        Gene.choice("c", ["a", "b", "c"]),
        Gene.real("fixed", 2.5, 2.5),
        Gene.choice("only", ["one"]),
    )
)
WHOLE = GenomeSpace((Gene.integer("n", 0, 5), Gene.choice("c", ["a", "b", "c"])))
FIXED = GenomeSpace((Gene.real("fixed", -1.5, -1.5), Gene.choice("only", ["one"])))
SINGLE = GenomeSpace((Gene.real("x", 0, 1),))
WIDE = GenomeSpace((Gene.real("x", -1.7e308, 1.7e308), Gene.real("y", 0, 5e-324), Gene.integer("n", 0, 2**60)))
NARROW = GenomeSpace(tuple(Gene.real(f"x{low}", low, math.nextafter(low, 1)) for low in (0.1, 0.3, 0.7, 0.9)))
SPACES = {
    "mixed": MIXED,
    "whole": WHOLE,
    "fixed": FIXED,
    "single": SINGLE,
    "wide": WIDE,
    "narrow": NARROW,
    "empty": GenomeSpace(()),
}

Play = Callable[[Offspring], Result]


def measured(offspring: Offspring) -> Result:
    """A smooth fitness with behaviour."""
    values = offspring.genome.array()
    shots = float(abs(values[0])) if len(values) else 0.0
    return Result(-float(values @ values), Measures(shots=shots, decisions=100.0, distance=50.0 * shots, tics=400.0))


def evolve(strategy: Strategy, generations: int, play: Play = measured) -> list[tuple[Offspring, ...]]:
    """Run a strategy and return the offspring of each generation."""
    history = []
    for _ in range(generations):
        history.append(strategy.ask())
        strategy.tell([play(offspring) for offspring in history[-1]])
    return history


@each_strategy
def test_ask_and_tell_with_a_plain_function(config: EvolutionConfig) -> None:
    strategy = make_strategy(config, REAL, population=12, seed=1)
    for generation in range(6):
        assert strategy.generation == generation
        asked = strategy.ask()
        assert len(asked) == 12
        strategy.tell([Result(fitness=-float(np.sum(offspring.genome.array() ** 2))) for offspring in asked])


@each_strategy
def test_generation_0_covers_the_full_range_of_every_gene(config: EvolutionConfig) -> None:
    """Generation 0 is drawn uniformly and has no parents."""
    asked = make_strategy(config, MIXED, population=400, seed=1).ask()
    values = np.array([offspring.genome.values for offspring in asked])
    assert values[:, 0].min() < -4.8
    assert values[:, 0].max() > 4.8
    assert values[:, 0].std() == pytest.approx(10 / math.sqrt(12), rel=0.1)
    assert np.bincount((values[:, 1] + 3).astype(int)).min() > 400 / 13 / 3
    assert np.bincount(values[:, 2].astype(int)).min() > 100
    assert {(offspring.parents, offspring.operator) for offspring in asked} == {((), "draw")}


@each_strategy
def test_second_ask_is_refused(config: EvolutionConfig) -> None:
    """The error names the generation without results."""
    strategy = make_strategy(config, REAL, population=3, seed=1)
    strategy.ask()
    with pytest.raises(OutOfOrder, match="generation 0 is asked already: call tell with its 3 results"):
        strategy.ask()


@each_strategy
def test_tell_without_ask_is_refused(config: EvolutionConfig) -> None:
    """The error names the generation that was not asked."""
    strategy = make_strategy(config, REAL, population=3, seed=1)
    with pytest.raises(OutOfOrder, match="generation 0 was not asked"):
        strategy.tell([Result(1.0)] * 3)
    strategy.ask()
    strategy.tell([Result(1.0)] * 3)
    with pytest.raises(OutOfOrder, match="generation 1 was not asked"):
        strategy.tell([Result(1.0)] * 3)


@each_strategy
@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([Result(1.0)] * 2, "has 2 results: expected one for each of its 3 agents"),
        ([Result(1.0), Result(math.nan), Result(1.0)], "agent 1 of generation 0 is nan"),
        ([Result(1.0), Result(None), Result(math.inf)], "agent 2 of generation 0 is inf"),
        ([Result(-math.inf), Result(1.0), Result(1.0)], "agent 0 of generation 0 is -inf"),
    ],
)
def test_invalid_results_are_refused_without_change(
    config: EvolutionConfig, results: Sequence[Result], message: str
) -> None:
    """The error names the problem."""
    strategy, other = (make_strategy(config, REAL, population=3, seed=1) for _ in range(2))
    assert strategy.ask() == other.ask()
    with pytest.raises(OutOfOrder, match=message):
        strategy.tell(results)
    for each in (strategy, other):
        each.tell([Result(1.0), Result(3.0), Result(2.0)])
    assert strategy.ask() == other.ask()


@each_strategy
def test_replay_of_results_gives_the_same_agents(config: EvolutionConfig) -> None:
    """Genomes, parents and operators are bit-identical. Another seed gives others."""
    first, again, other = (evolve(make_strategy(config, MIXED, 10, seed), 12) for seed in (7, 7, 8))
    assert first == again
    assert [[o.genome.to_bytes() for o in g] for g in first] == [[o.genome.to_bytes() for o in g] for g in again]
    assert all(one != another for one, another in zip(first, other, strict=True))


@each_strategy
def test_interleaved_strategies_are_independent(config: EvolutionConfig) -> None:
    """The strategies give the same agents separately. NumPy's global generator is not used."""
    alone = [evolve(make_strategy(config, REAL, 10, seed), 8) for seed in (1, 2)]
    before: Any = np.random.get_state()  # noqa: NPY002
    pair = [make_strategy(config, REAL, 10, seed) for seed in (1, 2)]
    turns: list[list[tuple[Offspring, ...]]] = [[], []]
    for _ in range(8):
        for strategy, turn in zip(pair, turns, strict=True):
            turn.extend(evolve(strategy, 1))
    after: Any = np.random.get_state()  # noqa: NPY002
    assert turns == alone
    assert before[2:] == after[2:]
    assert np.array_equal(before[1], after[1])


@each_strategy
def test_parents_are_agents_of_earlier_generations(config: EvolutionConfig) -> None:
    """Each parent is an agent of an earlier, evaluated generation."""
    for generation, asked in enumerate(evolve(make_strategy(config, MIXED, 8, 3), 10)):
        for offspring in asked:
            assert all(ref.generation < generation and 0 <= ref.index < 8 for ref in offspring.parents)


@each_strategy
def test_failed_agents_are_not_parents(config: EvolutionConfig) -> None:
    """With most agents failing in every generation, no offspring has a failed parent."""
    strategy = make_strategy(config, MIXED, 12, 5)
    failed: set[AgentRef] = set()
    for generation in range(12):
        asked = strategy.ask()
        assert not [ref for offspring in asked for ref in offspring.parents if ref in failed]
        lost = {index for index in range(12) if (index + generation) % 4}
        failed |= {AgentRef(generation, index) for index in lost}
        strategy.tell([Result(None) if index in lost else measured(each) for index, each in enumerate(asked)])


@each_strategy
@pytest.mark.parametrize("when", [{0}, {0, 1, 2}, {3}, {4, 5}, set(range(10))], ids=str)
def test_strategy_continues_after_generations_of_failures(config: EvolutionConfig, when: set[int]) -> None:
    """If all agents fail, a strategy keeps its state and continues."""
    strategy = make_strategy(config, MIXED, 8, 5)
    for generation in range(10):
        asked = strategy.ask()
        for offspring in asked:
            MIXED.check(offspring.genome)
            assert all(ref.generation not in when for ref in offspring.parents)
        strategy.tell([Result(None) if generation in when else measured(each) for each in asked])


@each_strategy
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("population", [1, 2, 3, 7])
def test_unusual_populations_and_spaces(config: EvolutionConfig, space: GenomeSpace, population: int) -> None:
    """Examples are one agent, no free gene, no gene, whole genes only and huge ranges."""
    for asked in evolve(make_strategy(config, space, population, 1), 15, lambda _: Result(1.0)):
        assert len(asked) == population
        for offspring in asked:
            space.check(offspring.genome)
            assert offspring.operator


@st.composite
def genes(draw: st.DrawFn) -> Gene:
    kind = draw(st.sampled_from(GeneKind))
    if kind is GeneKind.CHOICE:
        return Gene.choice("c", "abcde"[: draw(st.integers(1, 5))])
    if kind is GeneKind.INTEGER:
        low = draw(st.integers(-(2**52), 2**52))
        return Gene.integer("n", low, low + draw(st.integers(0, 2**20)))
    bounds = st.floats(allow_nan=False, allow_infinity=False)
    low_real, high_real = sorted((draw(bounds), draw(bounds)))
    return Gene.real("r", low_real, high_real)


RESULTS = st.builds(
    Result,
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.builds(Measures, shots=st.floats(0, 1e9), decisions=st.floats(0, 1e9), distance=st.floats(0, 1e9)),
)


@each_strategy
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_genomes_are_in_their_space(config: EvolutionConfig, data: st.DataObject) -> None:
    """Spaces, populations and results are random."""
    drawn = data.draw(st.lists(genes(), max_size=5))
    space = GenomeSpace([replace(gene, name=f"{gene.name}{at}") for at, gene in enumerate(drawn)])
    population = data.draw(st.integers(1, 9))
    strategy = make_strategy(config, space, population, data.draw(st.integers(0, 2**63 - 1)))
    for _ in range(data.draw(st.integers(1, 6))):
        asked = strategy.ask()
        assert len(asked) == population
        for offspring in asked:
            space.check(offspring.genome)
        strategy.tell(data.draw(st.lists(RESULTS, min_size=population, max_size=population)))


@each_strategy
def test_population_of_zero_is_refused(config: EvolutionConfig) -> None:
    """The smallest population is 1."""
    with pytest.raises(ValueError, match="population is 0"):
        make_strategy(config, REAL, population=0, seed=1)


@pytest.mark.parametrize(
    "gene",
    [
        Gene.choice("broken", []),
        Gene.real("broken", 1, 0),
        Gene.real("broken", 0, math.inf),
        Gene(name="broken", kind=GeneKind.INTEGER, low=0.2, high=0.8),
    ],
)
def test_gene_without_values_is_refused_by_name(gene: Gene) -> None:
    """The error is raised when the strategy is created."""
    with pytest.raises(InvalidGenome, match="gene broken has no value"):
        make_strategy(RandomSearchConfig(), GenomeSpace((gene,)), population=2, seed=1)


def test_mean_measures_averages_each_measure_in_any_order() -> None:
    """The mean is taken measure by measure and does not depend on the order of the episodes."""
    episodes = [Measures(kills=kills, reward=0.1 * kills) for kills in (1.0, 2.0, 6.0)]
    mean = mean_measures(episodes)
    assert mean.kills == 3.0
    assert mean.deaths == 0.0
    assert mean == mean_measures(episodes[::-1])


def test_mean_measures_without_episodes_is_refused() -> None:
    with pytest.raises(ValueError, match="no episodes"):
        mean_measures([])


PLANE = GenomeSpace((Gene.real("x", -5, 5), Gene.real("y", -5, 5)))
BEST = Genome((4.25, -3.5))


def near_best(offspring: Offspring) -> Result:
    return Result(-float(np.sum((offspring.genome.array() - np.array(BEST.values)) ** 2)))


def evolve_with(strategy: Strategy, generations: int, *, immigrants: dict[int, Genome]) -> list[tuple[Offspring, ...]]:
    history = []
    for generation in range(generations):
        asked = [*strategy.ask()]
        if generation in immigrants:
            asked[-1] = strategy.immigrate(len(asked) - 1, immigrants[generation])
        history.append(tuple(asked))
        strategy.tell([near_best(offspring) for offspring in asked])
    return history


@each_strategy
def test_injected_genome_is_unchanged(config: EvolutionConfig) -> None:
    """An injected genome keeps its genes bit for bit and has no parents. Its operator names its origin."""
    strategy = make_strategy(config, PLANE, 8, seed=1)
    strategy.ask()
    assert strategy.immigrate(7, BEST) == Offspring(BEST, (), INJECTED)
    strategy.tell([Result(0.0)] * 8)


@each_strategy
def test_replay_with_injected_genomes_is_identical(config: EvolutionConfig) -> None:
    """Other injected genomes give another evolution."""
    histories = [
        evolve_with(make_strategy(config, PLANE, 8, seed=1), 6, immigrants={0: BEST, 3: genome})
        for genome in (BEST, BEST, Genome((0.0, 0.0)))
    ]
    assert histories[0] == histories[1] != histories[2]


@pytest.mark.parametrize("config", CONFIGS[:2], ids=lambda config: config.kind)
def test_injected_optimum_improves_the_search(config: EvolutionConfig) -> None:
    """Over twelve seeds, the agents are nearer to the optimum on average."""

    def distance(seed: int, immigrants: dict[int, Genome]) -> float:
        last = evolve_with(make_strategy(config, PLANE, 8, seed=seed), 6, immigrants=immigrants)[-1]
        return -float(np.mean([near_best(each).fitness or 0.0 for each in last if each.operator != INJECTED]))

    seeds = range(1, 13)
    helped = sum(distance(seed, {2: BEST, 3: BEST, 4: BEST}) for seed in seeds)
    assert helped < 0.8 * sum(distance(seed, {}) for seed in seeds)


def test_injected_genome_enters_the_archive() -> None:
    """The children name the injected genome as their parent."""
    strategy = MapElites(MapElitesConfig(), PLANE, 8, seed=1)
    history = evolve_with(strategy, 3, immigrants={1: BEST})
    assert [elite.genome for elite in strategy.archive] == [BEST]
    assert {offspring.parents for offspring in history[2]} == {(AgentRef(1, 7),)}


@each_strategy
def test_invalid_injection_is_refused(config: EvolutionConfig) -> None:
    """The injection is before the ask, beyond the population, or outside the space."""
    strategy = make_strategy(config, PLANE, 4, seed=1)
    with pytest.raises(OutOfOrder, match="not asked"):
        strategy.immigrate(0, BEST)
    strategy.ask()
    with pytest.raises(OutOfOrder, match="agent 4"):
        strategy.immigrate(4, BEST)
    with pytest.raises(InvalidGenome):
        strategy.immigrate(3, Genome((99.0, 0.0)))
