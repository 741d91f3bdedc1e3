"""Coordinates of genes: a common scale for all genes, independent of their bounds.

The coordinate of a real gene is between 0 (its lowest value) and 1 (its highest). The coordinate of an integer or
choice gene is the index of its value: 0, 1, ..., `steps`. Genes with one value are not `free`: their coordinate is 0.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.errors import InvalidGenome

__all__ = ["Coordinates", "Mask", "Matrix", "reflect", "row_slices"]

_NUMBERS = 1 << 20
"""Numbers that an operator processes at once."""
_COLUMNS = 1 << 16
"""Columns that `spread` processes at once."""

Mask = NDArray[np.bool_]
Matrix = NDArray[np.float64]


class Coordinates:
    """Gene space in coordinates.

    Attributes:
        real: Which genes are real and free, shape (genes,).
        integer: Which genes are integers and free, shape (genes,).
        choice: Which genes are choices and free, shape (genes,).
        free: Which genes have more than one value, shape (genes,).
        steps: The highest coordinate of each gene: 1 for a free real gene, the number of values less one for the
            others, shape (genes,).
    """

    def __init__(self, space: GenomeSpace) -> None:
        """Compute the bounds of each gene.

        Raises:
            InvalidGenome: A gene has an empty range; the message names it.
        """
        self._low, self._high = _bounds(space)
        self.free = self._high > self._low
        self._whole = space.whole
        self.real = self.free & ~self._whole
        self.choice = self.free & space.choice
        self.integer = self.free & self._whole & ~space.choice
        self.steps = np.zeros(len(space))
        self.steps[self.real] = 1.0
        whole = self.integer | self.choice
        self.steps[whole] = self._high[whole] - self._low[whole]

    def draw(self, rng: np.random.Generator, count: int) -> Matrix:
        """Return `count` genomes drawn uniformly over the full range of every gene, shape (count, genes)."""
        drawn = np.empty((count, len(self.free)))
        for rows in row_slices(drawn.shape):
            drawn[rows] = self.from_units(rng.random(drawn[rows].shape))
        return drawn

    def from_units(self, units: Matrix) -> Matrix:
        """Convert numbers from 0 to 1 to coordinates; the values of an integer or choice gene have equal shares.

        Args:
            units: Shape (count, genes).
        """
        found = np.where(self.real, units, 0.0)
        whole = self.integer | self.choice
        steps = self.steps[whole]
        found[:, whole] = np.minimum(np.floor(units[:, whole] * (steps + 1.0)), steps)
        return found

    def genome(self, row: Matrix) -> Genome:
        """Return the genome at coordinates of shape (genes,)."""
        # Not low + row * (high - low): the difference of two doubles may overflow.
        between = self._low * (1.0 - row) + self._high * row
        values = np.where(self._whole, self._low + np.where(self._whole, row, 0.0), between)
        return Genome(np.clip(values, self._low, self._high))

    def row(self, genome: Genome) -> Matrix:
        """Return the coordinates of a genome, shape (genes,); the inverse of `genome` except for rounding."""
        values = genome.array()
        # Halved, because the difference of two doubles may overflow.
        ranges = 0.5 * self._high - 0.5 * self._low
        shares = (0.5 * values - 0.5 * self._low) / np.where(ranges > 0.0, ranges, 1.0)
        found = np.where(self.real, np.clip(shares, 0.0, 1.0), 0.0)
        whole = self.integer | self.choice
        found[whole] = np.clip(np.rint(values[whole]) - self._low[whole], 0.0, self.steps[whole])
        return found

    def to_units(self, row: Matrix) -> Matrix:
        """Return numbers from 0 to 1 that `from_units` converts to the coordinates of shape (genes,)."""
        return np.where(self.real, row, (row + 0.5) / (self.steps + 1.0))

    def spread(self, rows: Matrix) -> float:
        """Return the mean standard deviation of free genes, in gene ranges; 0 without free genes.

        Args:
            rows: Shape (count, genes).
        """
        if not self.free.any():
            return 0.0
        deviations = []
        for start in range(0, len(self.free), _COLUMNS):
            columns = slice(start, start + _COLUMNS)
            free = self.free[columns]
            deviations.append(np.std(rows[:, columns][:, free] / self.steps[columns][free], axis=0))
        return float(np.mean(np.concatenate(deviations)))


def reflect(values: Matrix, top: Matrix | float) -> Matrix:
    """Reflect values at 0 and `top` (above 0) into this range; values in the range are unchanged."""
    folded = top - np.abs(np.mod(values, 2.0 * top) - top)
    return np.where((values >= 0.0) & (values <= top), values, folded)


def row_slices(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield slices of the rows of a matrix, each of about a million numbers or one row.

    An operator that works by slices needs intermediate values for one slice at a time. Random numbers drawn slice by
    slice are those of the whole matrix.

    Args:
        shape: (rows, columns), or another shape of at least one axis.
    """
    step = max(1, _NUMBERS // max(math.prod(shape[1:]), 1))
    return (slice(start, start + step) for start in range(0, shape[0], step))


def _bounds(space: GenomeSpace) -> tuple[Matrix, Matrix]:
    """Return the lowest and the highest value of each gene, shape (genes,)."""
    # Adding 0.0 makes a negative zero of ceil() a positive one.
    low = np.where(space.whole, np.ceil(space.low) + 0.0, space.low)
    high = np.where(space.whole, np.floor(space.high) + 0.0, space.high)
    valid = np.isfinite(low) & np.isfinite(high) & (low <= high)
    if not valid.all():
        gene = space.genes[int(np.argmin(valid))]
        raise InvalidGenome(f"gene {gene.name} has no value: {gene.kind} from {gene.low:g} to {gene.high:g}")
    return low, high
