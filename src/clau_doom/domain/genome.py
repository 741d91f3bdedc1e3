"""Genes, genomes, and the spaces that genomes are drawn from."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import InvalidGenome

__all__ = ["Gene", "GeneKind", "Genome", "GenomeSpace"]


class GeneKind(StrEnum):
    """How a gene's number is read."""

    REAL = "real"
    INTEGER = "integer"
    CHOICE = "choice"
    """The index of one of the gene's `choices`; neighbouring indices mean nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gene:
    """One named, bounded, typed number of a genome.

    Attributes:
        name: Unique within its space.
        kind: How the number is read.
        low: The smallest value, included.
        high: The largest value, included.
        choices: What a `CHOICE` gene chooses among; empty for the other kinds.
        description: What the gene does, for people.
    """

    name: str
    kind: GeneKind = GeneKind.REAL
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()
    description: str = ""

    @classmethod
    def real(cls, name: str, low: float, high: float, description: str = "") -> "Gene":
        """Return a real gene."""
        return cls(name=name, kind=GeneKind.REAL, low=low, high=high, description=description)

    @classmethod
    def integer(cls, name: str, low: int, high: int, description: str = "") -> "Gene":
        """Return an integer gene."""
        return cls(name=name, kind=GeneKind.INTEGER, low=float(low), high=float(high), description=description)

    @classmethod
    def choice(cls, name: str, choices: Sequence[str], description: str = "") -> "Gene":
        """Return a gene that chooses among `choices`."""
        kind, high = GeneKind.CHOICE, float(len(choices) - 1)
        return cls(name=name, kind=kind, low=0.0, high=high, choices=tuple(choices), description=description)

    def holds(self, value: float) -> bool:
        """Say whether `value` is one that this gene can have."""
        inside = math.isfinite(value) and self.low <= value <= self.high
        return inside and (self.kind is GeneKind.REAL or value == math.floor(value))


@dataclass(frozen=True, slots=True)
class Genome:
    """The numbers of one agent, one for each gene of its space; whole numbers for integer and choice genes."""

    values: tuple[float, ...]

    def to_bytes(self) -> bytes:
        """Return the values as little-endian IEEE 754 doubles, 8 bytes each."""
        return struct.pack(f"<{len(self.values)}d", *self.values)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Genome":
        """Return the genome that `to_bytes` wrote.

        Raises:
            InvalidGenome: The length is no multiple of 8.
        """
        if len(data) % 8:
            raise InvalidGenome(f"a genome of {len(data)} bytes is no row of 8-byte numbers")
        return cls(struct.unpack(f"<{len(data) // 8}d", data))

    def array(self) -> NDArray[np.float64]:
        """Return the values as a new array, shape (genes,)."""
        return np.array(self.values, dtype=np.float64)


@dataclass(frozen=True)
class GenomeSpace:
    """The genes of a genome, in order."""

    genes: tuple[Gene, ...]

    def __len__(self) -> int:
        """Return the number of genes."""
        return len(self.genes)

    @cached_property
    def low(self) -> NDArray[np.float64]:
        """The lower bounds, shape (genes,)."""
        return np.array([gene.low for gene in self.genes])

    @cached_property
    def high(self) -> NDArray[np.float64]:
        """The upper bounds, shape (genes,)."""
        return np.array([gene.high for gene in self.genes])

    def check(self, genome: Genome) -> Genome:
        """Return `genome` if it lies in this space.

        Raises:
            InvalidGenome: It does not; the message names the gene, the value and the bounds.
        """
        if len(genome.values) != len(self.genes):
            raise InvalidGenome(f"a genome of {len(genome.values)} genes where the policy has {len(self.genes)}")
        for gene, value in zip(self.genes, genome.values, strict=True):
            if not gene.holds(value):
                raise InvalidGenome(f"gene {gene.name} is {value!r}: {gene.kind} from {gene.low:g} to {gene.high:g}")
        return genome

    def named(self, genome: Genome) -> dict[str, float | int | str]:
        """Return the genome for people: names to values, choices by their names."""
        return {gene.name: _readable(gene, value) for gene, value in zip(self.genes, genome.values, strict=True)}

    def read(self, named: Mapping[str, float | str]) -> Genome:
        """Return the genome that `named` gave.

        Raises:
            InvalidGenome: A gene is missing or unknown, or its value is none that it can have.
        """
        names = [gene.name for gene in self.genes]
        for wrong, what in ((set(names) - set(named), "is missing"), (set(named) - set(names), "is unknown")):
            if wrong:
                raise InvalidGenome(f"gene {min(wrong)} {what}: the policy has {len(names)} genes")
        return self.check(Genome(tuple(_number(gene, named[gene.name]) for gene in self.genes)))


def _number(gene: Gene, value: float | str) -> float:
    if gene.kind is not GeneKind.CHOICE and not isinstance(value, str):
        return float(value)
    if gene.kind is GeneKind.CHOICE and value in gene.choices:
        return float(gene.choices.index(str(value)))
    expected = f"one of {', '.join(gene.choices)}" if gene.kind is GeneKind.CHOICE else "a number"
    raise InvalidGenome(f"gene {gene.name} is {value!r}: it is {expected}")


def _readable(gene: Gene, value: float) -> float | int | str:
    if gene.kind is GeneKind.CHOICE:
        return gene.choices[int(value)]
    return int(value) if gene.kind is GeneKind.INTEGER else value
