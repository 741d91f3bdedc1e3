"""Means and differences of means with 95 % confidence intervals.

- **Mean**: Student's t interval on a scale without skewness (Hall, "On the removal of skewness by transformation",
  Journal of the Royal Statistical Society B 54, 1992): a cubic function of the t statistic removes the skewness's
  effect. For symmetric samples it is Student's interval ("The probable error of a mean", Biometrika 6, 1908). The third
  cumulant is estimated without bias by Fisher's k-statistic ("Moments and product moments of sampling distributions",
  Proceedings of the London Mathematical Society 30, 1930). Fewer than `ENOUGH_FOR_SKEWNESS` values estimate the
  skewness poorly. Their interval has the quantiles of 97 %, of 98 % for 6 values and of 98.5 % for 5. It covers 96 to
  97.5 % of normal means, and at least 92 % of lognormal means (sigma 1).
- **Mean of a point of a curve** (`student_interval`): Student's t interval, and for a share (`share_interval`)
  Student's t interval on the logit scale (Korn and Graubard, "Analysis of Health Surveys", 1999, section 3.2). The runs
  are the clusters, as in `svyciprop(method = "logit")` of R's package survey. Both are for bands of curves, over the
  runs of a condition or the agents of a generation. A cubic transformation of about ten values follows single values so
  closely that a band would jump, and with five or six values the interval can be several times as long as Student's.
- **Paired difference**: Student's t interval of the differences. The p-value of the paired t test belongs to it.
- **Difference of independent means**: Welch's t interval ("The generalization of Student's problem when several
  different population variances are involved", Biometrika 34, 1947). The p-value of Welch's test belongs to it.

An interval is withheld, with the reason, if the values do not show how far the mean may be off:

- a mean of fewer than `FEWEST_FOR_MEAN` values;
- a difference with a sample of one value;
- a difference of independent samples with a skewness above the bound of `skewness`;
- equal values;
- values of which more than half equal the largest, or the smallest, and fewer than `FEWEST_OTHERS` differ from it. They
  occur where a measure reaches its limit in most episodes. Their variance is too small in most samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.statistics.skewness import skewed
from clau_doom.statistics.student_t import half_width

__all__ = [
    "CONFIDENCE",
    "ENOUGH_FOR_SKEWNESS",
    "FEWEST_FOR_MEAN",
    "FEWEST_OTHERS",
    "Interval",
    "concentration",
    "difference_interval",
    "mean_interval",
    "share_interval",
    "student_interval",
    "unpaired_interval",
]

CONFIDENCE = 0.95
"""Nominal coverage of the intervals."""

FEWEST_FOR_MEAN = 5
"""Smallest number of values whose mean has an interval."""

ENOUGH_FOR_SKEWNESS = 10
"""Smallest number of values that estimate the skewness well enough for quantiles of 95 %."""

FEWEST_OTHERS = 5
"""Smallest number of other values, if more than half of the values equal the largest or the smallest."""

_LEVELS = {5: 0.985, 6: 0.98, 7: 0.97, 8: 0.97, 9: 0.97}  # of the quantiles for fewer than `ENOUGH_FOR_SKEWNESS` values
_SYMMETRIC = 1e-6  # below it the cubic transformation is linear within rounding
_ROUNDING = 1e-9  # relative to the largest value; values that differ by less are equal


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A mean, or a difference of means, with its 95 % confidence interval.

    Attributes:
        mean: The mean of the values, or the difference.
        low: Lower end of the interval, or None if it is withheld.
        high: Upper end, or None.
        n: Number of values, or of pairs; of two samples, the size of the smaller.
        reason: The reason why the interval is withheld, or empty.
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    reason: str = ""

    def excludes(self, value: float) -> bool:
        """Return whether `value` lies outside the interval; False without an interval."""
        return self.low is not None and self.high is not None and not self.low <= value <= self.high


def mean_interval(values: Sequence[float], *, largest: float | None = None) -> Interval:
    """Return the mean with its interval.

    Args:
        values: Independent observations.
        largest: Magnitude relative to which values are equal; that of the largest value if None.

    Raises:
        ValueError: There are no values, or one of them is not finite.
    """
    mean, n = _mean(values), len(values)
    if few := _few(values, largest):
        return Interval(mean=mean, low=None, high=None, n=n, reason=few)
    deviations = [value - mean for value in values]
    scale = math.hypot(*deviations) / math.sqrt(n)  # squares of very small or large values are not floats
    skewness = math.fsum((each / scale) ** 3 for each in deviations) * n / ((n - 1) * (n - 2))
    reach = half_width(n - 1, _LEVELS.get(n, CONFIDENCE))
    error = scale / math.sqrt(n - 1)
    return Interval(
        mean=mean,
        low=mean - error * _untransformed(reach, skewness, n),
        high=mean - error * _untransformed(-reach, skewness, n),
        n=n,
    )


def student_interval(values: Sequence[float]) -> Interval:
    """Return the mean with Student's t interval, without a correction for skewness.

    Args:
        values: Independent observations.

    Raises:
        ValueError: There are no values, or one of them is not finite.
    """
    mean, n = _mean(values), len(values)
    if few := _few(values, None):
        return Interval(mean=mean, low=None, high=None, n=n, reason=few)
    reach = half_width(n - 1, CONFIDENCE) * _deviation(values) / math.sqrt(n)
    return Interval(mean=mean, low=mean - reach, high=mean + reach, n=n)


def share_interval(shares: Sequence[float]) -> Interval:
    """Return the mean of shares with Student's t interval on the logit scale, within 0 to 1.

    The standard error on the logit scale is that of the mean over m (1 - m), with the mean m (delta method).

    Args:
        shares: Independent shares, 0 to 1.

    Raises:
        ValueError: There are no shares, or one of them is not within 0 to 1.
    """
    mean, n = _mean(shares), len(shares)
    if not all(0.0 <= share <= 1.0 for share in shares):
        raise ValueError(f"{next(share for share in shares if not 0.0 <= share <= 1.0)!r} is not within 0 to 1")
    if few := _few(shares, 1.0):
        return Interval(mean=mean, low=None, high=None, n=n, reason=few)
    reach = half_width(n - 1, CONFIDENCE) * _deviation(shares) / math.sqrt(n) / (mean * (1.0 - mean))
    logit = math.log(mean / (1.0 - mean))
    low, high = (1.0 / (1.0 + math.exp(-(logit + side * reach))) for side in (-1.0, 1.0))
    return Interval(mean=mean, low=low, high=high, n=n)


def difference_interval(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Return the mean difference, ours minus theirs, of two agents on the same seeds.

    Args:
        ours: Values of one agent, by seed.
        theirs: Values of the other, on the same seeds in the same order.

    Raises:
        ValueError: The numbers of values differ, there are none, or one is not finite.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} values cannot be paired with {len(theirs)}: both must play the same seeds")
    differences = [our - their for our, their in zip(ours, theirs, strict=True)]
    mean, n = _mean(differences), len(differences)
    # Rounding of the differences depends on the values' size.
    few = "1 pair" if n < 2 else concentration(differences, largest=max(map(abs, (*ours, *theirs))))
    if few:
        return Interval(mean=mean, low=None, high=None, n=n, reason=few)
    reach = half_width(n - 1, CONFIDENCE) * _deviation(differences) / math.sqrt(n)
    return Interval(mean=mean, low=mean - reach, high=mean + reach, n=n)


def unpaired_interval(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Return the difference of the means of two independent samples, ours minus theirs, with its interval.

    Args:
        ours: Values of one agent.
        theirs: Values of the other, on other seeds.

    Raises:
        ValueError: A sample has no values, or one of them is not finite.
    """
    mean, n = _mean(ours) - _mean(theirs), min(len(ours), len(theirs))
    few = "a sample of 1 value" if n < 2 else concentration(ours) or concentration(theirs) or skewed([ours, theirs])
    if few:
        return Interval(mean=mean, low=None, high=None, n=n, reason=few)
    errors = [_deviation(values) / math.sqrt(len(values)) for values in (ours, theirs)]
    error, sizes = math.hypot(*errors), (len(ours), len(theirs))
    freedom = 1.0 / sum((each / error) ** 4 / (size - 1) for each, size in zip(errors, sizes, strict=True))
    reach = half_width(freedom, CONFIDENCE) * error
    return Interval(mean=mean, low=mean - reach, high=mean + reach, n=n)


def concentration(values: Sequence[float], *, largest: float | None = None) -> str:
    """Return the reason why values at a limit forbid an interval of their mean, or an empty text.

    Args:
        values: At least two values.
        largest: Magnitude relative to which values are equal; that of the largest value if None.
    """
    n, low, high = len(values), min(values), max(values)
    tolerance = _ROUNDING * (max(abs(low), abs(high)) if largest is None else largest)
    if high - low <= tolerance:
        return f"all {n} values are equal"
    for limit, name in ((high, "largest"), (low, "smallest")):
        equal = sum(abs(value - limit) <= tolerance for value in values)
        if 2 * equal > n and n - equal < FEWEST_OTHERS:
            return f"{equal} of {n} values equal the {name}"
    return ""


def _few(values: Sequence[float], largest: float | None) -> str:
    """Return the reason why a mean has no interval, or an empty text."""
    n = len(values)
    return (
        f"{n} of at least {FEWEST_FOR_MEAN} values" if n < FEWEST_FOR_MEAN else concentration(values, largest=largest)
    )


def _untransformed(t: float, skewness: float, n: int) -> float:
    """Return the t statistic whose transformed value is `t`: the inverse of Hall's cubic g(T)."""
    third = skewness / 3.0
    shifted = t / math.sqrt(n) - skewness / (6.0 * n)
    if abs(third) < _SYMMETRIC:
        return math.sqrt(n) * shifted
    return math.sqrt(n) * (math.cbrt(1.0 + 3.0 * third * shifted) - 1.0) / third


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise ValueError("the mean of no values is undefined")
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"{next(value for value in values if not math.isfinite(value))!r} is not a finite number")
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.hypot(*(value - mean for value in values)) / math.sqrt(len(values) - 1)
