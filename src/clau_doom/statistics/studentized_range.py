"""Distribution of the studentized range, fast for many values with one number of groups.

The distribution function is the double integral of Copenhaver and Holland ("Computation of the distribution of the
maximum studentized range statistic", Journal of Statistical Computation and Simulation 30, 1988):

    P(q; k, v) = ∫ f(s; v) W(q s; k) ds,   W(w; k) = k ∫ φ(z) [Φ(z) - Φ(z - w)]^(k - 1) dz

with f the density of a standard deviation with v degrees of freedom. Both integrals use Gauss-Legendre quadrature. The
probability of the range W is evaluated once for each k on Chebyshev points and interpolated.
"""

from functools import cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import optimize, special

__all__ = ["quantile", "tail_probability"]

_Values = NDArray[np.float64]

_Z_NODES, _Z_WEIGHTS = np.polynomial.legendre.leggauss(200)
_S_NODES, _S_WEIGHTS = np.polynomial.legendre.leggauss(200)
_LARGEST_RANGE = 40.0  # W differs from 1 by less than a double's precision beyond 20 for all k that are compared
_DEGREE = 160
_NEGLIGIBLE = 1e-17
_LARGEST_DF = 25_000.0  # as R's ptukey: beyond it the standard deviation counts as known


def tail_probability(q: _Values, groups: int, df: _Values) -> _Values:
    """Return P(Q > q) for each value.

    Args:
        q: Studentized ranges, at least 0; shape (values,).
        groups: Number of groups, at least 2.
        df: Degrees of freedom of each, above 0; shape (values,).
    """
    q, df = np.broadcast_arrays(np.asarray(q, dtype=np.float64), np.asarray(df, dtype=np.float64))
    found = np.empty(q.shape)
    for place, (value, freedom) in enumerate(zip(q.flat, df.flat, strict=True)):
        found.flat[place] = _tail(float(value), groups, float(freedom))
    return found


def quantile(probability: float, groups: int, df: float) -> float:
    """Return the value that a studentized range exceeds with a probability of 1 - `probability`.

    Args:
        probability: Between 0 and 1.
        groups: Number of groups, at least 2.
        df: Degrees of freedom, above 0.
    """
    tail, high = 1.0 - probability, 8.0
    while _tail(high, groups, df) > tail:
        high *= 2.0
    return float(optimize.brentq(lambda q: _tail(q, groups, df) - tail, 0.0, high, xtol=1e-12))


def _tail(q: float, groups: int, df: float) -> float:
    if q <= 0.0:
        return 1.0
    if df > _LARGEST_DF:
        return float(_range_tail(np.array([q]), groups)[0])
    # The density of s² df is chi-squared; s is integrated over all but a negligible tail.
    # Integrated over log s: with few degrees of freedom the density is steep at 0.
    low = 0.5 * np.log(max(special.gammaincinv(0.5 * df, _NEGLIGIBLE), 1e-30) / (0.5 * df))
    high = 0.5 * np.log(special.gammainccinv(0.5 * df, _NEGLIGIBLE) / (0.5 * df))
    s = np.exp(0.5 * (high - low) * _S_NODES + 0.5 * (high + low))
    half = 0.5 * df
    log_density = np.log(2.0) + half * np.log(half) - special.gammaln(half) + df * np.log(s) - half * s * s
    weights = 0.5 * (high - low) * _S_WEIGHTS * np.exp(log_density)
    return float(np.clip(weights @ _range_tail(q * s, groups), 0.0, 1.0))


def _range_tail(widths: _Values, groups: int) -> _Values:
    """Return the probability that the range of normal values exceeds each width."""
    inside = np.minimum(widths, _LARGEST_RANGE)
    found = chebyshev.chebval(2.0 * np.sqrt(inside / _LARGEST_RANGE) - 1.0, _coefficients(groups))
    return np.asarray(found, dtype=np.float64)


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
