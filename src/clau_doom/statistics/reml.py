"""Restricted maximum likelihood of variance components.

The model is y = X β + Σ Z_k b_k + e with independent normal b_k and e. V = σ² H is the covariance of y, with σ² the
variance of e. H = I + Σ r_k Z_k Z_k' depends on the ratios r_k of the variance of b_k to σ². REML maximises the
likelihood of the error contrasts K'y with K'X = 0 (Patterson and Thompson, "Recovery of inter-block information when
block sizes are unequal", Biometrika 58, 1971):

    -2 log L = log |K'H K| + (n - p) log(y'K (K'H K)^-1 K'y) + a constant

Rows with the same columns are replaced by their mean and their sum of squares. One QR decomposition of [X Z y] reduces
the n rows to as many as there are columns; the other n - p - q - 1 error contrasts depend on σ² only. It also separates
the error contrasts from X: they are the rows below X's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from clau_doom.errors import ConfigError

__all__ = ["Likelihood", "ReducedData", "covariance_factor", "likelihood_at", "maximize", "reduce_data"]

_Array = NDArray[np.float64]

_LARGEST_RATIO = 1e13  # beyond it, the residual variance is rounding error
_LARGEST = 20_000_000  # entries of a matrix
_STEPS = 200
_CONVERGED = 1e-11
_LONGEST_STEP = 3.0
_FLAT = 1e-10  # relative; a smaller eigenvalue of the information means that components cannot be separated


@dataclass(frozen=True, kw_only=True)
class ReducedData:
    """The data of a mixed model after an orthogonal transformation.

    Attributes:
        rows: Number of values before the reduction.
        fixed: Columns of the fixed effects; zero below row p; shape (m, p).
        groups: Indicator columns of each grouping factor; shapes (m, levels).
        values: Shape (m,).
    """

    rows: int
    fixed: _Array
    groups: tuple[_Array, ...]
    values: _Array

    @property
    def df(self) -> int:
        """Number of error contrasts, n - p."""
        return self.rows - int(self.fixed.shape[1])

    @property
    def contrasts(self) -> tuple[tuple[_Array, ...], _Array]:
        """The groups' columns and the values in the space of the error contrasts."""
        p = self.fixed.shape[1]
        return tuple(group[p:] for group in self.groups), self.values[p:]


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """-2 log L of the variance ratios, with σ² at its maximum.

    Attributes:
        value: Without the constant.
        gradient: Shape (groups,).
        hessian: Shape (groups, groups).
        variance: The estimate of σ².
    """

    value: float
    gradient: _Array
    hessian: _Array
    variance: float


def reduce_data(values: _Array, fixed: _Array, groups: Sequence[NDArray[np.intp]]) -> ReducedData:
    """Reduce the rows of a mixed model.

    Args:
        values: Shape (n,).
        fixed: Linearly independent columns; shape (n, p).
        groups: The level of each row in each grouping factor, from 0 without gaps; shapes (n,).

    Raises:
        ConfigError: The matrices would be too large.
    """
    # Rows with the same columns are one row, weighted by the root of their number, and their deviations from its mean.
    _, first, places, counts = np.unique(
        np.column_stack([fixed, *groups]), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    width = fixed.shape[1] + sum(int(codes.max()) + 1 for codes in groups)
    if len(first) * width > _LARGEST:
        raise ConfigError(f"a mixed model of {len(first)} different rows and {width} columns is too large")
    means, roots = np.bincount(places, weights=values) / counts, np.sqrt(counts)[:, None]
    within = np.zeros((1, width + 1))
    within[0, -1] = np.linalg.norm(values - means[places])
    indicators = [np.eye(int(codes.max()) + 1)[codes[first]] for codes in groups]
    rows = np.vstack([roots * np.hstack([fixed[first], *indicators, means[:, None]]), within])
    (triangle,) = linalg.qr(rows, mode="r")
    triangle = triangle[: triangle.shape[1]]
    p = fixed.shape[1]
    ends = p + np.cumsum([part.shape[1] for part in indicators])
    return ReducedData(
        rows=len(values),
        fixed=triangle[:, :p],
        groups=tuple(np.split(triangle[:, p:-1], ends[:-1] - p, axis=1)),
        values=triangle[:, -1],
    )


def covariance_factor(groups: Sequence[_Array], ratios: _Array) -> _Array:
    """Return the lower Cholesky factor of H; shape (m, m)."""
    scaled = np.hstack([np.sqrt(ratio) * group for ratio, group in zip(ratios, groups, strict=True)])
    return np.asarray(np.linalg.cholesky(np.eye(len(scaled)) + scaled @ scaled.T), dtype=np.float64)


def likelihood_at(data: ReducedData, ratios: _Array) -> Likelihood:
    """Return the likelihood at variance ratios; shape (groups,)."""
    groups, values = data.contrasts
    factor = covariance_factor(groups, ratios)
    whitened = [linalg.solve_triangular(factor, group, lower=True) for group in groups]
    residual = linalg.solve_triangular(factor, values, lower=True)
    square = float(residual @ residual)
    crossed = [[left.T @ right for right in whitened] for left in whitened]
    scores = [part.T @ residual for part in whitened]
    count = len(groups)
    slopes = np.array([score @ score for score in scores]) / square
    gradient = np.array([np.trace(crossed[k][k]) for k in range(count)]) - data.df * slopes
    hessian = np.array(
        [
            [
                -np.sum(crossed[i][j] ** 2)
                + data.df * (2.0 * (scores[i] @ crossed[i][j] @ scores[j]) / square - slopes[i] * slopes[j])
                for j in range(count)
            ]
            for i in range(count)
        ]
    )
    value = 2.0 * float(np.log(np.diag(factor)).sum()) + data.df * float(np.log(square))
    return Likelihood(value=value, gradient=gradient, hessian=hessian, variance=square / data.df)


def maximize(data: ReducedData) -> _Array:
    """Return the variance ratios of the largest likelihood, at least 0; shape (groups,).

    A projected Newton method (Bertsekas, "Projected Newton methods for optimization problems with simple constraints",
    SIAM Journal on Control and Optimization 20, 1982) in log(1 + r s) with s the mean size of a group.

    Raises:
        ConfigError: The components cannot be separated, or the residual variance is 0.
    """
    _check_separable(data)
    sizes = np.array([data.rows / group.shape[1] for group in data.groups])
    x = min(
        (np.full(len(sizes), start) for start in (0.3, 1.0, 2.5, 5.0)),
        key=lambda start: likelihood_at(data, np.expm1(start) / sizes).value,
    )
    found = _at(data, x, sizes)
    for _ in range(_STEPS):
        step = _newton_step(x, found)
        moved = _descend(data, x, found, step, sizes)
        if moved is None:
            break
        x, found = moved
        if (np.expm1(x) / sizes > _LARGEST_RATIO).any():
            raise ConfigError(
                "the residual variance of the mixed model is estimated as 0: the groups need more rows, or values that "
                "vary within them"
            )
    return np.asarray(np.expm1(x) / sizes, dtype=np.float64)


def _at(data: ReducedData, x: _Array, sizes: _Array) -> Likelihood:
    """Return the likelihood with derivatives by x = log(1 + r s)."""
    found = likelihood_at(data, np.expm1(x) / sizes)
    slope = np.exp(x) / sizes
    gradient = found.gradient * slope
    hessian = found.hessian * np.outer(slope, slope) + np.diag(gradient)
    return replace(found, gradient=gradient, hessian=hessian)


def _newton_step(x: _Array, found: Likelihood) -> _Array:
    """Return a step downhill in the ratios that are not held at 0."""
    free = (x > 0.0) | (found.gradient < 0.0)
    step = np.zeros_like(x)
    if not free.any():
        return step
    values, vectors = np.linalg.eigh(found.hessian[np.ix_(free, free)])
    # Where the likelihood is not convex, the direction of the eigenvector is still downhill.
    slope = found.gradient[free]
    least = max(1e-8 * float(np.abs(values).max()), 1e-6 * float(np.abs(slope).max()), 1e-300)
    step[free] = -vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), least))
    return step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))


def _descend(
    data: ReducedData, x: _Array, found: Likelihood, step: _Array, sizes: _Array
) -> tuple[_Array, Likelihood] | None:
    """Return the next point, or None at the minimum."""
    share = 1.0
    while float(np.abs(np.maximum(x + share * step, 0.0) - x).max(initial=0.0)) > _CONVERGED:
        moved = np.maximum(x + share * step, 0.0)
        reached = _at(data, moved, sizes)
        if reached.value < found.value:
            return moved, reached
        share *= 0.5
    return None


def _check_separable(data: ReducedData) -> None:
    """Check that the components' information is not singular: no factor repeats another one, or the rows."""
    groups, _ = data.contrasts
    parts = [group.T @ group for group in groups]
    count = len(groups)
    information = np.full((count + 1, count + 1), float(data.df))
    for i in range(count):
        information[i, count] = information[count, i] = np.trace(parts[i])
        for j in range(count):
            information[i, j] = np.sum((groups[i].T @ groups[j]) ** 2)
    roots = np.sqrt(np.diag(information))
    if (roots <= _FLAT * np.sqrt(data.df)).any() or np.linalg.eigvalsh(information / np.outer(roots, roots))[0] < _FLAT:
        raise ConfigError(
            "the variance components of the mixed model cannot be separated: each grouping factor needs levels with "
            "several rows, and none may repeat another grouping factor or a fixed factor"
        )
