"""Base classes of ask/tell strategies.

A strategy is a pure function of its configuration, gene space, seed and received results. A stopped experiment is
rebuilt by replaying its calls of `ask` and `tell`, so that strategies save no state.

A strategy of your own is a subclass of `Strategy` with the methods `_ask`, `_tell` and `_immigrate`. Its constructor
has the parameters `space`, `population` and `seed`, and keyword parameters for its options:

    class HillClimbing(Strategy):
        def __init__(self, space: GenomeSpace, population: int, seed: int, *, step: float = 0.1) -> None:
            super().__init__(space, population, seed)
            ...

`docs/strategies.md` has a complete example.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from clau_doom.domain import AgentRef, Genome, GenomeSpace, generator
from clau_doom.errors import OutOfOrder
from clau_doom.evolution.coordinates import Coordinates
from clau_doom.evolution.offspring import INJECTED, Offspring, Result, check_finite
from clau_doom.evolution.strategy_checks import Caller, checked_offspring, reporting_errors

__all__ = ["Evolver", "Strategy"]


class Evolver:
    """Base class of generational and steady-state strategies.

    Attributes:
        space: Gene space of all offspring.
        population: Agents in each generation.
    """

    name: str = ""
    """Name of the strategy's random streams; empty for the name of the class."""

    def __init__(self, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0.

        Args:
            space: Gene space, with or without free genes.
            population: Agents in each generation, at least 1.
            seed: The experiment's seed.

        Raises:
            ValueError: The population is smaller than 1.
            InvalidGenome: A gene of the space has an empty range.
        """
        if population < 1:
            raise ValueError(f"population is {population}, but must be at least 1")
        self.space = space
        self.population = population
        self._coordinates = Coordinates(space)
        self._seed = seed
        self._given: tuple[Offspring, ...] = ()

    @property
    def start_size(self) -> int:
        """Number of agents that are drawn before the strategy learns: the population, or a multiple of it."""
        return self.population

    def start_from(self, offspring: Sequence[Offspring]) -> None:
        """Set the first agents, before the first ask.

        Args:
            offspring: `start_size` offspring in the gene space; see `warm_start.start_offspring`.

        Raises:
            ValueError: The number is not `start_size`.
        """
        if len(offspring) != self.start_size:
            raise ValueError(f"{len(offspring)} offspring for a start of {self.start_size} agents: use one for each")
        self._given = tuple(offspring)

    def _stream(self, *path: str | int) -> np.random.Generator:
        """Return a new random generator.

        Args:
            path: Name of the use, such as ``"mutation", generation``. The same path gives the same numbers again.
        """
        return generator(self._seed, "strategy", self.name or type(self).__name__, *path)

    def _caller(self, where: str) -> Caller:
        """Return the origin of a fault in this strategy's code."""
        kind = type(self)
        return Caller(strategy=f"{kind.__module__}:{kind.__qualname__}", where=where)


class Strategy(Evolver, ABC):
    """Generational strategy.

    `ask` and `tell` take turns. Parents are identified by generation and index, counted from the first ask.

    Example:
        >>> from clau_doom.config import GeneticConfig
        >>> from clau_doom.domain import Gene, GenomeSpace
        >>> from clau_doom.evolution import Result, make_strategy
        >>> strategy = make_strategy(GeneticConfig(), GenomeSpace([Gene.real("x", -1.0, 1.0)]), population=8, seed=1)
        >>> for _ in range(3):
        ...     asked = strategy.ask()
        ...     strategy.tell([Result(fitness=-abs(child.genome.values[0])) for child in asked])
        >>> strategy.generation
        3
    """

    def __init__(self, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Evolver`."""
        super().__init__(space, population, seed)
        self._asked = False
        self._sizes: list[int] = []

    @property
    def generation(self) -> int:
        """Current or next generation to ask; also the number of completed generations."""
        return len(self._sizes) - self._asked

    @property
    def largest_population(self) -> int:
        """Largest number of agents in a generation; `population` by default.

        A strategy whose number of agents differs by generation overrides this property with a constant. It may then
        ask for 1 to `largest_population` agents. The limits of an experiment are checked with this number.
        """
        return self.population

    def ask(self) -> tuple[Offspring, ...]:
        """Return the next generation, by index: `population` offspring, unless `largest_population` is overridden.

        Raises:
            OutOfOrder: The previous generation has no results yet.
            StrategyFailed: The strategy raised an error, or its offspring are not valid.
        """
        if self._asked:
            raise OutOfOrder(
                f"generation {self.generation} is asked already: call tell with its {self._sizes[-1]} results first"
            )
        caller = self._caller(f"ask of generation {self.generation}")
        with reporting_errors(caller):
            returned, most = self._ask(), self.largest_population
        varies = type(self).largest_population is not Strategy.largest_population
        expected = range(1 if varies else most, most + 1)
        offspring = checked_offspring(returned, self.space, self._is_earlier, expected, caller)
        first = sum(self._sizes)
        self._asked = True
        self._sizes.append(len(offspring))
        given = self._given[first : first + len(offspring)]
        with reporting_errors(caller):
            for index, each in enumerate(given):
                self._immigrate(index, each.genome)
        return (*given, *offspring[len(given) :])

    def tell(self, results: Sequence[Result]) -> None:
        """Receive the results of the current generation, in the order of its offspring.

        Raises:
            OutOfOrder: No generation was asked, the number of results differs from that of the offspring, or a fitness
                is not finite. The strategy is unchanged.
            StrategyFailed: The strategy raised an error.
        """
        if not self._asked:
            raise OutOfOrder(f"generation {self.generation} was not asked: call ask before tell")
        if len(results) != self._sizes[-1]:
            raise OutOfOrder(
                f"generation {self.generation} has {len(results)} results: "
                f"expected one for each of its {self._sizes[-1]} agents, in the order of ask"
            )
        for index, result in enumerate(results):
            check_finite(result, f"agent {index} of generation {self.generation}")
        with reporting_errors(self._caller(f"tell of generation {self.generation}")):
            self._tell(results)
        self._asked = False

    def immigrate(self, index: int, genome: Genome) -> Offspring:
        """Replace the offspring at an index by a genome of another origin.

        Its result is received like any other, and the strategy learns from it.

        Raises:
            OutOfOrder: No generation was asked, or the index is out of range.
            InvalidGenome: The genome is not in the gene space.
            StrategyFailed: The strategy raised an error.
        """
        if not self._asked or not 0 <= index < self._sizes[-1]:
            raise OutOfOrder(f"agent {index} of generation {self.generation} was not asked: it cannot be replaced")
        self.space.check(genome)
        with reporting_errors(self._caller(f"immigrate of generation {self.generation}")):
            self._immigrate(index, genome)
        return Offspring(genome, (), INJECTED)

    def _is_earlier(self, agent: AgentRef) -> bool:
        return 0 <= agent.generation < len(self._sizes) and 0 <= agent.index < self._sizes[agent.generation]

    @abstractmethod
    def _immigrate(self, index: int, genome: Genome) -> None:
        """Replace the genome at an index of the generation that was asked last; both are valid."""

    @abstractmethod
    def _ask(self) -> Sequence[Offspring]:
        """Create generation `self.generation`. Its parents are agents of earlier generations."""

    @abstractmethod
    def _tell(self, results: Sequence[Result]) -> None:
        """Learn from generation `self.generation`; the results are valid."""
