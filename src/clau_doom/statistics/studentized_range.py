"""Distribution of the studentized range, fast for many values with one number of groups.

The distribution function is the double integral of Copenhaver and Holland ("Computation of the distribution of the
maximum studentized range statistic", Journal of Statistical Computation and Simulation 30, 1988):

    P(q; k, v) = ∫ f(s; v) W(q s; k) ds,   W(w; k) = k ∫ φ(z) [Φ(z) - Φ(z - w)]^(k - 1) dz

with f the density of a standard deviation with v degrees of freedom. Both integrals use Gauss-Legendre quadrature. The
probability of the range W is evaluated once for each k on Chebyshev points, and read from a spline afterwards. For two
groups Q is √2 |t|.
"""

from functools import cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import interpolate, special

__all__ = ["quantile", "tail_probability"]

_Values = NDArray[np.float64]

_Z_NODES, _Z_WEIGHTS = np.polynomial.legendre.leggauss(200)
_S_NODES, _S_WEIGHTS = np.polynomial.legendre.leggauss(200)
_LARGEST_RANGE = 40.0  # W differs from 1 by less than a double's precision beyond 20 for all k that are compared
_DEGREE = 160
_KNOTS = 16_385  # the error of a cubic spline through them is below 1e-14
_NEGLIGIBLE = 1e-17
_KNOWN = 1e15  # degrees of freedom at which t is normal; the functions of t do not accept infinity
_MOST_STEPS, _CONVERGED = 50, 1e-12
_LARGEST_DF = 25_000.0  # as R's ptukey: beyond it the standard deviation counts as known


def tail_probability(q: _Values, groups: int, df: _Values) -> _Values:
    """Return P(Q > q) for each value.

    Args:
        q: Studentized ranges, at least 0; shape (values,).
        groups: Number of groups, at least 2.
        df: Degrees of freedom of each, above 0; shape (values,).
    """
    q, df = np.broadcast_arrays(np.asarray(q, dtype=np.float64), np.asarray(df, dtype=np.float64))
    if groups == 2:
        return np.asarray(2.0 * special.stdtr(np.minimum(df, _KNOWN), -q / np.sqrt(2.0)), dtype=np.float64)
    return _tail(q, groups, df, *_deviations(df))


def quantile(probability: float, groups: int, df: _Values) -> _Values:
    """Return the values that studentized ranges exceed with a probability of 1 - `probability`.

    Args:
        probability: Between 0 and 1.
        groups: Number of groups, at least 2.
        df: Degrees of freedom, above 0; shape (values,).
    """
    tail, df = 1.0 - probability, np.asarray(df, dtype=np.float64)
    pairs = groups * (groups - 1) // 2
    # Bonferroni's inequality: the tail lies between those of one pair and of all pairs.
    low, high = (-np.sqrt(2.0) * special.stdtrit(np.minimum(df, _KNOWN), 0.5 * tail / count) for count in (1, pairs))
    if groups == 2:
        return np.asarray(low, dtype=np.float64)
    s, weights = _deviations(df)

    def excess(q: _Values) -> _Values:
        return np.asarray(np.log(_tail(q, groups, df, s, weights) / tail), dtype=np.float64)

    before, q = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    excess_before, found = excess(before), excess(q)
    for _ in range(_MOST_STEPS):  # the secant method: the logarithm of the tail is smooth and nearly straight
        slope = (found - excess_before) / np.where(q == before, 1.0, q - before)
        step = np.divide(found, slope, out=np.zeros_like(found), where=slope != 0.0)
        before, excess_before = q, found
        q = np.clip(q - step, low, high)
        found = excess(q)
        if np.abs(step).max() <= _CONVERGED * np.abs(q).max():
            break
    return q


def _deviations(df: _Values) -> tuple[_Values, _Values]:
    """Return nodes and weights of the integral over the standard deviation, each of shape (values, nodes)."""
    half = 0.5 * np.minimum(df, _LARGEST_DF)[..., None]
    # The density of s² df is chi-squared; s is integrated over all but a negligible tail.
    # Integrated over log s: with few degrees of freedom the density is steep at 0.
    low = 0.5 * np.log(np.maximum(special.gammaincinv(half, _NEGLIGIBLE), 1e-30) / half)
    high = 0.5 * np.log(special.gammainccinv(half, _NEGLIGIBLE) / half)
    log_s = 0.5 * (high - low) * _S_NODES + 0.5 * (high + low)
    s = np.exp(log_s)
    log_density = np.log(2.0) + half * np.log(half) - special.gammaln(half) + 2.0 * half * log_s - half * s * s
    return s, 0.5 * (high - low) * _S_WEIGHTS * np.exp(log_density)


def _tail(q: _Values, groups: int, df: _Values, s: _Values, weights: _Values) -> _Values:
    inside = (weights * _range_tail(q[..., None] * s, groups)).sum(axis=-1)
    known = df > _LARGEST_DF
    if known.any():
        inside = np.where(known, _range_tail(q, groups), inside)
    return np.where(q > 0.0, np.clip(inside, 0.0, 1.0), 1.0)


def _range_tail(widths: _Values, groups: int) -> _Values:
    """Return the probability that the range of normal values exceeds each width."""
    inside = np.minimum(widths, _LARGEST_RANGE)
    return np.asarray(_spline(groups)(np.sqrt(inside / _LARGEST_RANGE)), dtype=np.float64)


@cache
def _spline(groups: int) -> interpolate.CubicSpline:
    """Return the tail of the range as a function of √(w / largest)."""
    knots = np.linspace(0.0, 1.0, _KNOTS)
    return interpolate.CubicSpline(knots, chebyshev.chebval(2.0 * knots - 1.0, _coefficients(groups)))


@cache
def _coefficients(groups: int) -> _Values:
    """Return the Chebyshev coefficients of the tail of the range as a function of 2 √(w / largest) - 1."""
    points = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    widths = _LARGEST_RANGE * (0.5 * (points + 1.0)) ** 2
    found = chebyshev.chebfit(points, _exact_range_tail(widths, groups), _DEGREE)
    return np.asarray(found, dtype=np.float64)


def _exact_range_tail(widths: _Values, groups: int) -> _Values:
    z = 9.0 * _Z_NODES  # the largest value of `groups` lies in [-9, 9] but for 1e-17
    inside = special.ndtr(z) - special.ndtr(z - widths[:, None])
    density = groups * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    # 1 - W, written by differences so that small tails keep their digits.
    whole = special.ndtr(z) ** (groups - 1)
    rest = whole - inside ** (groups - 1)
    return np.asarray(9.0 * (_Z_WEIGHTS * density * rest).sum(axis=1), dtype=np.float64)
