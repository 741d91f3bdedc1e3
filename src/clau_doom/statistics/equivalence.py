"""Tests of a difference against a margin: equivalence, and a difference beyond the margin.

A difference is equivalent to 0 if it is shown to lie between -margin and margin. The margin is the smallest difference
of interest. Two one-sided t tests at 5 % reject that the difference is -margin or less, and that it is margin or more.
The p-value is the larger one (Schuirmann, "A comparison of the two one-sided tests procedure and the power approach for
assessing the equivalence of average bioavailability", Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). The
test is significant at 5 % if and only if the 90 % interval lies between the margins (Lakens, "Equivalence tests",
Social Psychological and Personality Science 8, 2017).

A difference is beyond the margin if it is shown to lie outside of -margin to margin: a minimum-effect test (Murphy and
Myors, "Testing the hypothesis that treatments have negligible effects: minimum-effect tests in the general linear
model", Journal of Applied Psychology 84, 1999). The test is the two-sided t test against the nearer end. It is
significant at 5 % if and only if the 95 % interval lies outside of the margin.

The functions of statsmodels need the values of samples. This one also serves estimates of models.
"""

import math
from dataclasses import dataclass

from scipy import stats

__all__ = ["ALPHA", "EQUIVALENCE_CONFIDENCE", "Equivalence", "equivalence"]

ALPHA = 0.05
"""Significance level of each one-sided test."""

EQUIVALENCE_CONFIDENCE = 1.0 - 2.0 * ALPHA
"""Confidence level of the interval that belongs to the two tests."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Equivalence:
    """Result of two one-sided tests.

    Attributes:
        margin: Smallest difference of interest, above 0.
        low: Lower end of the 90 % interval of the difference.
        high: Upper end of the interval.
        p_lower: One-sided p-value of the test against a difference of -margin or less.
        p_upper: One-sided p-value of the test against a difference of margin or more.
        p: P-value of the equivalence test: the larger one of both.
        p_beyond: Two-sided p-value of the test that the difference is beyond the margin, in either direction.
    """

    margin: float
    low: float
    high: float
    p_lower: float
    p_upper: float
    p: float
    p_beyond: float

    @property
    def shown(self) -> bool:
        """Whether equivalence is shown at 5 %."""
        return self.p < ALPHA


def equivalence(difference: float, standard_error: float, df: float, margin: float) -> Equivalence:
    """Test whether a difference lies between -margin and margin, or outside.

    Args:
        difference: Estimate of the difference.
        standard_error: Standard error of the estimate, above 0.
        df: Degrees of freedom of the standard error, above 0.
        margin: Smallest difference of interest, above 0, in the unit of the difference.

    Raises:
        ValueError: The margin, the standard error or the degrees of freedom are not above 0, or a number is not finite.
    """
    if not math.isfinite(difference):
        raise ValueError(f"difference = {difference!r}: give a finite number")
    for name, value in (("margin", margin), ("standard error", standard_error), ("degrees of freedom", df)):
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} = {value!r}: give a finite number above 0")
    reach = float(stats.t.ppf((1.0 + EQUIVALENCE_CONFIDENCE) / 2.0, df)) * standard_error
    lower = float(stats.t.sf((difference + margin) / standard_error, df))
    upper = float(stats.t.cdf((difference - margin) / standard_error, df))
    return Equivalence(
        margin=margin,
        low=difference - reach,
        high=difference + reach,
        p_lower=lower,
        p_upper=upper,
        p=max(lower, upper),
        p_beyond=min(1.0, 2.0 * float(stats.t.sf((abs(difference) - margin) / standard_error, df))),
    )
