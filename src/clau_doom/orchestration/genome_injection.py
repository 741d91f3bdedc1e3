"""Injection of genomes into the next generation."""

from collections.abc import Sequence

from clau_doom.domain import Agent, Genome, GenomeSpace
from clau_doom.errors import GenerationFull, StrategyFailed
from clau_doom.evolution import INJECTED, Offspring, Strategy

__all__ = ["GenomeInjection", "immigrants_of", "inject"]


class GenomeInjection:
    """Genomes that wait for the next generation."""

    def __init__(self, space: GenomeSpace, *, places: int, waiting: Sequence[Genome]) -> None:
        """Reserve places among the last agents of each generation.

        Args:
            space: Genes of the policy.
            places: Maximum number of agents that are replaced.
            waiting: Genomes that wait already.
        """
        self._space = space
        self._places = places
        self._waiting = [*waiting]

    def add(self, genome: Genome, generation: int) -> None:
        """Queue a genome for the next generation.

        Raises:
            InvalidGenome: The genome is not in the space.
            GenerationFull: All places are taken.
        """
        self._space.check(genome)
        if len(self._waiting) >= self._places:
            raise GenerationFull(
                f"generation {generation} accepts {self._places} injected genomes (evolution.immigrants), "
                "which are waiting already: inject it into a later generation"
            )
        self._waiting.append(genome)

    def take(self, agents: int) -> dict[int, Genome]:
        """Remove and return the waiting genomes, by the index of the offspring that each replaces.

        Args:
            agents: Number of agents of the generation.

        Raises:
            StrategyFailed: There are fewer agents than reserved places.
        """
        if agents < self._places:
            raise StrategyFailed(
                f"the strategy asked for {agents} agents: ask for at least evolution.immigrants ({self._places})"
            )
        waiting, self._waiting = self._waiting, []
        return {agents - self._places + number: genome for number, genome in enumerate(waiting)}


def immigrants_of(agents: Sequence[Agent]) -> dict[int, Genome]:
    """Return the injected genomes of a stored generation, by index."""
    return {agent.ref.index: agent.genome for agent in agents if agent.operator == INJECTED}


def inject(strategy: Strategy, asked: Sequence[Offspring], immigrants: dict[int, Genome]) -> tuple[Offspring, ...]:
    """Replace some of a strategy's offspring by immigrants, and notify the strategy."""
    return tuple(
        strategy.immigrate(index, immigrants[index]) if index in immigrants else offspring
        for index, offspring in enumerate(asked)
    )
