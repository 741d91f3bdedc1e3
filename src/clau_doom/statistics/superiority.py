"""Probability of superiority of one sample over another, with a score interval.

The probability of superiority is P(X > Y) + P(X = Y) / 2 for a value drawn from each sample: the Mann-Whitney U over
the number of pairs of values. It is also called the common language effect size and the probability of improvement;
Cliff's delta is 2 P - 1.

The interval is method 5 of Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney
statistic. Part 2: asymptotic methods and evaluation", Statistics in Medicine 25, 2006. It has a width even if all
values of one sample are above those of the other. For samples that share seeds it is conservative.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize, stats

from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.rliable_aggregates import Estimate

__all__ = ["probability_of_superiority"]

_TINY = 1e-12


def probability_of_superiority(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Return the probability that a value of ours is above one of theirs, with its interval.

    Args:
        ours: Values of one sample.
        theirs: Values of the other.

    Returns:
        The estimate; `n` is the number of our values. There is no interval if both samples have one value.

    Raises:
        ValueError: A sample has no values.
    """
    if not ours or not theirs:
        raise ValueError("a sample has no values")
    ranked = np.sort(np.asarray(theirs, dtype=np.float64))
    below, up_to = np.searchsorted(ranked, ours, "left"), np.searchsorted(ranked, ours, "right")
    value = float((below + up_to).sum()) / (2.0 * len(ours) * len(theirs))
    if len(ours) == len(theirs) == 1:
        return Estimate(value=value, low=None, high=None, n=1)
    low, high = _interval(value, len(ours), len(theirs))
    return Estimate(value=value, low=low, high=high, n=len(ours))


def _interval(value: float, n: int, m: int) -> tuple[float, float]:
    """Return the probabilities whose distance from `value` is as large as their standard error allows."""
    quantile = float(stats.norm.ppf((1.0 + CONFIDENCE) / 2.0))

    def excess(probability: float) -> float:
        return abs(value - probability) - quantile * math.sqrt(_variance(probability, n, m))

    low = 0.0 if value == 0.0 else optimize.brentq(excess, 0.0, min(value, 1.0 - _TINY))
    high = 1.0 if value == 1.0 else optimize.brentq(excess, max(value, _TINY), 1.0)
    return float(low), float(high)


def _variance(probability: float, n: int, m: int) -> float:
    """Return the variance of the estimate for exponential distributions, with the mean of both sizes."""
    extra = (n + m) / 2.0 - 1.0
    spread = (1.0 - probability) / (2.0 - probability) + probability / (1.0 + probability)
    return probability * (1.0 - probability) / (n * m) * (1.0 + extra * spread)
