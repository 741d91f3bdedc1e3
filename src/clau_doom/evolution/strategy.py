"""What every strategy is: `ask` for the next generation, play it, `tell` what it came to, and so on.

A strategy is a pure function of its configuration, its space, its seed and what it was told, so that a stopped
experiment is rebuilt by replaying its asks and tells; there is nothing to save.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from clau_doom.domain import AgentRef, Genome, GenomeSpace, Measures, generator
from clau_doom.errors import OutOfOrder
from clau_doom.evolution.coordinates import Coordinates

__all__ = ["INJECTED", "Evolver", "Offspring", "Result", "Strategy", "check_finite", "mean_measures"]

INJECTED = "injected"
"""The operator of a genome that no strategy made."""


@dataclass(frozen=True, slots=True)
class Offspring:
    """A genome that a strategy wants to see played.

    Attributes:
        genome: Its genes; they lie in the strategy's space.
        parents: The agents that it was made from, all told before it; empty for a drawn genome.
        operator: What made it, such as ``draw``, ``elite`` or ``crossover+mutation``.
    """

    genome: Genome
    parents: tuple[AgentRef, ...]
    operator: str


@dataclass(frozen=True, slots=True)
class Result:
    """What playing an offspring came to.

    Attributes:
        fitness: The number to be maximised; None for a failed agent, which ranks last.
        measures: The mean over its episodes (see `mean_measures`), or None where nothing is measured.
        episodes: How many episodes the fitness rests on.
        variance: The sample variance of the fitness between these episodes, or None where there are too few.
    """

    fitness: float | None
    measures: Measures | None = None
    episodes: int = 1
    variance: float | None = None


def mean_measures(episodes: Sequence[Measures]) -> Measures:
    """Return the mean of each measure; the same in any order, because the sums are exact before they are rounded.

    Raises:
        ValueError: There is no episode to average.
    """
    if not episodes:
        raise ValueError("no episodes to average: a failed agent's measures are None")
    return Measures(
        **{
            field.name: math.fsum(getattr(episode, field.name) for episode in episodes) / len(episodes)
            for field in fields(Measures)
        }
    )


def check_finite(result: Result, who: str) -> None:
    """Refuse a fitness that nothing can be compared with.

    Raises:
        OutOfOrder: The fitness is not finite; the message names the agent.
    """
    if result.fitness is not None and not math.isfinite(result.fitness):
        raise OutOfOrder(
            f"the fitness of {who} is {result.fitness}: a finite number was expected, or None for a failed agent"
        )


class Evolver(ABC):
    """What makes genomes of what came before, by generations or one by one.

    Attributes:
        space: Where every genome that is asked lies.
        population: Agents in each generation.
    """

    name: str
    """The strategy's name in the configuration, and of its random streams."""

    def __init__(self, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0.

        Args:
            space: The genes; any kind, also none that can vary.
            population: Agents in each generation, at least 1.
            seed: The experiment's seed.

        Raises:
            ValueError: The population is smaller than 1.
            InvalidGenome: A gene of the space can have no value at all.
        """
        if population < 1:
            raise ValueError(f"population is {population}: at least 1 agent is needed")
        self.space = space
        self.population = population
        self._coordinates = Coordinates(space)
        self._seed = seed

    def _stream(self, *path: str | int) -> np.random.Generator:
        return generator(self._seed, "strategy", self.name, *path)


class Strategy(Evolver):
    """How the next generation is made from all that came before it.

    `ask` and `tell` take turns. Parents are named by their place: generation and index, counted from the first ask.
    """

    def __init__(self, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Evolver`."""
        super().__init__(space, population, seed)
        self._generation = 0
        self._asked = False

    @property
    def generation(self) -> int:
        """The generation that is asked, or will be asked next; also the number of those told."""
        return self._generation

    def ask(self) -> tuple[Offspring, ...]:
        """Return the next generation: exactly `population` offspring, by index.

        Raises:
            OutOfOrder: The generation asked before has not been told.
        """
        if self._asked:
            raise OutOfOrder(
                f"generation {self._generation} is asked already: "
                f"tell its {self.population} results before asking for the next"
            )
        offspring = tuple(self._ask())
        assert len(offspring) == self.population
        self._asked = True
        return offspring

    def tell(self, results: Sequence[Result]) -> None:
        """Take the results of the generation asked last, in the order asked.

        Raises:
            OutOfOrder: Nothing is asked, the number of results differs from the population, or a fitness is not finite.
                The strategy is then as it was before the call.
        """
        if not self._asked:
            raise OutOfOrder(f"generation {self._generation} is not asked yet: ask before telling")
        if len(results) != self.population:
            raise OutOfOrder(
                f"generation {self._generation} is told {len(results)} results: "
                f"one for each of its {self.population} agents was expected, in the order asked"
            )
        for index, result in enumerate(results):
            check_finite(result, f"agent {index} of generation {self._generation}")
        self._tell(results)
        self._asked = False
        self._generation += 1

    def immigrate(self, index: int, genome: Genome) -> Offspring:
        """Have a genome that this strategy did not make play in place of the offspring asked at an index.

        It is told about like any other, so that the strategy learns from it what it can.

        Raises:
            OutOfOrder: Nothing is asked, or there is no such index.
            InvalidGenome: The space does not hold the genome.
        """
        if not self._asked or not 0 <= index < self.population:
            raise OutOfOrder(f"agent {index} of generation {self._generation} is not asked: nothing can take its place")
        self.space.check(genome)
        self._immigrate(index, genome)
        return Offspring(genome, (), INJECTED)

    @abstractmethod
    def _immigrate(self, index: int, genome: Genome) -> None:
        """Put a genome in the place of the one that was asked at an index; both are checked already."""

    @abstractmethod
    def _ask(self) -> Sequence[Offspring]:
        """Make generation `self.generation`."""

    @abstractmethod
    def _tell(self, results: Sequence[Result]) -> None:
        """Learn from generation `self.generation`; the results are checked already."""
