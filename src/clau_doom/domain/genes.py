"""Genes and blocks of genes: names, kinds and bounds of the numbers of a genome.

A policy with few genes names each gene. A policy with the weights of a network has one `GeneBlock` for each layer. A
million genes are then one object, and their names are created on access.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, chain, pairwise, product
from typing import overload

from clau_doom.errors import InvalidGenome

__all__ = ["Gene", "GeneBlock", "GeneKind", "Genes"]


class GeneKind(StrEnum):
    """Type of a gene's values."""

    REAL = "real"
    INTEGER = "integer"
    CHOICE = "choice"
    """Index of one of the gene's `choices`, without an order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gene:
    """One named, bounded, typed number of a genome.

    Attributes:
        name: Unique within its space.
        kind: Type of its values.
        low: Minimum, included.
        high: Maximum, included.
        choices: Names of the values of a `CHOICE` gene; empty for other kinds.
        description: Effect of the gene, for users.
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
        """Return a gene with named, unordered values."""
        kind, high = GeneKind.CHOICE, float(len(choices) - 1)
        return cls(name=name, kind=kind, low=0.0, high=high, choices=tuple(choices), description=description)

    def holds(self, value: float) -> bool:
        """Return whether a value is legal."""
        inside = math.isfinite(value) and self.low <= value <= self.high
        return inside and (self.kind is GeneKind.REAL or value == math.floor(value))


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneBlock:
    """Real genes with the same bounds, one for each element of an array, in C order.

    A gene's name has the block's name and its indices: ``layer0_unit3_input12`` for the axes ``unit`` and ``input``.

    Attributes:
        name: Prefix of the names of its genes.
        shape: Shape of the array, such as (units, inputs); at least one axis.
        axes: Name of each axis, which may be empty (the default).
        low: Minimum, included.
        high: Maximum, included.
        description: Effect of the genes, for users.
    """

    name: str
    shape: tuple[int, ...]
    axes: tuple[str, ...] = ()
    low: float = -1.0
    high: float = 1.0
    description: str = ""

    kind = GeneKind.REAL

    def __post_init__(self) -> None:
        if not self.shape or min(self.shape) < 0 or len(self.axes) not in {0, len(self.shape)}:
            raise InvalidGenome(f"gene block {self.name} has shape {self.shape} and axes {self.axes}: use as many")

    def __len__(self) -> int:
        return math.prod(self.shape)

    def __iter__(self) -> Iterator[Gene]:
        return (self._gene(place) for place in product(*map(range, self.shape)))

    def __getitem__(self, index: int) -> Gene:
        place = []
        for size in reversed(self.shape):
            index, at = divmod(index, size)
            place.append(at)
        return self._gene(tuple(reversed(place)))

    def names(self) -> Iterator[str]:
        """Yield the names of its genes, in order."""
        return (self._name(place) for place in product(*map(range, self.shape)))

    def _name(self, place: tuple[int, ...]) -> str:
        axes = self.axes or ("",) * len(place)
        return "_".join([self.name, *(f"{axis}{at}" for axis, at in zip(axes, place, strict=True))])

    def _gene(self, place: tuple[int, ...]) -> Gene:
        return Gene(name=self._name(place), low=self.low, high=self.high, description=self.description)


class Genes(Sequence[Gene]):
    """Genes of a space, in order. Genes of a block are created on access.

    Attributes:
        parts: Single genes and blocks.
    """

    def __init__(self, parts: Sequence[Gene | GeneBlock]) -> None:
        """Join genes and blocks.

        Raises:
            InvalidGenome: Two genes or two choices of a gene have the same name.
        """
        self.parts = tuple(parts)
        self.sizes = tuple([1 if isinstance(part, Gene) else len(part) for part in self.parts])
        """Number of genes of each part."""
        self._ends = tuple(accumulate(self.sizes))
        if (twice := _repeated_name(self.parts)) is not None:
            raise InvalidGenome(f"two genes have the name {twice!r}: use different names")
        for part in self.parts:
            if isinstance(part, Gene) and len(set(part.choices)) < len(part.choices):
                raise InvalidGenome(f"gene {part.name!r} has two choices with the same name: {', '.join(part.choices)}")

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> Gene: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Gene, ...]: ...
    def __getitem__(self, index: int | slice) -> Gene | tuple[Gene, ...]:
        if isinstance(index, slice):
            return tuple([self[at] for at in range(*index.indices(len(self)))])
        at = range(len(self))[index]
        number = bisect_right(self._ends, at)
        part = self.parts[number]
        return part if isinstance(part, Gene) else part[at - self._ends[number] + self.sizes[number]]

    def __iter__(self) -> Iterator[Gene]:
        for part in self.parts:
            if isinstance(part, Gene):
                yield part
            else:
                yield from part

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Genes) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"Genes({self.parts!r})"


def _repeated_name(parts: Sequence[Gene | GeneBlock]) -> str | None:
    """Return a name of two genes, or None.

    Names of a block are created only if another name has the same prefix.
    """
    single = sorted([part.name for part in parts if isinstance(part, Gene)])
    if (twice := next((one for one, other in pairwise(single) if one == other), None)) is not None:
        return twice
    for group in _similar([part for part in parts if isinstance(part, GeneBlock)]):
        first = group[0].name
        alike = single[bisect_left(single, f"{first}_") : bisect_left(single, f"{first}`")]  # "`" follows on "_"
        if len(group) == 1 and not alike:
            continue
        known = set(alike)
        for name in chain.from_iterable(block.names() for block in group):
            if name in known:
                return name
            known.add(name)
    return None


def _similar(blocks: Sequence[GeneBlock]) -> Iterator[list[GeneBlock]]:
    """Yield groups of blocks. In a group, all names of genes begin with the name of its first block."""
    group: list[GeneBlock] = []
    for block in sorted(blocks, key=lambda block: f"{block.name}_"):
        if group and not f"{block.name}_".startswith(f"{group[0].name}_"):
            yield group
            group = []
        group.append(block)
    if group:
        yield group
