"""Genomes of another origin: those that wait for the next generation, and how they enter it."""

from collections.abc import Sequence

from clau_doom.domain import Agent, Genome, GenomeSpace
from clau_doom.errors import GenerationFull
from clau_doom.evolution import INJECTED, Offspring, Strategy

__all__ = ["GenomeInjection", "admit", "immigrants_of"]


class GenomeInjection:
    """What waits for the generation that is to start next."""

    def __init__(self, space: GenomeSpace, *, population: int, places: int, waiting: Sequence[Genome]) -> None:
        """Keep places for some of each generation's last agents.

        Args:
            space: The policy's genes.
            population: Agents in each generation.
            places: How many of them may be replaced.
            waiting: Genomes that wait already.
        """
        self._space = space
        self._first = population - places
        self._places = places
        self._waiting = [*waiting]

    def add(self, genome: Genome, generation: int) -> None:
        """Have a genome wait for the generation that starts next.

        Raises:
            InvalidGenome: The space does not hold it.
            GenerationFull: As many wait as there are places.
        """
        self._space.check(genome)
        if len(self._waiting) >= self._places:
            raise GenerationFull(
                f"generation {generation} has room for {self._places} injected genomes (evolution.immigrants), "
                "and as many wait: inject it into the one after"
            )
        self._waiting.append(genome)

    def take(self) -> dict[int, Genome]:
        """Return those that wait by the index of the offspring that each replaces; none waits any more."""
        waiting, self._waiting = self._waiting, []
        return {self._first + number: genome for number, genome in enumerate(waiting)}


def immigrants_of(agents: Sequence[Agent]) -> dict[int, Genome]:
    """Return the injected genomes of a generation that is stored, by index."""
    return {agent.ref.index: agent.genome for agent in agents if agent.operator == INJECTED}


def admit(strategy: Strategy, asked: Sequence[Offspring], immigrants: dict[int, Genome]) -> tuple[Offspring, ...]:
    """Return what a strategy has asked for, with immigrants in the places of some, of which the strategy is told."""
    return tuple(
        strategy.immigrate(index, immigrants[index]) if index in immigrants else offspring
        for index, offspring in enumerate(asked)
    )
