"""Tests of a difference of two means with standard error and degrees of freedom.

The tests are the paired t test and Welch's t test, with the interval of the same test from `intervals`. Standard error
and degrees of freedom serve other tests of the same estimate, such as the equivalence test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from clau_doom.statistics.intervals import Interval, difference_interval, unpaired_interval

__all__ = ["DifferenceTest", "holm_adjusted", "paired_test", "welch_test"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DifferenceTest:
    """Two-sided t test of a difference.

    Attributes:
        test: Name of the test.
        difference: Estimate with its 95 % interval.
        standard_error: Standard error of the estimate, or None if the interval is withheld.
        df: Degrees of freedom, or None.
        p: Two-sided p-value, or None.
    """

    test: str
    difference: Interval
    standard_error: float | None
    df: float | None
    p: float | None


def paired_test(ours: Sequence[float], theirs: Sequence[float]) -> DifferenceTest:
    """Return the paired t test of two samples, ours minus theirs.

    Args:
        ours: Values by block.
        theirs: Values of the same blocks in the same order.

    Raises:
        ValueError: The numbers of values differ, there are none, or one is not finite.
    """
    differences = np.subtract(ours, theirs)
    return _tested("paired t test", difference_interval(ours, theirs), [differences])


def welch_test(ours: Sequence[float], theirs: Sequence[float]) -> DifferenceTest:
    """Return Welch's t test of two independent samples, ours minus theirs.

    Args:
        ours: Values of one sample.
        theirs: Values of the other.

    Raises:
        ValueError: A sample has no values, or one of them is not finite.
    """
    return _tested("Welch's t test", unpaired_interval(ours, theirs), [np.asarray(ours), np.asarray(theirs)])


def holm_adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values after Holm's correction (Scandinavian Journal of Statistics 6, 1979).

    The family consists of all entries. An entry without a test counts as a p-value of 1, so that the correction does
    not depend on the data.

    Args:
        p_values: P-value of each entry, or None without a test.
    """
    if not p_values:
        return []
    corrected = multipletests([1.0 if p is None else p for p in p_values], method="holm")[1]
    return [None if p is None else float(found) for p, found in zip(p_values, corrected, strict=True)]


def _tested(test: str, difference: Interval, samples: Sequence[np.ndarray]) -> DifferenceTest:
    found = DifferenceTest(test=test, difference=difference, standard_error=None, df=None, p=None)
    if difference.reason:
        return found
    # In units of the largest deviation, so that squares of small ones are not 0.
    deviations = [math.hypot(*(each - each.mean())) / math.sqrt(len(each) - 1) for each in samples]
    unit = max(deviations)
    parts = [((scale / unit) ** 2 / len(each), len(each) - 1) for scale, each in zip(deviations, samples, strict=True)]
    variance = sum(part for part, _ in parts)
    error = unit * math.sqrt(variance)
    df = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    return replace(found, standard_error=error, df=df, p=2.0 * float(stats.t.sf(abs(difference.mean) / error, df)))
