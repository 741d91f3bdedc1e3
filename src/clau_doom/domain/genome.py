"""Genomes and their spaces of genes."""

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain.genes import Gene, GeneBlock, GeneKind, Genes
from clau_doom.errors import InvalidGenome

__all__ = ["Genome", "GenomeSpace"]


class Genome:
    """Values of the genes of one agent; whole numbers for integer and choice genes.

    A genome takes 8 bytes for each gene. Genomes are equal if their values are equal; 0.0 equals -0.0.
    """

    __slots__ = ("_data",)
    _data: bytes

    def __init__(self, values: Iterable[float]) -> None:
        """Copy values.

        Args:
            values: Numbers, or an array of shape (genes,).
        """
        self._data = _packed(values)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Genome":
        """Return the genome of bytes from `to_bytes`.

        Raises:
            InvalidGenome: The length is not a multiple of 8.
        """
        if len(data) % 8:
            raise InvalidGenome(f"a genome of {len(data)} bytes is not a row of 8-byte numbers")
        return cls(np.frombuffer(data, dtype="<f8"))

    def to_bytes(self) -> bytes:
        """Return the values as little-endian IEEE 754 doubles, 8 bytes each."""
        return self._data

    @property
    def values(self) -> tuple[float, ...]:
        """The values as a new tuple. `array` and iteration take less memory."""
        return tuple(self)

    def array(self) -> NDArray[np.float64]:
        """Return the values as a new array, shape (genes,)."""
        return np.frombuffer(self._data, dtype="<f8").astype(np.float64)

    def __len__(self) -> int:
        return len(self._data) // 8

    def __iter__(self) -> Iterator[float]:
        return iter(_swapped(array("d", self._data)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Genome):
            return NotImplemented
        return self._data == other._data or bool(np.array_equal(self._view(), other._view()))

    def __hash__(self) -> int:
        return hash((self._view() + 0.0).tobytes())  # adding 0.0 gives both zeros the same bytes

    def __reduce__(self) -> tuple[Any, ...]:
        return Genome.from_bytes, (self._data,)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.array()[:_SHOWN].tolist()))
        return f"Genome(({shown}{', ...' if len(self) > _SHOWN else ''}))"

    def _view(self) -> NDArray[np.float64]:
        return np.frombuffer(self._data, dtype="<f8")


_SHOWN = 32
"""Maximum number of values in a genome's repr."""


def _packed(values: Iterable[float]) -> bytes:
    if isinstance(values, np.ndarray):
        return np.ascontiguousarray(values, dtype="<f8").tobytes()
    return _swapped(array("d", values)).tobytes()


def _swapped(numbers: "array[float]") -> "array[float]":
    """Convert numbers between little-endian and the byte order of this machine."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


class GenomeSpace:
    """Genes of a genome, in order.

    Attributes:
        genes: The genes. Genes of a block are created on access.
    """

    def __init__(self, genes: Sequence[Gene | GeneBlock]) -> None:
        """Join genes and blocks of genes.

        Raises:
            InvalidGenome: Two genes have the same name.
        """
        self.genes = Genes(genes)

    def __len__(self) -> int:
        """Return the number of genes."""
        return len(self.genes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GenomeSpace) and self.genes == other.genes

    def __hash__(self) -> int:
        return hash(self.genes)

    def __repr__(self) -> str:
        return f"GenomeSpace({self.genes.parts!r})"

    @cached_property
    def low(self) -> NDArray[np.float64]:
        """The lower bounds, shape (genes,)."""
        return np.repeat(np.array([part.low for part in self.genes.parts], dtype=np.float64), self.genes.sizes)

    @cached_property
    def high(self) -> NDArray[np.float64]:
        """The upper bounds, shape (genes,)."""
        return np.repeat(np.array([part.high for part in self.genes.parts], dtype=np.float64), self.genes.sizes)

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Mask of integer and choice genes, shape (genes,)."""
        return np.repeat(
            np.array([part.kind is not GeneKind.REAL for part in self.genes.parts], dtype=bool), self.genes.sizes
        )

    @cached_property
    def choice(self) -> NDArray[np.bool_]:
        """Mask of choice genes, shape (genes,)."""
        return np.repeat(
            np.array([part.kind is GeneKind.CHOICE for part in self.genes.parts], dtype=bool), self.genes.sizes
        )

    def check(self, genome: Genome) -> Genome:
        """Return the genome if its values are within the bounds.

        Raises:
            InvalidGenome: A value is outside the bounds; the message has gene, value and bounds.
        """
        self.check_all((genome,))
        return genome

    def check_all(self, genomes: Sequence[Genome]) -> None:
        """Check all genomes; see `check`."""
        if wrong := [len(genome) for genome in genomes if len(genome) != len(self)]:
            raise InvalidGenome(f"a genome of {wrong[0]} genes, but the policy has {len(self)}")
        values = np.array([genome.array() for genome in genomes]).reshape(len(genomes), len(self))
        held = (self.low <= values) & (values <= self.high) & np.isfinite(values)
        held &= ~self.whole | (values == np.floor(values))
        if not held.all():
            at = int(np.argmin(held.ravel()))
            gene, value = self.genes[at % len(self)], float(values.ravel()[at])
            raise InvalidGenome(f"gene {gene.name} is {value!r}: {gene.kind} from {gene.low:g} to {gene.high:g}")

    def named(self, genome: Genome, most: int | None = None) -> dict[str, float | int | str]:
        """Return values by gene name, of all genes or of the first `most`; choices are given by name."""
        self.check(genome)
        values = genome.array()[:most].tolist()
        return {gene.name: _readable(gene, value) for gene, value in zip(self.genes, values, strict=False)}

    def read(self, named: Mapping[str, float | str]) -> Genome:
        """Return the genome of values from `named`.

        Raises:
            InvalidGenome: A gene is missing or unknown, or its value is not legal.
        """
        names = {gene.name for gene in self.genes}
        for wrong, what in ((names - set(named), "is missing"), (set(named) - names, "is unknown")):
            if wrong:
                raise InvalidGenome(f"gene {min(wrong)} {what}: the policy has {len(names)} genes")
        return self.check(Genome(_number(gene, named[gene.name]) for gene in self.genes))


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
