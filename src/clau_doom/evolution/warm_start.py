"""Generation 0 of a warm start: given genomes and mutated copies of them."""

from collections.abc import Sequence

import numpy as np

from clau_doom.domain import Genome, GenomeSpace, generator
from clau_doom.evolution.coordinates import Coordinates
from clau_doom.evolution.offspring import Offspring
from clau_doom.evolution.operators import mutate

__all__ = ["MUTATED_START", "START", "start_offspring"]

START = "start"
"""Operator of a given genome."""
MUTATED_START = "start+mutation"
"""Operator of a mutated copy of a given genome."""


def start_offspring(
    space: GenomeSpace, genomes: Sequence[Genome], count: int, spread: float, seed: int
) -> tuple[Offspring, ...]:
    """Return the offspring of a warm start: the genomes in their order, then mutated copies of them in turn.

    A real gene of a copy takes a Gaussian step, reflected at its bounds. An integer gene takes a rounded step of at
    least one, and a choice gene another of its choices, each with the probability `spread`. The copies are drawn from
    the random stream ``strategy start``.

    Args:
        space: The genes.
        genomes: Genomes in the space, at least one and at most `count`.
        count: Number of offspring.
        spread: Standard deviation of a step, in gene ranges, from 0 to 1.
        seed: Random seed of the experiment.

    Raises:
        ValueError: There are no genomes, or more than `count`.
        InvalidGenome: A genome is not in the space.

    Example:
        >>> from clau_doom.domain import Gene, Genome, GenomeSpace
        >>> space = GenomeSpace([Gene.real("speed", 0.0, 1.0)])
        >>> [each.operator for each in start_offspring(space, [Genome((0.5,))], 3, 0.1, seed=1)]
        ['start', 'start+mutation', 'start+mutation']
    """
    if not 0 < len(genomes) <= count:
        raise ValueError(f"{len(genomes)} start genomes for {count} agents: use at least 1 and at most {count}")
    space.check_all(genomes)
    coordinates = Coordinates(space)
    given = [Offspring(genome, (), START) for genome in genomes]
    if (copies := count - len(given)) == 0:
        return tuple(given)
    rng = generator(seed, "strategy", "start")
    originals = np.array([coordinates.row(genome) for genome in genomes])
    rows = originals[np.arange(copies) % len(originals)]
    chosen = (coordinates.real | (rng.random(rows.shape) < spread)) & coordinates.free
    rows = mutate(coordinates, rows, chosen, rng, sigma=spread)
    return (*given, *(Offspring(coordinates.genome(row), (), MUTATED_START) for row in rows))
