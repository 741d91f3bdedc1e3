"""Genomes as users give them in Python."""

from collections.abc import Mapping, Sequence

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.errors import InvalidGenome

__all__ = ["GenomeValues", "genome_of"]

GenomeValues = Genome | Sequence[float] | Mapping[str, float | str]
"""Values by name of the gene (choices by their name), or in the order of the genes."""


def genome_of(values: GenomeValues, space: GenomeSpace) -> Genome:
    """Return the genome of values.

    Raises:
        InvalidGenome: A value is missing, unknown or outside of its bounds.
    """
    if isinstance(values, Mapping):
        return space.read(values)
    try:
        return space.check(values if isinstance(values, Genome) else Genome(values))
    except (TypeError, ValueError) as error:
        raise InvalidGenome(f"{values!r} is not a genome: give numbers, or values by name of the gene") from error
