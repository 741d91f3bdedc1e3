"""Tests of t tests and of Holm's correction against R."""

import pytest

from clau_doom.statistics.difference_tests import holm_adjusted, paired_test, welch_test

# R: the two groups of `sleep`.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_paired_test_agrees_with_r() -> None:
    """R: t.test(x, y, paired = TRUE)."""
    found = paired_test(FIRST, SECOND)
    assert (found.standard_error, found.df, found.p) == pytest.approx((0.388958723888395, 9.0, 0.00283289019738427))
    ends = (found.difference.low, found.difference.high)
    assert ends == pytest.approx((-2.45988576327698, -0.700114236723018))
    assert found.test == "paired t test"


def test_welch_test_agrees_with_r() -> None:
    """R: t.test(x, y), with equal and different sizes."""
    found = welch_test(FIRST, SECOND)
    expected = (0.849091017238762, 17.7764735161785, 0.0793941401873582)
    assert (found.standard_error, found.df, found.p) == pytest.approx(expected)
    uneven = welch_test([1.2, 3.4, 2.2, 5.1], [0.4, 9.1, 4.4, 2.7, 8.8, 6.1])
    expected = (1.63313349117578, 7.60003027939744, 0.203003093141643)
    assert (uneven.standard_error, uneven.df, uneven.p) == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_scale_of_the_values_does_not_matter(scale: float) -> None:
    found = welch_test([scale * value for value in FIRST], [scale * value for value in SECOND])
    assert (found.df, found.p) == pytest.approx((17.7764735161785, 0.0793941401873582))


def test_withheld_interval_has_no_test() -> None:
    """Equal differences do not show how far their mean may be off."""
    found = paired_test([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert found.difference.reason == "all 3 values are equal"
    assert (found.standard_error, found.df, found.p) == (None, None, None)


def test_holm_counts_entries_without_a_test() -> None:
    """R: p.adjust(c(.01, .04, .03, 1), "holm"); the family has four entries although one has no test."""
    *corrected, untested = holm_adjusted([0.01, 0.04, 0.03, None])
    assert corrected == pytest.approx([0.04, 0.09, 0.09])
    assert untested is None
    assert holm_adjusted([]) == []
