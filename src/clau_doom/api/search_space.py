"""Gene spaces from short descriptions, as functions of the library accept them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from clau_doom.domain import Gene, GenomeSpace
from clau_doom.errors import ConfigError

__all__ = ["SpaceDescription", "gene_space"]

SpaceDescription: TypeAlias = Mapping[str, Sequence[Any]] | GenomeSpace
"""Gene space, or by name: a pair of numbers, a pair of whole numbers, or a list of texts."""


def gene_space(description: SpaceDescription) -> GenomeSpace:
    """Return a gene space.

    Args:
        description: A gene space, or a description of each gene by name: ``(-1.0, 1.0)`` for a real number in this
            range, ``(0, 9)`` for a whole number, ``["a", "b"]`` for a choice.

    Raises:
        ConfigError: A description is not valid; the message names the gene.

    Example:
        >>> space = gene_space({"x": (-1.0, 1.0), "n": (0, 9), "kind": ["a", "b"]})
        >>> [(gene.name, gene.kind.value) for gene in space.genes]
        [('x', 'real'), ('n', 'integer'), ('kind', 'choice')]
    """
    if isinstance(description, GenomeSpace):
        return description
    return GenomeSpace([_gene(name, value) for name, value in description.items()])


def _gene(name: str, value: object) -> Gene:
    if isinstance(value, list | tuple) and value:
        if all(isinstance(item, str) for item in value):
            return _choice(name, value)
        if len(value) == 2 and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
            return _number(name, *value)
    raise ConfigError(f"space: {name} is {value!r:.100}: use (low, high) for a number, or a list of texts for a choice")


def _choice(name: str, values: Sequence[str]) -> Gene:
    if len(set(values)) < len(values):
        raise ConfigError(f"space: {name} has a choice twice: {', '.join(values):.100}")
    return Gene.choice(name, values)


def _number(name: str, low: float, high: float) -> Gene:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ConfigError(f"space: {name} is ({low}, {high}): use finite numbers, the smaller one first")
    if isinstance(low, int) and isinstance(high, int):
        return Gene.integer(name, low, high)
    return Gene.real(name, float(low), float(high))
