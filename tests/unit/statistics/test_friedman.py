"""Friedman's test against Demšar (2006), R and hand calculation."""

import numpy as np
import pytest
from scipy import stats

from clau_doom.statistics.friedman import FriedmanTest, friedman_test, iman_davenport
from tests.unit.table_analysis.test_rank_tests import DEMSAR

DEMSAR_SCORES = np.array(DEMSAR.split(), dtype=float).reshape(14, 4)


def friedman_of(scores: list[list[float]]) -> FriedmanTest:
    return friedman_test(np.array(scores, dtype=float), np.random.default_rng(1))


def test_the_example_of_demsar() -> None:
    """Demšar 2006, section 3.2.2: mean ranks, χ² = 9.28 without a correction for ties, F(3, 39) = 3.69."""
    found = friedman_test(DEMSAR_SCORES, np.random.default_rng(1))
    assert found.mean_ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert found.uncorrected == pytest.approx(9.28, abs=5e-3)
    assert iman_davenport(found.uncorrected, 14, 4)[0] == pytest.approx(3.69, abs=5e-3)
    assert found.f_df == (3, 39)


def test_the_correction_for_ties_of_r() -> None:
    """R 4.2.2, friedman.test of the same scores: χ² = 10.22834646, df = 3, p = 0.0167215803."""
    found = friedman_test(DEMSAR_SCORES, np.random.default_rng(1))
    assert (found.chi_squared, found.df, found.p_chi_squared) == pytest.approx((10.22834646, 3, 0.0167215803), rel=1e-8)
    # F, by hand: 13 · 10.22834646 / (14 · 3 - 10.22834646); its p-value by R's pf.
    assert found.f == pytest.approx(132.96850398 / 31.77165354, rel=1e-8)
    assert found.p_f == pytest.approx(0.01162065951, rel=1e-8)
    assert found.kendall_w == pytest.approx(10.22834646 / 42, rel=1e-8)
    # The Monte-Carlo error of 9,999 permutations is 0.0013 for this p-value.
    assert found.p == pytest.approx(0.0146, abs=0.004)


def test_the_permutation_test_is_exact_for_few_tasks() -> None:
    """Three tasks that rank three methods alike: 6 of 216 arrangements agree as much."""
    found = friedman_of([[3, 2, 1], [9, 5, 4], [8, 7, 1]])
    assert found.mean_ranks == (1.0, 2.0, 3.0)
    assert found.p == pytest.approx(6 / 216)
    assert (found.f, found.p_f) == (None, None)
    assert found.kendall_w == pytest.approx(1.0)


def test_two_methods_have_the_statistic_of_the_sign_test() -> None:
    """Better in 4 of 5 tasks: χ² = (4 - 1)² / 5, and 12 of 32 sign patterns are as uneven."""
    found = friedman_of([[2, 1], [2, 1], [2, 1], [2, 1], [1, 2]])
    assert found.chi_squared == pytest.approx(9 / 5)
    assert found.p == pytest.approx(12 / 32)


def test_tied_scores_show_nothing() -> None:
    """Equal scores of all methods in each task."""
    found = friedman_of([[1, 1, 1], [2, 2, 2]])
    assert (found.chi_squared, found.p_chi_squared, found.p, found.mean_ranks) == (0.0, 1.0, 1.0, (2.0, 2.0, 2.0))


def test_the_statistic_is_that_of_scipy() -> None:
    """`scipy.stats.friedmanchisquare` for scores with ties."""
    scores = np.random.default_rng(5).integers(0, 4, size=(12, 5)).astype(float)
    found, expected = friedman_test(scores, np.random.default_rng(1)), stats.friedmanchisquare(*scores.T)
    assert (found.chi_squared, found.p_chi_squared) == pytest.approx((expected.statistic, expected.pvalue))
