"""Tests of means and their intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.domain import generator
from clau_doom.statistics.intervals import (
    BOOTSTRAP_FROM,
    Interval,
    difference_interval,
    mean_interval,
    student_interval,
    unpaired_interval,
)

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def test_student_interval_matches_a_textbook() -> None:
    """Five values have the interval that a t table gives: 3 ± 2.776 · 1.5811 / √5."""
    interval = student_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert interval.low == pytest.approx(1.0368, abs=1e-3)
    assert interval.high == pytest.approx(4.9632, abs=1e-3)
    assert (interval.mean, interval.n) == (3.0, 5)


def test_one_value_has_no_interval() -> None:
    assert student_interval([7.0]) == Interval(mean=7.0, low=None, high=None, n=1)
    assert not student_interval([7.0]).excludes(1e9)


@settings(max_examples=60, deadline=None)
@given(values)
def test_interval_contains_the_mean(numbers: list[float]) -> None:
    """The interval lies between the smallest and the largest value."""
    interval = mean_interval(numbers, generator(1, "test"))
    assert interval.mean == pytest.approx(math.fsum(numbers) / len(numbers))
    if interval.low is not None and interval.high is not None:
        slack = 1e-9 * max(abs(number) for number in numbers)
        assert interval.low - slack <= interval.mean <= interval.high + slack


def test_equal_seeds_give_equal_intervals() -> None:
    """Another seed gives nearly the same interval."""
    numbers = list(np.random.default_rng(3).exponential(size=100))
    first, again, other = (mean_interval(numbers, generator(seed, "test")) for seed in (1, 1, 2))
    assert first == again != other
    assert first.low == pytest.approx(other.low, rel=0.02)


def test_the_bootstrap_follows_skew_and_student_does_not() -> None:
    """From `BOOTSTRAP_FROM` values on, the interval of skewed values reaches further to their long side."""
    numbers = list(np.random.default_rng(5).exponential(size=BOOTSTRAP_FROM))
    boot, t = mean_interval(numbers, generator(1)), student_interval(numbers)
    assert boot.high is not None
    assert boot.low is not None
    assert boot.high - boot.mean > 1.1 * (boot.mean - boot.low)
    assert mean_interval(numbers[:-1], generator(1)) == student_interval(numbers[:-1])
    assert t.high is not None
    assert t.low is not None
    assert t.high - t.mean == pytest.approx(t.mean - t.low)


def test_95_of_100_intervals_hold_the_true_mean() -> None:
    """Of many samples of an exponential distribution, nearly 95 % have an interval that holds its mean of 1."""
    rng = np.random.default_rng(11)
    held = sum(not mean_interval(list(rng.exponential(size=100)), generator(n)).excludes(1.0) for n in range(200))
    assert 0.90 <= held / 200 <= 0.985


def test_pairing_removes_the_variance_of_seeds() -> None:
    """Two contestants that differ by 1 on every seed differ by 1 exactly, however much the seeds differ."""
    seeds = list(np.random.default_rng(2).normal(0, 100, size=50))
    difference = difference_interval([seed + 1 for seed in seeds], seeds, generator(1))
    assert difference.low == pytest.approx(1.0)
    assert difference.high == pytest.approx(1.0)


def test_unequal_rows_cannot_be_paired() -> None:
    """The error has both numbers of values."""
    with pytest.raises(ValueError, match="1 values cannot be paired with 2"):
        difference_interval([1.0], [1.0, 2.0], generator(1))


@pytest.mark.parametrize(("numbers", "message"), [([], "no values"), ([1.0, math.nan], "nan is not a finite")])
def test_empty_or_non_finite_values_are_refused(numbers: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_interval(numbers, generator(1))


def test_few_independent_values_have_welchs_interval() -> None:
    """R's t.test(sleep) of Student's data, unpaired: -3.3654832 to 0.2054832."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = unpaired_interval(first, second, generator(1, "test"))
    assert found.mean == pytest.approx(-1.58)
    assert found.low == pytest.approx(-3.3654832, abs=1e-6)
    assert found.high == pytest.approx(0.2054832, abs=1e-6)


def test_many_independent_values_are_resampled() -> None:
    """For many values the bootstrap nears the normal interval: 1.96 · √(2 / 400) around the difference of 3."""
    ours, theirs = [4.0, 2.0] * 200, [1.0, -1.0] * 200
    found = unpaired_interval(ours, theirs, generator(1, "test"))
    assert (found.mean, found.n) == (3.0, 400)
    assert found.low == pytest.approx(3.0 - 0.1386, abs=0.01)
    assert found.high == pytest.approx(3.0 + 0.1386, abs=0.01)
    assert found == unpaired_interval(ours, theirs, generator(1, "test"))


def test_interval_of_constant_values_has_no_width() -> None:
    """A constant sample and a varying one have Welch's interval."""
    same = unpaired_interval([2.0] * 50, [1.0] * 50, generator(1, "test"))
    assert (same.mean, same.low, same.high) == (1.0, 1.0, 1.0)
    alone = unpaired_interval([2.0], [1.0, 5.0], generator(1, "test"))
    assert (alone.mean, alone.low, alone.n) == (-1.0, None, 1)
    half = unpaired_interval([2.0] * 50, [0.0, 2.0] * 25, generator(1, "test"))
    assert half.low == pytest.approx(1.0 - 2.0096 / 7.0, abs=1e-3)  # Welch: t(49) · √(1.0204 / 50)
