"""Performance profile of one sample, with exact intervals.

The number of values above a threshold is binomial, so that each share has the interval of Clopper and Pearson ("The use
of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934). It covers at least
95 %, also where no value or all values are above the threshold. A bootstrap interval has no width there.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.rliable_aggregates import PerformanceProfile

__all__ = ["binomial_profile"]


def binomial_profile(values: Sequence[float], thresholds: Sequence[float]) -> PerformanceProfile:
    """Return the share of independent values above each threshold, with pointwise 95 % intervals.

    Args:
        values: At least one value.
        thresholds: The thresholds, ascending.
    """
    n, tail = len(values), (1.0 - CONFIDENCE) / 2.0
    above = (np.asarray(values)[:, None] > np.asarray(thresholds)).sum(axis=0)
    low = np.where(above == 0, 0.0, stats.beta.ppf(tail, np.maximum(above, 1), n - above + 1))
    high = np.where(above == n, 1.0, stats.beta.ppf(1.0 - tail, above + 1, np.maximum(n - above, 1)))
    return PerformanceProfile(
        thresholds=tuple(map(float, thresholds)),
        above=tuple((above / n).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        n=n,
    )
