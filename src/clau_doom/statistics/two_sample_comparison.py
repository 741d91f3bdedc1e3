"""Effect sizes, tests and power of the difference of two samples.

- **Cohen's d** is the difference of the means over the pooled standard deviation; **d_z** the mean of the paired
  differences over *their* standard deviation. d_z is the effect size of the paired test, and grows as pairing
  removes common noise (Cohen, "Statistical Power Analysis for the Behavioral Sciences", 2nd ed. 1988,
  sections 2.2 and 2.3).
- **Cliff's delta** is P(X > Y) - P(X < Y), from -1 to 1 (Cliff, "Dominance statistics", Psychological Bulletin 114,
  1993): it depends on ranks only and is robust to outliers. `superiority` describes its interval.
- The **test** is the paired t test if both samples have the same seeds, else Welch's t test (1947). The interval of the
  difference is that of the same test. If `intervals` withholds the interval, there is no test either.
- **Holm's** step-down correction ("A simple sequentially rejective multiple test procedure", Scandinavian Journal of
  Statistics 6, 1979) controls the family-wise error rate at 5 %.
- **Power** is that of the same t test for the observed effect. It is a function of the p-value
  (Hoenig and Heisey, "The abuse of power", The American Statistician 55, 2001). For planning, the
  smallest detectable effect and the required number of episodes are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower, TTestPower

from clau_doom.statistics.intervals import Interval, difference_interval, unpaired_interval
from clau_doom.statistics.rliable_aggregates import Estimate
from clau_doom.statistics.superiority import probability_of_superiority

__all__ = ["ALPHA", "POWER", "Contrast", "Sample", "compare", "episodes_needed", "holm", "power_of"]

ALPHA = 0.05
"""Significance level."""

POWER = 0.8
"""Target power, by convention."""

_MOST_EPISODES = 1_000_000
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
        cohen_d: The difference over the pooled standard deviation; None without variance.
        cohen_dz: The difference over the standard deviation of paired differences; None without variance or pairs.
        cliff_delta: Cliff's delta, from -1 (all of theirs are above ours) to 1.
        improvement: The probability that a value of ours is above one of theirs.
        test: Name of the test.
        p: Two-sided p-value; None if the interval of the difference is withheld.
        p_holm: The p-value after Holm's correction for the family, or None.
        power: Power of the test for the observed effect, or None.
        detectable: The smallest standardised effect (d_z if paired, else d) detected with a power of 80 %; None for
            fewer than two values.
        needed: Pairs, or episodes of each sample, for a power of 80 % at the observed effect; None for an effect of 0
            or above a million.
    """

    ours: str
    theirs: str
    paired: bool
    n: int
    n_theirs: int
    difference: Interval
    cohen_d: float | None
    cohen_dz: float | None
    cliff_delta: Estimate
    improvement: Estimate
    test: str
    p: float | None
    p_holm: float | None
    power: float | None
    detectable: float | None
    needed: int | None

    @property
    def effect(self) -> float | None:
        """The standardised effect: d_z of pairs, d of independent samples."""
        return self.cohen_dz if self.paired else self.cohen_d


def compare(ours: Sample, theirs: Sample, *, pair: bool = True) -> Contrast:
    """Compare two samples, paired by seed if half of the smaller sample's seeds are common.

    With fewer common seeds, or fewer than two, the samples are treated as independent.

    Args:
        ours: The first sample.
        theirs: The second sample.
        pair: Whether equal seeds may pair values.
    """
    other = dict(zip(theirs.seeds, theirs.values, strict=True))
    common = [(value, other[seed]) for seed, value in zip(ours.seeds, ours.values, strict=True) if seed in other]
    paired = pair and len(common) >= max(_PAIRS, min(len(ours.values), len(theirs.values)) / 2)
    us = np.array([our for our, _ in common] if paired else ours.values)
    them = np.array([their for _, their in common] if paired else theirs.values)
    difference = (difference_interval if paired else unpaired_interval)(us.tolist(), them.tolist())
    better = probability_of_superiority(us.tolist(), them.tolist())
    d, d_z = _cohen_d(us, them), _ratio(float(np.mean(us - them)), _deviation(us - them)) if paired else None
    effect = None if difference.reason else d_z if paired else d
    return Contrast(
        ours=ours.name,
        theirs=theirs.name,
        paired=paired,
        n=len(us),
        n_theirs=len(them),
        difference=difference,
        cohen_d=d,
        cohen_dz=d_z,
        cliff_delta=_delta(better),
        improvement=better,
        test="paired t test" if paired else "Welch's t test",
        p=_p_value(us, them, paired=paired) if effect is not None else None,
        p_holm=None,
        power=None if effect is None else power_of(effect, len(us), len(them), paired=paired),
        detectable=_detectable(len(us), len(them), paired=paired),
        needed=None if effect is None else episodes_needed(effect, paired=paired),
    )


def holm(contrasts: Sequence[Contrast]) -> tuple[Contrast, ...]:
    """Return the contrasts with p-values after Holm's correction; all of them are one family."""
    tested = [contrast.p for contrast in contrasts if contrast.p is not None]
    corrected = iter(multipletests(tested, alpha=ALPHA, method="holm")[1].tolist() if tested else [])
    return tuple(each if each.p is None else replace(each, p_holm=next(corrected)) for each in contrasts)


def power_of(effect: float, n: int, n_theirs: int, *, paired: bool) -> float:
    """Return the power of a two-sided t test at 5 %.

    Args:
        effect: d_z of pairs, or d of two independent samples.
        n: Pairs, or values of the first sample; at least 2.
        n_theirs: Values of the second.
        paired: Whether the test is paired.
    """
    if paired:
        found = TTestPower().power(abs(effect), n, ALPHA)
    else:
        found = TTestIndPower().power(abs(effect), n, ALPHA, ratio=n_theirs / n)
    # Far in the tail the distribution function returns NaN; the power is 1.
    return 1.0 if np.isnan(found) else min(float(found), 1.0)


def episodes_needed(effect: float, *, paired: bool) -> int | None:
    """Return the fewest pairs, or episodes of each sample, for a power of 80 %; None above a million."""
    low, high = 1, _MOST_EPISODES
    if power_of(effect, high, high, paired=paired) < POWER:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if power_of(effect, middle, middle, paired=paired) < POWER:
            low = middle
        else:
            high = middle
    return high


def _detectable(n: int, m: int, *, paired: bool) -> float | None:
    if min(n, m) < _PAIRS:
        return None
    low, high = 0.0, 1.0
    while power_of(high, n, m, paired=paired) < POWER:
        low, high = high, 2.0 * high
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if power_of(middle, n, m, paired=paired) < POWER else (low, middle)
    return high


def _p_value(us: _Values, them: _Values, *, paired: bool) -> float:
    if paired:
        return float(stats.ttest_rel(us, them).pvalue)
    # From means and deviations: with the values, scipy warns if one of the samples does not vary.
    moments = [(float(np.mean(values)), _deviation(values), len(values)) for values in (us, them)]
    return float(stats.ttest_ind_from_stats(*moments[0], *moments[1], equal_var=False).pvalue)


def _cohen_d(us: _Values, them: _Values) -> float | None:
    if min(len(us), len(them)) < _PAIRS:
        return None
    freedom = len(us) + len(them) - 2
    squares = (len(us) - 1) * _deviation(us) ** 2 + (len(them) - 1) * _deviation(them) ** 2
    return _ratio(float(np.mean(us) - np.mean(them)), float(np.sqrt(squares / freedom)))


def _deviation(values: _Values) -> float:
    if len(values) < _PAIRS:
        return 0.0
    found = float(np.std(values, ddof=1))
    return found if found > _ROUNDING * float(np.abs(values).max()) else 0.0


def _ratio(amount: float, per: float) -> float | None:
    return amount / per if per > 0.0 else None


def _delta(better: Estimate) -> Estimate:
    low, high = (None if end is None else 2.0 * end - 1.0 for end in (better.low, better.high))
    return Estimate(value=2.0 * better.value - 1.0, low=low, high=high, n=better.n, reason=better.reason)
