"""Means with 95 % intervals: how far an observed mean can be trusted.

Two methods, chosen by the number of values alone:

- fewer than `BOOTSTRAP_FROM` values: Student's t (Student, "The probable error of a mean", Biometrika 6, 1908). With
  few values the bootstrap's intervals are too narrow, because resampling cannot show tails that the sample lacks.
- from there on: the bias-corrected and accelerated bootstrap, BCa (Efron, "Better bootstrap confidence intervals",
  Journal of the American Statistical Association 82, 1987), which follows the skew that fitness has in most scenarios
  where t assumes symmetry. Hesterberg ("What teachers should know about the bootstrap", The American Statistician 69,
  2015) finds even the plain percentile interval ahead of t for skewed values from about 34 on.

One value has no interval; equal values have one of no width.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

__all__ = [
    "BOOTSTRAP_FROM",
    "CONFIDENCE",
    "Interval",
    "difference_interval",
    "mean_interval",
    "student_interval",
    "unpaired_interval",
]

CONFIDENCE = 0.95
"""How often an interval made like this holds the true mean."""

BOOTSTRAP_FROM = 34
"""The number of values from which the bootstrap is used."""

_Values = NDArray[np.float64]

_RESAMPLES = 9_999
_ROUNDING = 1e-9  # a spread so much smaller than the values is rounding, and leaves the bootstrap nothing to resample


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A mean and the interval that holds the true one with 95 % confidence.

    Attributes:
        mean: The mean of the values.
        low: The interval's lower end, or None where one value gives none.
        high: Its upper end, or None.
        n: How many values there were.
    """

    mean: float
    low: float | None
    high: float | None
    n: int

    def excludes(self, value: float) -> bool:
        """Say whether `value` lies outside the interval; never when there is none."""
        return self.low is not None and self.high is not None and not self.low <= value <= self.high


def student_interval(values: Sequence[float]) -> Interval:
    """Return the mean with Student's t interval.

    Raises:
        ValueError: There are no values, or one of them is not finite.
    """
    mean, spread = _mean(values), _spread(values)
    if len(values) < 2:
        return Interval(mean=mean, low=None, high=None, n=len(values))
    reach = _student(len(values) - 1) * spread / math.sqrt(len(values))
    return Interval(mean=mean, low=mean - reach, high=mean + reach, n=len(values))


def mean_interval(values: Sequence[float], rng: np.random.Generator) -> Interval:
    """Return the mean with its interval, by the method that the module's text gives for this many values.

    Args:
        values: Independent observations.
        rng: Draws the resamples; one made from the experiment's seed makes the interval repeatable.

    Raises:
        ValueError: There are no values, or one of them is not finite.
    """
    if len(values) < BOOTSTRAP_FROM or _spread(values) <= _ROUNDING * max(abs(value) for value in values):
        return student_interval(values)
    low, high = _bootstrap([values], np.mean, rng)
    return Interval(mean=_mean(values), low=low, high=high, n=len(values))


def difference_interval(ours: Sequence[float], theirs: Sequence[float], rng: np.random.Generator) -> Interval:
    """Return the mean of the differences, ours minus theirs, of two contestants that played the same seeds.

    Args:
        ours: One contestant's values, by seed.
        theirs: The other's, on the same seeds in the same order.
        rng: As for `mean_interval`.

    Raises:
        ValueError: The two have not equally many values.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} values cannot be paired with {len(theirs)}: both must play the same seeds")
    return mean_interval([our - their for our, their in zip(ours, theirs, strict=True)], rng)


def unpaired_interval(ours: Sequence[float], theirs: Sequence[float], rng: np.random.Generator) -> Interval:
    """Return the difference of the means of two independent samples, ours minus theirs, with its interval.

    Welch's ("The generalization of Student's problem when several different population variances are involved",
    Biometrika 34, 1947) while either has fewer than `BOOTSTRAP_FROM` values, the bootstrap of both otherwise.

    Args:
        ours: One contestant's values.
        theirs: The other's, of episodes on seeds of their own.
        rng: As for `mean_interval`.

    Returns:
        The interval; its `n` is the number of values of the smaller sample.

    Raises:
        ValueError: A sample has no values, or one of them is not finite.
    """
    mean, n = _mean(ours) - _mean(theirs), min(len(ours), len(theirs))
    if n < 2:
        return Interval(mean=mean, low=None, high=None, n=n)
    spreads = [_spread(values) ** 2 / len(values) for values in (ours, theirs)]
    scale = max(abs(value) for values in (ours, theirs) for value in values)
    if math.sqrt(sum(spreads)) <= _ROUNDING * scale:
        return Interval(mean=mean, low=mean, high=mean, n=n)
    if n < BOOTSTRAP_FROM or min(spreads) == 0.0:
        sizes = (len(ours), len(theirs))
        freedom = sum(spreads) ** 2 / sum(part**2 / (size - 1) for part, size in zip(spreads, sizes, strict=True))
        reach = _student(freedom) * math.sqrt(sum(spreads))
        return Interval(mean=mean, low=mean - reach, high=mean + reach, n=n)
    low, high = _bootstrap([ours, theirs], _mean_difference, rng)
    return Interval(mean=mean, low=low, high=high, n=n)


def _student(freedom: float) -> float:
    """Return how many standard errors Student's interval reaches to either side."""
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def _bootstrap(
    samples: Sequence[Sequence[float]], statistic: Callable[..., _Values], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the ends of a statistic's BCa interval."""
    from scipy import stats  # noqa: PLC0415 - half a second, which a command that shows t intervals alone can do without

    result = stats.bootstrap(
        tuple(np.asarray(values, dtype=np.float64) for values in samples),
        statistic,
        n_resamples=_RESAMPLES,
        confidence_level=CONFIDENCE,
        method="BCa",
        rng=rng,
    )
    low, high = result.confidence_interval
    return float(low), float(high)


def _mean_difference(ours: _Values, theirs: _Values, axis: int) -> _Values:
    found: _Values = np.mean(ours, axis=axis) - np.mean(theirs, axis=axis)
    return found


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise ValueError("no values have no mean")
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"{next(value for value in values if not math.isfinite(value))!r} is no finite number")
    return math.fsum(values) / len(values)


def _spread(values: Sequence[float]) -> float:
    """Return the sample standard deviation; 0 for equal values, in spite of rounding, and for a single one."""
    mean = _mean(values)
    if min(values) == max(values):
        return 0.0
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
