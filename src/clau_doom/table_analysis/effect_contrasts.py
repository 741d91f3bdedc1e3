"""Cell statistics of a design, and contrasts of its unweighted marginal means.

The marginal mean of a level is the plain mean of the means of its cells, whatever their sizes. An effect is a set of
contrasts of these means: a main effect of the levels of one factor, an interaction of products of contrasts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from clau_doom.table_analysis.design import Design, Factor

__all__ = ["Cells", "EffectContrasts", "cell_statistics", "compared_factors", "effects_of", "level_weights"]

_Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Statistics of the cells of a design.

    Attributes:
        sizes: Number of values in each; shape (cells,).
        means: Their means, in the design's unit, without its offset; shape (cells,).
        variances: Their sample variances; shape (cells,).
    """

    sizes: _Matrix
    means: _Matrix
    variances: _Matrix


@dataclass(frozen=True, kw_only=True)
class EffectContrasts:
    """A main effect or an interaction.

    Attributes:
        name: The factors' names, joined by colons.
        factors: The factors.
        contrasts: Contrasts of the cells' means that the null hypothesis sets to 0; shape (df, cells).
    """

    name: str
    factors: tuple[Factor, ...]
    contrasts: _Matrix


def cell_statistics(design: Design, values: _Matrix | None = None) -> Cells:
    """Return the statistics of the cells for the response, or for other values of its shape."""
    chosen = design.centred if values is None else values
    codes, count = design.cells.codes, len(design.cells.levels)
    sizes = np.bincount(codes, minlength=count).astype(np.float64)
    means = np.bincount(codes, weights=chosen, minlength=count) / sizes
    squares = np.bincount(codes, weights=(chosen - means[codes]) ** 2, minlength=count)
    return Cells(sizes=sizes, means=means, variances=squares / (sizes - 1))


def effects_of(design: Design) -> tuple[EffectContrasts, ...]:
    """Return the main effects, then the interactions of two factors, then those of more."""
    found = []
    for order in range(1, len(design.factors) + 1):
        for chosen in combinations(design.factors, order):
            parts = [_contrasts(factor) if factor in chosen else _average(factor) for factor in design.factors]
            name = ":".join(factor.name for factor in chosen)
            found.append(EffectContrasts(name=name, factors=chosen, contrasts=_kronecker(parts)))
    return tuple(found)


def level_weights(design: Design, factors: Sequence[Factor]) -> _Matrix:
    """Return the weights of the cells in the marginal mean of each level, shape (levels, cells).

    Args:
        design: The design.
        factors: Some of its factors. Of several, a level is a combination of theirs, the last changing fastest.
    """
    parts = [np.eye(len(factor.levels)) if factor in factors else _average(factor) for factor in design.factors]
    return _kronecker(parts)


def compared_factors(design: Design) -> list[Sequence[Factor]]:
    """Return the factors whose levels are compared: each by itself, and all together."""
    single: list[Sequence[Factor]] = [(factor,) for factor in design.factors]
    return single if len(design.factors) == 1 else [*single, design.factors]


def _kronecker(parts: Sequence[_Matrix]) -> _Matrix:
    found: _Matrix = np.ones((1, 1))
    for part in parts:
        found = np.asarray(np.kron(found, part), dtype=np.float64)
    return found


def _contrasts(factor: Factor) -> _Matrix:
    count = len(factor.levels)
    return np.hstack([np.ones((count - 1, 1)), -np.eye(count - 1)])


def _average(factor: Factor) -> _Matrix:
    return np.full((1, len(factor.levels)), 1.0 / len(factor.levels))
