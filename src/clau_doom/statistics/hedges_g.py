"""Hedges' g: standardised mean differences with intervals from the noncentral t distribution.

Cohen's d is a difference of means over a standard deviation, the standardizer. Hedges' g is d times the correction
J(df) = Γ(df/2) / (√(df/2) Γ((df - 1)/2)), which removes the bias of d in small samples (Hedges, "Distribution theory
for Glass's estimator of effect size and related estimators", Journal of Educational Statistics 6, 1981). df are the
degrees of freedom of the standardizer's variance.

| symbol | data | standardizer |
|---|---|---|
| g | independent samples | the root of the mean of both variances, or the pooled standard deviation of a linear model |
| g_av | pairs | the root of the mean of both variances |
| g_z | pairs | the standard deviation of the differences |

- With unequal variances and sizes, the pooled standard deviation depends on the sizes, and the mean variance does not
  (Delacre, Lakens, Ley, Liu and Leys, "Why Hedges' g*s based on the non-pooled standard deviation should be reported
  with Welch's t-test", PsyArXiv, 2021). Glass's Δ divides by the deviation of a control group, and needs one.
- g_av has the scale of g, and can be compared with studies of independent samples. g_z belongs to the paired test and
  grows with the correlation of the pairs (Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988,
  section 2.3).

**Interval.** The noncentrality of the t statistic has an interval by inversion of its distribution (Steiger and
Fouladi, "Noncentrality interval estimation and the evaluation of statistical models", 1997). The interval is scaled to
the population's difference in standard deviations, with the degrees of freedom of the test. It excludes 0 exactly if
the t test rejects. It is exact with a pooled standard deviation and for g_z, and approximate for g with the mean
variance (Delacre et al. 2021) and for g_av (Algina and Keselman, "Approximate confidence intervals for effect sizes",
Educational and Psychological Measurement 63, 2003). The interval is not multiplied by J: the product covers less than
its level in small samples. It is withheld for skewed values, with the bound of `skewness`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.skewness import too_skewed_to_standardize

__all__ = [
    "HedgesG",
    "hedges_correction",
    "hedges_g",
    "independent_g",
    "noncentrality_of_t",
    "paired_g",
    "paired_gz",
    "without_interval",
]

_ROUNDING = 1e-9  # relative to the values; a smaller spread is rounding error
_LARGEST_T = 1e3  # scipy's noncentral t loses digits above


@dataclass(frozen=True, kw_only=True, slots=True)
class HedgesG:
    """A standardised mean difference.

    Attributes:
        symbol: ``g``, ``g_av`` or ``g_z``.
        standardizer: Name of the standard deviation that divides the difference.
        cohen_d: The difference in standard deviations, without the correction.
        value: Hedges' g.
        low: Lower end of the interval of the population's value, or None.
        high: Upper end, or None.
        confidence: Confidence level of the interval.
    """

    symbol: str
    standardizer: str
    cohen_d: float
    value: float
    low: float | None
    high: float | None
    confidence: float = CONFIDENCE


def hedges_correction(df: float) -> float:
    """Return the correction J of a standardizer with `df` degrees of freedom, above 1."""
    return math.exp(math.lgamma(df / 2.0) - math.lgamma((df - 1.0) / 2.0)) / math.sqrt(df / 2.0)


def noncentrality_of_t(t: float, df: float, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Return the interval of the noncentrality parameter of a t statistic, or None above 1000.

    Args:
        t: The statistic.
        df: Its degrees of freedom.
        confidence: Confidence level.
    """
    if not abs(t) <= _LARGEST_T:
        return None
    tail = (1.0 - confidence) / 2.0
    return _noncentrality(t, df, 1.0 - tail), _noncentrality(t, df, tail)


def hedges_g(
    difference: float,
    *,
    standard_error: float,
    df: float,
    deviation: float,
    deviation_df: float,
    symbol: str = "g",
    standardizer: str,
    confidence: float = CONFIDENCE,
) -> HedgesG | None:
    """Return Hedges' g of an estimated difference, or None if it is undefined.

    Args:
        difference: Difference of means, or a contrast of means.
        standard_error: Standard error of the difference.
        df: Degrees of freedom of the t test of the difference.
        deviation: The standardizer; 0 if it cannot be estimated.
        deviation_df: Degrees of freedom of its square; g needs more than 1.
        symbol: Symbol of the result.
        standardizer: Name of the standardizer.
        confidence: Confidence level of the interval.
    """
    if not (deviation > 0.0 and deviation_df > 1.0):
        return None
    d = difference / deviation
    ends = noncentrality_of_t(difference / standard_error, df, confidence) if standard_error > 0.0 else None
    scale = standard_error / deviation
    return HedgesG(
        symbol=symbol,
        standardizer=standardizer,
        cohen_d=d,
        value=d * hedges_correction(deviation_df),
        low=None if ends is None else ends[0] * scale,
        high=None if ends is None else ends[1] * scale,
        confidence=confidence,
    )


def independent_g(ours: Sequence[float], theirs: Sequence[float]) -> HedgesG | None:
    """Return g of independent samples over the root of their mean variance, or None if it is undefined."""
    if min(len(ours), len(theirs)) < 2:
        return None
    first, second = _variance(ours), _variance(theirs)
    if first + second == 0.0:
        return None
    errors, freedom = (first / len(ours), second / len(theirs)), (len(ours) - 1, len(theirs) - 1)
    found = hedges_g(
        float(np.mean(ours) - np.mean(theirs)),
        standard_error=math.sqrt(sum(errors)),
        df=sum(errors) ** 2 / sum(error**2 / df for error, df in zip(errors, freedom, strict=True)),
        deviation=math.sqrt((first + second) / 2.0),
        # Huynh, American Educational Research Association, 1989: the degrees of freedom of the mean variance.
        deviation_df=(first + second) ** 2 / (first**2 / freedom[0] + second**2 / freedom[1]),
        standardizer="root of the mean variance",
    )
    return _reliable(found, [ours, theirs])


def paired_g(ours: Sequence[float], theirs: Sequence[float]) -> HedgesG | None:
    """Return g_av of pairs, or None if it is undefined.

    Args:
        ours: One value of each pair.
        theirs: The other, in the same order.
    """
    # Two pairs are perfectly correlated: the mean of their variances has one degree of freedom.
    if len(ours) < 3:
        return None
    differences = np.subtract(ours, theirs)
    first, second = _variance(ours), _variance(theirs)
    if first + second == 0.0:
        return None
    spread = _variance(differences.tolist(), float(np.abs([ours, theirs]).max()))
    covariance = (first + second - spread) / 2.0
    found = hedges_g(
        float(differences.mean()),
        standard_error=math.sqrt(spread / len(ours)),
        df=len(ours) - 1.0,
        deviation=math.sqrt((first + second) / 2.0),
        # Satterthwaite's degrees of freedom of the mean of two correlated variances.
        deviation_df=(len(ours) - 1) * (first + second) ** 2 / (first**2 + second**2 + 2.0 * covariance**2),
        symbol="g_av",
        standardizer="root of the mean variance",
    )
    return _reliable(found, [ours, theirs])


def paired_gz(ours: Sequence[float], theirs: Sequence[float]) -> HedgesG | None:
    """Return g_z of pairs, or None if it is undefined.

    Args:
        ours: One value of each pair.
        theirs: The other, in the same order.
    """
    if len(ours) < 2:
        return None
    differences = np.subtract(ours, theirs)
    deviation = math.sqrt(_variance(differences.tolist(), float(np.abs([ours, theirs]).max())))
    found = hedges_g(
        float(differences.mean()),
        standard_error=deviation / math.sqrt(len(ours)),
        df=len(ours) - 1.0,
        deviation=deviation,
        deviation_df=len(ours) - 1.0,
        symbol="g_z",
        standardizer="standard deviation of the differences",
    )
    return _reliable(found, [differences.tolist()])


def without_interval(effect: HedgesG) -> HedgesG:
    """Return an effect size without its interval."""
    return replace(effect, low=None, high=None)


def _reliable(effect: HedgesG | None, samples: Sequence[Sequence[float]]) -> HedgesG | None:
    return effect if effect is None or not too_skewed_to_standardize(samples) else without_interval(effect)


def _variance(values: Sequence[float], largest: float | None = None) -> float:
    """Return the sample variance; 0 if the deviation is rounding error of values of the largest magnitude."""
    deviation = float(np.std(values, ddof=1))
    size = float(np.abs(values).max()) if largest is None else largest
    return deviation**2 if deviation > _ROUNDING * size else 0.0


def _noncentrality(t: float, df: float, probability: float) -> float:
    """Return the noncentrality at which a statistic is below `t` with a probability."""

    def excess(noncentrality: float) -> float:
        below = float(special.nctdtr(df, noncentrality, t))
        if math.isnan(below):  # far in a tail
            below = float(noncentrality < t)
        return below - probability

    low, high, step = t, t, 1.0
    while excess(low) < 0.0:
        low, step = low - step, 2.0 * step
    step = 1.0
    while excess(high) > 0.0:
        high, step = high + step, 2.0 * step
    return float(optimize.brentq(excess, low, high, xtol=1e-12)) if low < high else t
