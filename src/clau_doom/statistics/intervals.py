"""Means with 95 % confidence intervals, by one of two methods.

The number of values alone decides:

- fewer than `BOOTSTRAP_FROM` values: Student's t (Student, "The probable error of a mean", Biometrika 6, 1908). With
  few values bootstrap intervals are too narrow, because the sample does not show the tails.
- `BOOTSTRAP_FROM` values and more: the bias-corrected and accelerated bootstrap, BCa (Efron, "Better bootstrap
  confidence intervals", Journal of the American Statistical Association 82, 1987), which follows the skew of the
  values, where t assumes symmetry. Hesterberg ("What teachers should know about the bootstrap", The American
  Statistician 69, 2015) finds even the percentile interval better than t for skewed values from n = 34 on.

A single value has no interval; equal values have an interval of width 0.
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
"""Nominal coverage of the intervals."""

BOOTSTRAP_FROM = 34
"""The smallest number of values for the bootstrap."""

_Values = NDArray[np.float64]

_RESAMPLES = 9_999
_ROUNDING = 1e-9  # relative to the values; a smaller spread is rounding error


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A mean with its 95 % confidence interval.

    Attributes:
        mean: The mean of the values.
        low: Lower end of the interval, or None for a single value.
        high: Upper end, or None.
        n: Number of values.
    """

    mean: float
    low: float | None
    high: float | None
    n: int

    def excludes(self, value: float) -> bool:
        """Return whether `value` lies outside the interval; False without an interval."""
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
    """Return the mean with its interval; the module's docstring names the method.

    Args:
        values: Independent observations.
        rng: Generator of the resamples. Seed it from the experiment to make the interval repeatable.

    Raises:
        ValueError: There are no values, or one of them is not finite.
    """
    if len(values) < BOOTSTRAP_FROM or _spread(values) <= _ROUNDING * max(abs(value) for value in values):
        return student_interval(values)
    low, high = _bootstrap([values], np.mean, rng)
    return Interval(mean=_mean(values), low=low, high=high, n=len(values))


def difference_interval(ours: Sequence[float], theirs: Sequence[float], rng: np.random.Generator) -> Interval:
    """Return the mean difference, ours minus theirs, of two agents on the same seeds.

    Args:
        ours: Values of one agent, by seed.
        theirs: Values of the other, on the same seeds in the same order.
        rng: As for `mean_interval`.

    Raises:
        ValueError: The numbers of values differ.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} values cannot be paired with {len(theirs)}: both must play the same seeds")
    return mean_interval([our - their for our, their in zip(ours, theirs, strict=True)], rng)


def unpaired_interval(ours: Sequence[float], theirs: Sequence[float], rng: np.random.Generator) -> Interval:
    """Return the difference of the means of two independent samples, ours minus theirs, with its interval.

    Welch's interval ("The generalization of Student's problem when several different population variances are
    involved", Biometrika 34, 1947) if one sample has fewer than `BOOTSTRAP_FROM` values, else the bootstrap.

    Args:
        ours: Values of one agent.
        theirs: Values of the other, on other seeds.
        rng: As for `mean_interval`.

    Returns:
        The interval; `n` is the size of the smaller sample.

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
    """Return the half-width of Student's interval in standard errors."""
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def _bootstrap(
    samples: Sequence[Sequence[float]], statistic: Callable[..., _Values], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the ends of a statistic's BCa interval."""
    from scipy import stats  # noqa: PLC0415 - half a second, unused by commands with t intervals only

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
        raise ValueError("the mean of no values is undefined")
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"{next(value for value in values if not math.isfinite(value))!r} is not a finite number")
    return math.fsum(values) / len(values)


def _spread(values: Sequence[float]) -> float:
    """Return the sample standard deviation; 0 for equal values, in spite of rounding, and for a single one."""
    mean = _mean(values)
    if min(values) == max(values):
        return 0.0
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
