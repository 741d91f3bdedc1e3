"""Contract suite for evolution strategies."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from clau_doom.domain import Gene, GeneBlock, Genome, GenomeSpace, Measures
from clau_doom.errors import OutOfOrder
from clau_doom.evolution import INJECTED, Offspring, Result, SteadyState, Strategy
from clau_doom.testing.policy_contract import drawn_genome

__all__ = ["check_strategy"]

MakeStrategy: TypeAlias = Callable[[GenomeSpace, int, int], Strategy | SteadyState]
"""Creates a strategy from a gene space, a population and a seed."""
_Asks: TypeAlias = list[tuple[Offspring, ...]]
_Fitness: TypeAlias = Callable[[int, int, float], float | None]

_SPACES = (
    GenomeSpace([Gene.real(f"x{index}", -5.0, 5.0) for index in range(4)]),
    GenomeSpace(
        [
            Gene.real("x", -1e6, 1.0),
            Gene.integer("n", -3, 9),
            Gene.choice("c", ["a", "b", "c"]),
            Gene.real("fixed", 2.5, 2.5),
        ]
    ),
    GenomeSpace([GeneBlock(name="w", shape=(40, 3), low=-0.5, high=2.0)]),
    GenomeSpace([Gene.real("fixed", -1.5, -1.5), Gene.choice("only", ["one"])]),
)
"""Gene spaces: real genes, genes of all kinds, many genes, and genes with one value only."""


_ORDINARY = Result(1.0, Measures(kills=1.0, tics=400.0, decisions=100.0))


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One evolution: fitnesses by generation, index and a smooth function of the genes; and injected genomes."""

    name: str
    fitness: _Fitness
    injected: frozenset[int] = frozenset()


_CASES = (
    _Case(name="a smooth fitness", fitness=lambda _, __, smooth: smooth),
    _Case(name="failed agents", fitness=lambda _, index, smooth: None if index % 3 == 0 else smooth),
    _Case(name="a failed generation", fitness=lambda generation, _, smooth: None if generation in {0, 2} else smooth),
    _Case(name="equal fitnesses", fitness=lambda _, __, ___: 1.0),
    _Case(name="large fitnesses", fitness=lambda generation, index, _: (-1.0) ** (generation + index) * 1e100),
    _Case(name="injected genomes", fitness=lambda _, __, smooth: smooth, injected=frozenset({0, 1, 3})),
)


def check_strategy(
    make_strategy: MakeStrategy,
    *,
    spaces: Sequence[GenomeSpace] = _SPACES,
    population: int = 6,
    generations: int = 5,
) -> None:
    """Check that a strategy fulfils the contract of `Strategy` or `SteadyState`.

    The rules: `ask` and `tell` take turns; the same seed and results give the same offspring, in every process and
    after a resume; genomes are in the gene space; failed agents, failed generations, equal and large fitnesses, and
    injected genomes are accepted; no global random generator is read or changed; and objects do not affect each other.

    Args:
        make_strategy: Function of a gene space, a population and a seed, such as the class of the strategy. Use
            `functools.partial` for options and for the `lookahead` of a `SteadyState`.
        spaces: Gene spaces; by default genes of all kinds, many genes, and genes with one value only.
        population: Number of agents in each generation.
        generations: Number of generations of each evolution, at least 4.

    Raises:
        AssertionError: The strategy violates the contract; the message names the rule.
        StrategyFailed: The strategy raised an error, or its offspring are not valid.

    Example:
        >>> from functools import partial
        >>> from clau_doom.config import RandomSearchConfig
        >>> from clau_doom.evolution import RandomSearch
        >>> from clau_doom.testing import check_strategy
        >>> check_strategy(partial(RandomSearch, RandomSearchConfig()))
    """
    for space in spaces:
        _check_order(make_strategy(space, population, 1))
        for case in _CASES:
            _check_case(make_strategy, space, case, population, generations)


def _check_case(make: MakeStrategy, space: GenomeSpace, case: _Case, population: int, generations: int) -> None:
    where = f"with {case.name}, in a space of {len(space)} genes"
    with _global_generators(1, where):
        strategy = make(space, population, 1)
        first = _evolved(strategy, space, case, generations)
    for generation, asked in enumerate(first):
        names = [child.operator for child in asked]
        assert all(_held(space, child.genome) for child in asked), f"a genome is out of bounds {where}"
        wanted = generation in case.injected and isinstance(strategy, Strategy)
        assert (INJECTED in names) == wanted, f"an injected genome is missing {where}"
    with _global_generators(2, where):
        again, other = make(space, population, 1), make(space, population, 2)
        second = _evolved(again, space, case, generations, meanwhile=other)
    assert first == second, (
        f"two objects with the same seed and results ask for different offspring {where}: "
        "draw all random numbers from self._stream, and keep state in the object only"
    )


def _evolved(
    strategy: Strategy | SteadyState,
    space: GenomeSpace,
    case: _Case,
    generations: int,
    *,
    meanwhile: Strategy | SteadyState | None = None,
) -> _Asks:
    """Return the offspring of each generation, with injected genomes. `meanwhile` evolves in turns with it."""
    asks: _Asks = []
    steps = _steps(strategy, space, case, asks)
    others = _steps(meanwhile, space, case, []) if meanwhile is not None else None
    for _ in range(generations):
        next(steps)
        if others is not None:
            next(others)
    return asks


def _steps(strategy: Strategy | SteadyState, space: GenomeSpace, case: _Case, asks: _Asks) -> Iterator[None]:
    """Evolve one generation for each item."""
    return (
        _steady_steps(strategy, space, case, asks)
        if isinstance(strategy, SteadyState)
        else _generational_steps(strategy, space, case, asks)
    )


def _generational_steps(strategy: Strategy, space: GenomeSpace, case: _Case, asks: _Asks) -> Iterator[None]:
    while True:
        generation = strategy.generation
        asked = list(strategy.ask())
        if generation in case.injected:
            asked[-1] = strategy.immigrate(len(asked) - 1, drawn_genome(space, generation))
        asks.append(tuple(asked))
        results = [_result(space, case, generation, index, child) for index, child in enumerate(asked)]
        kept = [*results]
        strategy.tell(results)
        assert results == kept, "tell changes the list of results: copy it"
        yield


def _steady_steps(strategy: SteadyState, space: GenomeSpace, case: _Case, asks: _Asks) -> Iterator[None]:
    asked: list[Offspring] = []
    while True:
        begun = len(asked)
        for _ in range(strategy.population):
            while not strategy.waits:
                asked.append(strategy.ask())
            _tell_next(strategy, space, case, asked)
        asks.append(tuple(asked[begun:]))
        yield


def _tell_next(strategy: SteadyState, space: GenomeSpace, case: _Case, asked: Sequence[Offspring]) -> None:
    number = strategy.received
    place = strategy.place(number)
    strategy.tell(_result(space, case, place.generation, place.index, asked[number]))


def _result(space: GenomeSpace, case: _Case, generation: int, index: int, child: Offspring) -> Result:
    ranges = np.where(space.high > space.low, space.high - space.low, 1.0)
    units = (child.genome.array() - space.low) / ranges
    smooth = -math.fsum((unit - 0.3) ** 2 for unit in units.tolist())
    fitness = case.fitness(generation, index, smooth)
    if fitness is None:
        return Result(None)
    measures = Measures(kills=float(index), shots=2.0, hits=1.0, tics=400.0, decisions=100.0, distance=50.0 * index)
    return Result(fitness, measures, episodes=2, variance=0.5)


def _held(space: GenomeSpace, genome: Genome) -> bool:
    values = genome.array()
    inside = (space.low <= values) & (values <= space.high)
    return bool((inside & (~space.whole | (values == np.floor(values)))).all())


def _check_order(strategy: Strategy | SteadyState) -> None:
    if isinstance(strategy, SteadyState):
        assert _refused(lambda: strategy.tell(_ORDINARY)), "tell before ask is not refused"
        for _ in range(strategy.lookahead):
            strategy.ask()
        assert strategy.waits, "a steady state does not wait for results after lookahead offspring"
        assert _refused(strategy.ask), "ask beyond the lookahead is not refused"
        return
    assert strategy.generation == 0, "the strategy does not begin with generation 0"
    assert _refused(lambda: strategy.tell([_ORDINARY] * strategy.population)), "tell before ask is not refused"
    count = len(strategy.ask())
    assert 1 <= count <= strategy.largest_population, "ask returns more than largest_population offspring"
    assert _refused(strategy.ask), "a second ask before tell is not refused"
    assert _refused(lambda: strategy.tell([_ORDINARY] * (count + 1))), "a wrong number of results is not refused"
    strategy.tell([_ORDINARY] * count)
    assert strategy.generation == 1, "tell does not complete the generation"


def _refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except OutOfOrder:
        return True
    return False


@contextmanager
def _global_generators(seed: int, where: str) -> Iterator[None]:
    """Seed the global random generators, and check that the block does not use them."""
    before = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002 - the global generator is checked
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    started = random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002
    try:
        yield
        ended = random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002
        assert started == ended, f"a global random generator is used {where}: draw from self._stream"
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
