"""Correlation of paired values.

Pearson's correlation with Fisher's interval: a normal interval of the inverse hyperbolic tangent, with the standard
error 1 / sqrt(n - 3) (Fisher, "On the 'probable error' of a coefficient of correlation deduced from a small sample",
Metron 1, 1921). It assumes about bivariate normal values. SciPy computes both.
"""

import math
from collections.abc import Sequence

from scipy import stats

from clau_doom.statistics.rliable_aggregates import Estimate

__all__ = ["pair_correlation"]

_FEWEST_PAIRS = 4  # the standard error has n - 3 in the denominator


def pair_correlation(ours: Sequence[float], theirs: Sequence[float]) -> Estimate | None:
    """Return the correlation of pairs with its 95 % interval, or None for fewer than two pairs or a constant sample.

    Args:
        ours: Values by pair.
        theirs: Values of the same pairs, in the same order.

    Raises:
        ValueError: The numbers of values differ.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} values: give pairs")
    if len({*ours}) < 2 or len({*theirs}) < 2:
        return None
    found = stats.pearsonr(ours, theirs)
    value, n = float(found.statistic), len(ours)
    if not math.isfinite(value):
        return None
    if n < _FEWEST_PAIRS or abs(value) == 1.0:
        reason = f"{n} of at least {_FEWEST_PAIRS} pairs" if n < _FEWEST_PAIRS else "the pairs lie on a line"
        return Estimate(value=value, low=None, high=None, n=n, reason=reason)
    low, high = map(float, found.confidence_interval(0.95))
    return Estimate(value=value, low=low, high=high, n=n)
