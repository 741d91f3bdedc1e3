"""Tests of the skewness of samples and its bound."""

import pytest

from clau_doom.statistics.skewness import most_skewed, pooled_skewness, skewed, too_skewed_to_standardize

LONG_TAIL = [1.0, 1.0, 1.0, 5.0]  # residuals (-1, -1, -1, 3) / √3


def test_skewness_of_one_sample() -> None:
    """By hand: (3 · (-1)³ + 3³) / 4 / √27 = 6 / √27."""
    assert pooled_skewness([LONG_TAIL]) == pytest.approx(6 / 27**0.5)


def test_samples_are_standardized_before_pooling() -> None:
    """Scale and shift of one sample change nothing, and opposite tails cancel."""
    scaled = [100.0 + 7.0 * value for value in LONG_TAIL]
    assert pooled_skewness([LONG_TAIL, scaled]) == pytest.approx(6 / 27**0.5)
    assert pooled_skewness([LONG_TAIL, [-value for value in scaled]]) == pytest.approx(0.0, abs=1e-12)


def test_samples_without_variance_do_not_count() -> None:
    """Equal values, even with rounding errors, have no shape."""
    equal = [0.1 + 0.2, 0.3, 0.3]
    assert pooled_skewness([LONG_TAIL, equal]) == pytest.approx(6 / 27**0.5)
    assert pooled_skewness([equal]) == 0.0


@pytest.mark.parametrize("unit", [1e-250, 1e250])
def test_unit_changes_nothing(unit: float) -> None:
    """Squares of such values underflow or overflow."""
    assert pooled_skewness([[unit * value for value in LONG_TAIL]]) == pytest.approx(6 / 27**0.5)


@pytest.mark.parametrize(("n", "most"), [(3, 1.0), (10, 1.0), (40, 2.0), (90, 3.0)])
def test_bound(n: int, most: float) -> None:
    """The bound grows with the root of the size above 10 values."""
    assert most_skewed(n) == pytest.approx(most)


def test_reason_names_skewness_bound_and_smallest_sample() -> None:
    """Negative skewness counts as positive."""
    reason = "a skewness of 1.15, at most 1.00 with 4 values"
    assert skewed([LONG_TAIL]) == skewed([[-value for value in LONG_TAIL], [-value for value in LONG_TAIL]]) == reason
    assert skewed([LONG_TAIL, [-3.0, -1.0, 1.0, 3.0, 5.0, 7.0]]) == ""


@pytest.mark.parametrize(
    ("copies", "skewed_too_much"),
    [(1, True), (4, True), (5, False), (7, False)],
)
def test_the_bound_of_standardized_differences_grows_with_the_size(copies: int, skewed_too_much: bool) -> None:
    """A skewness of 6 / √27 = 1.15 in 4, 16, 20 and 28 values; the bounds are 0.45, 1.05, 1.25 and 1.5."""
    assert too_skewed_to_standardize([LONG_TAIL * copies]) is skewed_too_much


@pytest.mark.parametrize(("copies", "skewed_too_much"), [(4, True), (400, True)])
def test_the_bound_of_standardized_differences_is_at_most_1_5(copies: int, skewed_too_much: bool) -> None:
    """One 1 among 8 values has the skewness 6 / √7 = 2.27, in 32 and in 3,200 values."""
    assert too_skewed_to_standardize([([0.0] * 7 + [1.0]) * copies]) is skewed_too_much


def test_the_smaller_sample_sets_the_bound_of_standardized_differences() -> None:
    """20 values with a skewness of 1.15, and 4 without: together 0.96, above 0.45."""
    assert too_skewed_to_standardize([LONG_TAIL * 5, [0.0, 1.0, 2.0, 3.0]])
