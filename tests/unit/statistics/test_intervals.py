"""Tests of intervals of means and of differences of means."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clau_doom.statistics.intervals import (
    FEWEST_FOR_MEAN,
    Interval,
    difference_interval,
    mean_interval,
    share_interval,
    student_interval,
    unpaired_interval,
)

SYMMETRIC = [1.0, 2.0, 3.0, 4.0, 5.0]
SKEWED = [1.0, 2.0, 3.0, 4.0, 15.0]

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def test_symmetric_values_have_students_interval() -> None:
    """Without skewness the transformation is the identity: 5.5 ± 2.262157 · √(110 / 12) / √10 in R."""
    interval = mean_interval([float(value) for value in range(1, 11)])
    assert interval.low == pytest.approx(3.334149, abs=1e-6)
    assert interval.high == pytest.approx(7.665851, abs=1e-6)
    assert (interval.mean, interval.n) == (5.5, 10)


@pytest.mark.parametrize(
    ("n", "reach"),
    [(5, 2.890635), (6, 2.570008), (7, 2.309810), (9, 2.404333), (10, 2.165851)],
)
def test_few_values_have_wider_quantiles(n: int, reach: float) -> None:
    """R: qt(.9925, 4), qt(.99, 5), qt(.985, 6), qt(.985, 8), qt(.975, 9), times sd(1:n) / sqrt(n)."""
    interval = mean_interval([float(value) for value in range(1, n + 1)])
    assert interval.low == pytest.approx((n + 1) / 2 - reach, abs=1e-6)
    assert interval.high == pytest.approx((n + 1) / 2 + reach, abs=1e-6)


def test_students_interval_has_no_correction_of_the_skewness() -> None:
    """R: t.test(c(31, 32.5, 30, 33, 40, 31.5)). One large value does not move the interval."""
    found = student_interval([31.0, 32.5, 30.0, 33.0, 40.0, 31.5])
    assert (found.mean, found.low, found.high) == pytest.approx((33.0, 29.2307871387, 36.7692128613))
    assert student_interval([1.0, 2.0, 3.0, 4.0]).reason == "4 of at least 5 values"
    assert student_interval([2.0] * 6).reason == "all 6 values are equal"


@pytest.mark.parametrize(
    ("shares", "low", "high"),
    [  # R: plogis(qlogis(m) + c(-1, 1) * qt(.975, n - 1) * sd(x) / sqrt(n) / (m * (1 - m)))
        ([0.0, 0.1, 0.5, 0.9, 1.0], 0.0954574158637, 0.904542584136),
        ([0.02, 0.1, 0.05, 0.3, 0.08, 0.12], 0.0422947530221, 0.263514609153),
    ],
)
def test_interval_of_shares_is_within_0_to_1(shares: list[float], low: float, high: float) -> None:
    """Student's interval of the first shares is [-0.06, 1.06]."""
    found = share_interval(shares)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.mean == pytest.approx(sum(shares) / len(shares))
    assert found.n == len(shares)


def test_interval_of_shares_is_withheld_or_refused() -> None:
    assert share_interval([0.2, 0.3]).reason == "2 of at least 5 values"
    assert share_interval([0.0] * 5).reason == "all 5 values are equal"
    with pytest.raises(ValueError, match=r"1\.5 is not within 0 to 1"):
        share_interval([0.1, 1.5])


def test_independent_samples_with_skewed_values_have_no_interval() -> None:
    """By hand: residuals (-3, -2, -1, 6) have the mean cube 45 and the variance 12.5; 45 / 12.5^1.5 = 1.018."""
    skewed = unpaired_interval([0.0, 1.0, 2.0, 9.0], [1.0, 2.0, 3.0, 10.0])
    assert skewed.reason == "a skewness of 1.02, at most 1.00 with 4 values"
    assert (skewed.mean, skewed.low, skewed.high) == (-1.0, None, None)
    assert unpaired_interval([0.0, 1.0, 2.0, 9.0], [9.0, 8.0, 7.0, 0.0]).reason == ""


@pytest.mark.parametrize(
    ("numbers", "low", "high"),
    [  # R: Hall's formula with qt
        (SKEWED, 0.118001136741, 20.982490688673),
        ([11506, 5500, 16988, 2968, 16, 184, 23, 280, 84, 73, 25, 43], 655.655401713, 16721.285488723),
    ],
)
def test_halls_interval_follows_the_skewness(numbers: list[float], low: float, high: float) -> None:
    """The interval of skewed values extends further on their long side."""
    interval = mean_interval(numbers)
    assert interval.low == pytest.approx(low, rel=1e-6)
    assert interval.high == pytest.approx(high, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(values)
def test_the_interval_contains_the_mean(numbers: list[float]) -> None:
    """The mean is between the ends."""
    interval = mean_interval(numbers)
    assert interval.mean == pytest.approx(math.fsum(numbers) / len(numbers))
    if interval.low is not None and interval.high is not None:
        slack = 1e-9 * max(abs(number) for number in numbers)
        assert interval.low - slack <= interval.mean <= interval.high + slack


@settings(max_examples=60, deadline=None)
@given(values, st.floats(0.1, 100.0), st.floats(-1e3, 1e3))
def test_intervals_follow_scale_and_shift(numbers: list[float], scale: float, shift: float) -> None:
    """Values in other units have the same interval in these units."""
    before, after = mean_interval(numbers), mean_interval([scale * number + shift for number in numbers])
    assume((before.low is None) == (after.low is None))  # rounding of shifted values can make them equal
    if before.low is not None and before.high is not None:
        spread = 1e-6 * (scale * (before.high - before.low) + max(map(abs, numbers)) * scale + abs(shift))
        assert after.low == pytest.approx(scale * before.low + shift, abs=spread, rel=1e-6)
        assert after.high == pytest.approx(scale * before.high + shift, abs=spread, rel=1e-6)


@pytest.mark.parametrize(
    ("draw", "mean", "n", "least"),
    [
        (lambda rng, n: rng.normal(size=n), 0.0, 5, 0.92),
        (lambda rng, n: rng.exponential(size=n), 1.0, 10, 0.91),
        (lambda rng, n: rng.lognormal(size=n), math.exp(0.5), 30, 0.90),
    ],
)
def test_coverage(draw: Callable[[np.random.Generator, int], np.ndarray], mean: float, n: int, least: float) -> None:
    """Of 1,000 samples, nearly 95 % have an interval that contains the mean. Student's t covers 89 % of the skewed."""
    rng = np.random.default_rng(11)
    covered = sum(not mean_interval(draw(rng, n).tolist()).excludes(mean) for _ in range(1000))
    assert least <= covered / 1000 <= 0.985


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([26.0] * 3, "3 of at least 5 values"),
        ([26.0] * 30, "all 30 values are equal"),
        ([0.0] * 6, "all 6 values are equal"),
        ([26.0] * 26 + [3.0, 8.0, 11.0, 19.0], "26 of 30 values equal the largest"),
        ([0.1 + 0.2, 0.3, 0.3, 0.3, 0.4], "4 of 5 values equal the smallest"),
    ],
)
def test_an_interval_without_a_basis_is_withheld(numbers: list[float], reason: str) -> None:
    """Few values, and values that are mostly equal, have a mean and a reason in place of an interval."""
    interval = mean_interval(numbers)
    assert (interval.low, interval.high, interval.reason) == (None, None, reason)
    assert interval.mean == pytest.approx(sum(numbers) / len(numbers))
    assert not interval.excludes(1e9)


def test_equal_values_in_the_middle_are_no_limit() -> None:
    """Counts that are mostly equal and vary to both sides have an interval."""
    assert mean_interval([10.0, 10.0, 10.0, 11.0, 9.0]).reason == ""


def test_five_other_values_suffice() -> None:
    """Of 30 values, 25 may be equal."""
    assert mean_interval([26.0] * 25 + [3.0, 8.0, 11.0, 19.0, 20.0]).reason == ""
    assert len(SYMMETRIC) == FEWEST_FOR_MEAN


def test_pairing_removes_the_common_part_of_the_seeds() -> None:
    """The interval of paired differences does not depend on the differences between seeds."""
    rng = np.random.default_rng(2)
    theirs = rng.normal(0, 100, size=50)
    ours = (theirs + rng.normal(1, 1, size=50)).tolist()
    paired, apart = difference_interval(ours, theirs.tolist()), unpaired_interval(ours, theirs.tolist())
    assert paired.low is not None
    assert paired.low > 0.5
    assert apart.low is not None
    assert apart.low < -10


def test_equal_differences_have_no_interval() -> None:
    """A difference of exactly 1 on each seed has no spread that an interval could use, in spite of rounding."""
    seeds = list(np.random.default_rng(2).normal(0, 100, size=50))
    difference = difference_interval([seed + 1 for seed in seeds], seeds)
    assert difference.mean == pytest.approx(1.0)
    assert difference.reason == "all 50 values are equal"
    assert difference_interval([2.0], [1.0]).reason == "1 pair"


def test_unequal_rows_cannot_be_paired() -> None:
    """The error names the number of values of each side."""
    with pytest.raises(ValueError, match="1 values cannot be paired with 2"):
        difference_interval([1.0], [1.0, 2.0])


@pytest.mark.parametrize(("numbers", "message"), [([], "no values"), ([1.0, math.nan], "nan is not a finite number")])
def test_values_without_a_mean_are_refused(numbers: list[float], message: str) -> None:
    """The error names the value."""
    with pytest.raises(ValueError, match=message):
        mean_interval(numbers)


def test_independent_values_have_welchs_interval() -> None:
    """R's t.test(sleep) of Student's data, unpaired: -3.3654832 to 0.2054832."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = unpaired_interval(first, second)
    assert found.mean == pytest.approx(-1.58)
    assert found.low == pytest.approx(-3.3654832, abs=1e-6)
    assert found.high == pytest.approx(0.2054832, abs=1e-6)


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ([2.0] * 50, [0.0, 2.0] * 25, "all 50 values are equal"),
        ([0.0, 2.0] * 25, [2.0] * 46 + [1.0, 1.5, 1.7, 1.9], "46 of 50 values equal the largest"),
        ([2.0], [1.0, 5.0], "a sample of 1 value"),
    ],
)
def test_a_difference_needs_variance_in_both_samples(ours: list[float], theirs: list[float], reason: str) -> None:
    """A sample of mostly equal values has too small a variance for Welch's test."""
    found = unpaired_interval(ours, theirs)
    assert (found.low, found.reason) == (None, reason)


def test_intervals_are_equal_by_value() -> None:
    """Equal samples have equal intervals: nothing is random."""
    assert mean_interval(SKEWED) == mean_interval(SKEWED)
    assert isinstance(mean_interval(SKEWED), Interval)
