"""Arithmetic with the same bits on every processor.

BLAS, LAPACK and libm choose their kernels by the processor, and so does NumPy for transcendental functions. The last
bits of their results differ between machines. This module uses only operations that IEEE 754 rounds correctly (+, -, *,
/, square root), in a fixed order, and `decimal`, which computes with integers.
"""

import decimal
import math

import numpy as np

from clau_doom.evolution.coordinates import Matrix, row_slices

__all__ = [
    "cholesky",
    "exp",
    "log",
    "norm",
    "power",
    "solve_lower",
    "standard_normal",
    "times_lower",
    "weighted_sum",
]

# Digits before a result is rounded to a double, which has 17. Results beyond the range of doubles become infinite.
_CONTEXT = decimal.Context(prec=40, traps=[decimal.InvalidOperation])
# NumPy draws normals by a ziggurat. Beyond this point their values come from libm; before it they are products.
_TAIL = 3.6541528853610088
_TAIL_GRID = 2.0**20


def exp(value: float) -> float:
    """Return e to the power of a finite value; OverflowError above 709.7."""
    result = float(_CONTEXT.exp(decimal.Decimal(value)))
    if math.isinf(result):
        raise OverflowError(f"exp({value}) is larger than a double can be")
    return result


def log(value: float) -> float:
    """Return the natural logarithm of a finite value above 0."""
    return float(_CONTEXT.ln(decimal.Decimal(value)))


def power(base: float, exponent: float) -> float:
    """Return a finite base above 0 to the power of an exponent."""
    return float(_CONTEXT.power(decimal.Decimal(base), decimal.Decimal(exponent)))


def standard_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Matrix:
    """Draw standard normal numbers.

    NumPy takes the tail beyond 3.65, one number of 3,900, from libm's `log1p`. These are rounded to multiples of 2⁻²⁰.
    """
    drawn = rng.standard_normal(shape)
    for rows in row_slices(shape):
        part = drawn[rows]
        tail = np.abs(part) > _TAIL
        part[tail] = np.rint(part[tail] * _TAIL_GRID) / _TAIL_GRID
    return drawn


def norm(vector: Matrix) -> float:
    """Return the Euclidean length of a vector, shape (n,)."""
    return math.sqrt(math.fsum((vector * vector).tolist()))


def weighted_sum(weights: Matrix, rows: Matrix) -> Matrix:
    """Return ``weights @ rows``, shape (n,).

    Args:
        weights: Shape (count,).
        rows: Shape (count, n).
    """
    total = np.zeros(rows.shape[1])
    for weight, row in zip(weights.tolist(), rows, strict=True):
        total += weight * row
    return total


def cholesky(matrix: Matrix) -> Matrix:
    """Return the lower triangular L with ``L @ L.T == matrix``, column by column.

    Args:
        matrix: Symmetric, shape (n, n). Only its lower triangle is read.

    Raises:
        ArithmeticError: The matrix is not positive definite.
    """
    rest = matrix.copy()
    lower = np.zeros_like(matrix)
    for column in range(len(matrix)):
        pivot = float(rest[column, column])
        if not pivot > 0.0:
            raise ArithmeticError("the matrix is not positive definite")
        entries = rest[column:, column] / math.sqrt(pivot)
        lower[column:, column] = entries
        below = entries[1:]
        rest[column + 1 :, column + 1 :] -= below[:, None] * below[None, :]
    return lower


def times_lower(lower: Matrix, rows: Matrix) -> Matrix:
    """Return ``rows @ lower.T``: each row multiplied by a lower triangular matrix.

    Args:
        lower: Shape (n, n).
        rows: Shape (count, n).
    """
    found = np.zeros_like(rows)
    for column in range(len(lower)):
        found[:, column:] += rows[:, column, None] * lower[None, column:, column]
    return found


def solve_lower(lower: Matrix, rows: Matrix) -> Matrix:
    """Return the rows z with ``times_lower(lower, z) == rows``, by forward substitution.

    Args:
        lower: Shape (n, n), with a diagonal above 0.
        rows: Shape (count, n).
    """
    rest = rows.copy()
    for column in range(len(lower)):
        rest[:, column] /= lower[column, column]
        rest[:, column + 1 :] -= rest[:, column, None] * lower[None, column + 1 :, column]
    return rest
