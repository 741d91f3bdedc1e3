"""Complete block designs: every block, such as a seed, has values in every cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clau_doom.table_analysis.design import Design

__all__ = ["CompleteBlocks", "complete_blocks"]


@dataclass(frozen=True, kw_only=True)
class CompleteBlocks:
    """Means of the cells in each block.

    Attributes:
        means: In the design's unit, without its offset; shape (blocks, cells).
    """

    means: NDArray[np.float64]


def complete_blocks(design: Design) -> CompleteBlocks | None:
    """Return the means of the cells in each block, or None if a block lacks a cell."""
    assert design.block is not None
    shape = (len(design.block.levels), len(design.cells.levels))
    places = np.ravel_multi_index((design.block.codes, design.cells.codes), shape)
    sizes = np.bincount(places, minlength=shape[0] * shape[1])
    if (sizes == 0).any():
        return None
    sums = np.bincount(places, weights=design.centred, minlength=len(sizes))
    return CompleteBlocks(means=(sums / sizes).reshape(shape))
