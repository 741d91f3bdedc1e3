"""Quantiles of Student's t distribution for confidence intervals.

With whole degrees of freedom, the distribution is a finite sum (Abramowitz and Stegun, "Handbook of Mathematical
Functions", 1964, equations 26.7.3 and 26.7.4), which Newton's method inverts. Commands such as `clau-doom status` need
no other function of `scipy.special`, whose import takes a third of a second.
"""

import math
from functools import lru_cache

__all__ = ["half_width"]

_LONGEST_SUM = 1_000  # degrees of freedom above which SciPy is faster than the sum
_PRECISION = 4e-16  # relative change of the last step
_MOST_STEPS = 50


@lru_cache(maxsize=1024)
def half_width(freedom: float, level: float) -> float:
    """Return the half-width of Student's confidence interval in standard errors.

    Args:
        freedom: Degrees of freedom, above 0.
        level: Confidence level, at least 0.5 and below 1.
    """
    if freedom > _LONGEST_SUM or freedom != int(freedom):
        from scipy.special import stdtrit  # noqa: PLC0415 - takes long to import

        return float(stdtrit(freedom, (1 + level) / 2))
    return _inverse(int(freedom), level)


def _inverse(freedom: int, level: float) -> float:
    # The coverage is concave, so that steps from below the solution stay below it.
    reach = 0.0
    for _ in range(_MOST_STEPS):
        step = (level - _coverage(reach, freedom)) / (2 * _density(reach, freedom))
        reach += step
        if abs(step) <= _PRECISION * reach:
            break
    return reach


def _coverage(reach: float, freedom: int) -> float:
    """Return the probability of a t statistic between -reach and reach."""
    angle = math.atan(reach / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    terms = [] if freedom == 1 else [term]
    for power in range(2 + odd, freedom - 1, 2):
        term *= cosine * cosine * (power - 1) / power
        terms.append(term)
    total = sine * math.fsum(terms)
    return 2 / math.pi * (angle + total) if odd else total


def _density(reach: float, freedom: int) -> float:
    log_scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)
    return math.exp(log_scale - (freedom + 1) / 2 * math.log1p(reach * reach / freedom))
