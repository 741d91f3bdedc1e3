"""Effect sizes, tests and sample sizes of the difference of two samples.

- **Hedges' g** of independent samples, g_av and g_z of pairs: `hedges_g` describes them and their intervals.
- **Cliff's delta** is P(X > Y) - P(X < Y), from -1 to 1 (Cliff, "Dominance statistics", Psychological Bulletin 114,
  1993): it depends on ranks only and is robust to outliers. `superiority` describes its interval.
- The **test** is the paired t test if both samples have the same seeds, else Welch's t test (1947). The interval of the
  difference is that of the same test. If `intervals` withholds the interval, there is no test either.
- **Holm's** step-down correction ("A simple sequentially rejective multiple test procedure", Scandinavian Journal of
  Statistics 6, 1979) controls the family-wise error rate at 5 %.
- **Sample sizes** for planning: the number of values that would show a difference of a given margin with a power of
  80 %, and the smallest difference that the present number would show. The power is that of the same test for normal
  values. It follows the noncentral t distribution, for Welch's test with Welch's degrees of freedom (Moser, Stevens and
  Watts, "The two-sample t test versus Satterthwaite's approximate F test", Communications in Statistics A 18, 1989;
  Cohen 1988, chapter 2). Power and sample size for the observed difference are not given, because they are functions of
  the p-value (Hoenig and Heisey, "The abuse of power", The American Statistician 55, 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.power import ttest_power

from clau_doom.statistics.difference_tests import holm_adjusted
from clau_doom.statistics.hedges_g import HedgesG, independent_g, paired_g, paired_gz, without_interval
from clau_doom.statistics.intervals import Interval, difference_interval, unpaired_interval
from clau_doom.statistics.rliable_aggregates import Estimate
from clau_doom.statistics.superiority import probability_of_superiority

__all__ = [
    "ALPHA",
    "POWER",
    "Contrast",
    "Sample",
    "compare",
    "detectable_difference",
    "holm",
    "power_of",
    "values_needed",
]

ALPHA = 0.05
"""Significance level."""

POWER = 0.8
"""Target power, by convention."""

_MOST_VALUES = 1_000_000
_ROUNDING = 1e-9  # relative to the values; a smaller spread is rounding error
_PAIRS = 2  # fewest common seeds of a paired test


_Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Episodes of one agent.

    Attributes:
        name: The agent's name.
        seeds: The seed of each episode, all different.
        values: The fitness of each episode, in the same order.
    """

    name: str
    seeds: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """Comparison of two samples.

    Attributes:
        ours: Name of the first sample.
        theirs: Name of the second sample.
        paired: Whether values are paired by seed; else the samples are independent.
        n: Number of pairs, or of our episodes if not paired.
        n_theirs: Number of pairs, or of their episodes.
        difference: Our mean minus theirs.
        hedges_g: Hedges' g, of pairs g_av; None without variance. Its interval is withheld with that of the difference.
        hedges_gz: g_z of pairs; None without variance or pairs.
        cliff_delta: Cliff's delta, from -1 (all of theirs are above ours) to 1.
        improvement: The probability that a value of ours is above one of theirs.
        test: Name of the test.
        p: Two-sided p-value; None if the interval of the difference is withheld.
        p_holm: The p-value after Holm's correction for the family, or None.
        detectable: The smallest difference that n values with these standard deviations would show with a power of
            80 %; None if the interval is withheld.
        needed: Pairs, or values of each sample, that would show a true difference of the margin with a power of 80 %;
            None without a margin, if the interval is withheld, or above a million.
    """

    ours: str
    theirs: str
    paired: bool
    n: int
    n_theirs: int
    difference: Interval
    hedges_g: HedgesG | None
    hedges_gz: HedgesG | None
    cliff_delta: Estimate
    improvement: Estimate
    test: str
    p: float | None
    p_holm: float | None
    detectable: float | None
    needed: int | None

    @property
    def shown(self) -> bool:
        """Whether a difference is shown at 5 %, after the correction for the family."""
        return self.p_holm is not None and self.p_holm < ALPHA

    @property
    def effect(self) -> HedgesG | None:
        """The standardised effect of the test: g_z of pairs, g of independent samples."""
        return self.hedges_gz if self.paired else self.hedges_g


def compare(ours: Sample, theirs: Sample, *, pair: bool = True, margin: float | None = None) -> Contrast:
    """Compare two samples, paired by seed if half of the smaller sample's seeds are common.

    With fewer common seeds, or fewer than two, the samples are treated as independent.

    Args:
        ours: The first sample.
        theirs: The second sample.
        pair: Whether equal seeds may pair values.
        margin: Smallest difference of interest, above 0, for the number of values that would show it; or None.
    """
    other = dict(zip(theirs.seeds, theirs.values, strict=True))
    common = [(value, other[seed]) for seed, value in zip(ours.seeds, ours.values, strict=True) if seed in other]
    paired = pair and len(common) >= max(_PAIRS, min(len(ours.values), len(theirs.values)) / 2)
    us = np.array([our for our, _ in common] if paired else ours.values)
    them = np.array([their for _, their in common] if paired else theirs.values)
    difference = (difference_interval if paired else unpaired_interval)(us.tolist(), them.tolist())
    better = probability_of_superiority(us.tolist(), them.tolist())
    g = (paired_g if paired else independent_g)(us.tolist(), them.tolist())
    g_z = paired_gz(us.tolist(), them.tolist()) if paired else None
    deviations = (_deviation(us - them),) if paired else (_deviation(us), _deviation(them))
    tested = not difference.reason and any(deviations)
    return Contrast(
        ours=ours.name,
        theirs=theirs.name,
        paired=paired,
        n=len(us),
        n_theirs=len(them),
        difference=difference,
        hedges_g=g if g is None or tested else without_interval(g),
        hedges_gz=g_z if g_z is None or tested else without_interval(g_z),
        cliff_delta=_delta(better),
        improvement=better,
        test="paired t test" if paired else "Welch's t test",
        p=_p_value(us, them, paired=paired) if tested else None,
        p_holm=None,
        detectable=detectable_difference(*_standard_error(deviations, (len(us), len(them)))) if tested else None,
        needed=None if margin is None or not tested else values_needed(margin, deviations),
    )


def holm(contrasts: Sequence[Contrast]) -> tuple[Contrast, ...]:
    """Return the contrasts with p-values after Holm's correction; all of them are one family, even without a test."""
    corrected = holm_adjusted([each.p for each in contrasts])
    return tuple(replace(each, p_holm=p) for each, p in zip(contrasts, corrected, strict=True))


def power_of(difference: float, deviations: Sequence[float], sizes: Sequence[int]) -> float:
    """Return the power of a two-sided t test of normal values at 5 %.

    Args:
        difference: The true difference of the means.
        deviations: The standard deviation of the paired differences, or those of two independent samples.
        sizes: The number of pairs, or of the values of each sample; at least 2.
    """
    error, freedom = _standard_error(deviations, sizes)
    return _power(difference / error, freedom)


def values_needed(difference: float, deviations: Sequence[float]) -> int | None:
    """Return the fewest pairs, or values of each sample, for a power of 80 %; None above a million.

    Args:
        difference: The true difference of the means.
        deviations: The standard deviation of the paired differences, or those of two independent samples.
    """
    low, high = 1, _MOST_VALUES
    if power_of(difference, deviations, (high, high)) < POWER:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if power_of(difference, deviations, (middle, middle)) < POWER:
            low = middle
        else:
            high = middle
    return high


def detectable_difference(error: float, freedom: float) -> float:
    """Return the smallest true difference that a two-sided t test at 5 % shows with a power of 80 %.

    Args:
        error: Standard error of the difference, above 0.
        freedom: Degrees of freedom of the standard error, above 0.
    """
    low, high = 0.0, 1.0  # in standard errors
    while _power(high, freedom) < POWER:
        low, high = high, 2.0 * high
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _power(middle, freedom) < POWER else (low, middle)
    return high * error


def _standard_error(deviations: Sequence[float], sizes: Sequence[int]) -> tuple[float, float]:
    """Return the standard error of the difference, and Welch's degrees of freedom; n - 1 for one sample of pairs."""
    # In units of the largest deviation, so that squares of small ones are not 0.
    unit = max(deviations)
    parts = [((deviation / unit) ** 2 / n, n - 1) for deviation, n in zip(deviations, sizes, strict=False)]
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / sum(part**2 / free for part, free in parts)
    return unit * float(np.sqrt(variance)), float(freedom)


def _power(shift: float, freedom: float) -> float:
    """Return the power for a difference in standard errors."""
    found = ttest_power(abs(shift), 1, ALPHA, df=freedom)
    # Far in the tail the distribution function returns NaN; the power is 1.
    return 1.0 if np.isnan(found) else min(float(found), 1.0)


def _p_value(us: _Values, them: _Values, *, paired: bool) -> float:
    if paired:
        return float(stats.ttest_rel(us, them).pvalue)
    # From means and deviations: with the values, scipy warns if one of the samples does not vary.
    moments = [(float(np.mean(values)), _deviation(values), len(values)) for values in (us, them)]
    return float(stats.ttest_ind_from_stats(*moments[0], *moments[1], equal_var=False).pvalue)


def _deviation(values: _Values) -> float:
    if len(values) < _PAIRS:
        return 0.0
    found = float(np.std(values, ddof=1))
    return found if found > _ROUNDING * float(np.abs(values).max()) else 0.0


def _delta(better: Estimate) -> Estimate:
    low, high = (None if end is None else 2.0 * end - 1.0 for end in (better.low, better.high))
    return Estimate(value=2.0 * better.value - 1.0, low=low, high=high, n=better.n, reason=better.reason)
