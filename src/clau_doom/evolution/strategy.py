"""Base classes and values of ask/tell strategies.

A strategy is a pure function of its configuration, gene space, seed and received results. A stopped experiment is
rebuilt by replaying its calls of `ask` and `tell`, so that strategies save no state.
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
"""Operator of an injected genome."""


@dataclass(frozen=True, slots=True)
class Offspring:
    """Genome to evaluate.

    Attributes:
        genome: Genes within the strategy's space.
        parents: Evaluated agents that it was bred from; empty for a drawn genome.
        operator: Operator that created it, such as ``draw``, ``elite`` or ``crossover+mutation``.
    """

    genome: Genome
    parents: tuple[AgentRef, ...]
    operator: str


@dataclass(frozen=True, slots=True)
class Result:
    """Result of evaluating an offspring.

    Attributes:
        fitness: Fitness to maximise; None for a failed agent, which ranks last.
        measures: Mean over the episodes (see `mean_measures`), or None without measures.
        episodes: Number of episodes of the fitness.
        variance: Sample variance of fitness between the episodes, or None for too few episodes.
    """

    fitness: float | None
    measures: Measures | None = None
    episodes: int = 1
    variance: float | None = None


def mean_measures(episodes: Sequence[Measures]) -> Measures:
    """Return the mean of each measure, independent of the order of episodes, because sums are exact.

    Raises:
        ValueError: There are no episodes.
    """
    if not episodes:
        raise ValueError("no episodes to average: use None as the measures of a failed agent")
    return Measures(
        **{
            field.name: math.fsum(getattr(episode, field.name) for episode in episodes) / len(episodes)
            for field in fields(Measures)
        }
    )


def check_finite(result: Result, who: str) -> None:
    """Refuse a fitness that is not finite.

    Raises:
        OutOfOrder: The fitness is not finite; the message names the agent.
    """
    if result.fitness is not None and not math.isfinite(result.fitness):
        raise OutOfOrder(f"the fitness of {who} is {result.fitness}: use a finite number, or None for a failed agent")


class Evolver(ABC):
    """Base class of generational and steady-state strategies.

    Attributes:
        space: Gene space of all offspring.
        population: Agents in each generation.
    """

    name: str
    """Name of the strategy in the configuration and of its random streams."""

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

    def _stream(self, *path: str | int) -> np.random.Generator:
        return generator(self._seed, "strategy", self.name, *path)


class Strategy(Evolver):
    """Generational strategy.

    `ask` and `tell` take turns. Parents are identified by generation and index, counted from the first ask.
    """

    def __init__(self, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Evolver`."""
        super().__init__(space, population, seed)
        self._generation = 0
        self._asked = False

    @property
    def generation(self) -> int:
        """Current or next generation to ask; also the number of completed generations."""
        return self._generation

    def ask(self) -> tuple[Offspring, ...]:
        """Return the next generation: exactly `population` offspring, by index.

        Raises:
            OutOfOrder: The previous generation has no results yet.
        """
        if self._asked:
            raise OutOfOrder(
                f"generation {self._generation} is asked already: call tell with its {self.population} results first"
            )
        offspring = tuple(self._ask())
        assert len(offspring) == self.population
        self._asked = True
        return offspring

    def tell(self, results: Sequence[Result]) -> None:
        """Receive the results of the current generation, in the order of its offspring.

        Raises:
            OutOfOrder: No generation was asked, the number of results differs from the population, or a fitness is not
                finite. The strategy is unchanged.
        """
        if not self._asked:
            raise OutOfOrder(f"generation {self._generation} was not asked: call ask before tell")
        if len(results) != self.population:
            raise OutOfOrder(
                f"generation {self._generation} has {len(results)} results: "
                f"expected one for each of its {self.population} agents, in the order of ask"
            )
        for index, result in enumerate(results):
            check_finite(result, f"agent {index} of generation {self._generation}")
        self._tell(results)
        self._asked = False
        self._generation += 1

    def immigrate(self, index: int, genome: Genome) -> Offspring:
        """Replace the offspring at an index by a genome of another origin.

        Its result is received like any other, and the strategy learns from it.

        Raises:
            OutOfOrder: No generation was asked, or the index is out of range.
            InvalidGenome: The genome is not in the gene space.
        """
        if not self._asked or not 0 <= index < self.population:
            raise OutOfOrder(f"agent {index} of generation {self._generation} was not asked: it cannot be replaced")
        self.space.check(genome)
        self._immigrate(index, genome)
        return Offspring(genome, (), INJECTED)

    @abstractmethod
    def _immigrate(self, index: int, genome: Genome) -> None:
        """Replace the genome at an index; both are valid."""

    @abstractmethod
    def _ask(self) -> Sequence[Offspring]:
        """Create generation `self.generation`."""

    @abstractmethod
    def _tell(self, results: Sequence[Result]) -> None:
        """Learn from generation `self.generation`; the results are valid."""
