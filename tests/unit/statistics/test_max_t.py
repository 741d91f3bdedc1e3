"""The distribution of the largest of several correlated t statistics."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from clau_doom.statistics.max_t import MaxT
from clau_doom.statistics.studentized_range import quantile, tail_probability

pytestmark = pytest.mark.filterwarnings("error")


def pairs(count: int) -> NDArray[np.float64]:
    return np.array([np.eye(count)[i] - np.eye(count)[j] for i, j in combinations(range(count), 2)])


@pytest.mark.parametrize(("count", "relative"), [(3, 1e-3), (5, 5e-3), (10, 1.5e-2)])
@pytest.mark.parametrize("df", [4.0, 30.0, 500.0])
def test_pairs_of_equal_means_have_the_studentized_range(count: int, relative: float, df: float) -> None:
    """With equal variances, √2 max |T| is Tukey's statistic."""
    found = MaxT(pairs(count) @ pairs(count).T)
    for t in (1.0, 2.0, 3.0, 4.5):
        expected = tail_probability(np.array([np.sqrt(2) * t]), count, np.array([df]))[0]
        assert found.tail_probability(t, df) == pytest.approx(expected, rel=relative)
    assert found.quantile(0.95, df) == pytest.approx(quantile(0.95, count, np.array([df]))[0] / np.sqrt(2), rel=2e-3)


def test_independent_statistics_with_a_known_variance() -> None:
    """P(max |Z| > t) is 1 - (1 - p)^m; the scale of the contrasts does not matter."""
    found = MaxT(np.diag([1.0, 1e8, 1e-8, 4.0]))
    expected = 1 - (1 - 2 * stats.norm.sf(2.5)) ** 4
    assert found.tail_probability(2.5, 1e9) == pytest.approx(expected, rel=3e-3)


@pytest.mark.parametrize("covariance", [np.ones((3, 3)), np.array([[2.0]]), np.array([[1.0, -3.0], [-3.0, 9.0]])])
def test_repeated_contrasts_are_one_t_test(covariance: NDArray[np.float64]) -> None:
    """Statistics that differ by their sign or scale only are one statistic."""
    found = MaxT(covariance)
    assert found.tail_probability(2.1, 7.5) == pytest.approx(2 * stats.t.sf(2.1, 7.5), rel=1e-6)
    assert found.quantile(0.95, 7.5) == pytest.approx(stats.t.isf(0.025, 7.5), rel=1e-6)


def test_tails_are_between_one_statistic_and_bonferroni() -> None:
    """They do not underflow, and decrease."""
    found = MaxT(pairs(8) @ np.diag([1.0, 5.0, 2.0, 9.0, 1.0, 1.0, 30.0, 3.0]) @ pairs(8).T)
    tails = [found.tail_probability(t, 12.0) for t in (0.0, 0.5, 3.0, 9.0, 40.0)]
    assert tails == sorted(tails, reverse=True)
    assert tails[0] == 1.0
    assert 2 * stats.t.sf(40.0, 12.0) <= tails[-1] <= 56 * stats.t.sf(40.0, 12.0)


def test_p_and_interval_agree() -> None:
    """The tail at the quantile is the level."""
    found = MaxT(pairs(4) @ np.diag([1.0, 5.0, 2.0, 9.0]) @ pairs(4).T)
    assert found.tail_probability(found.quantile(0.95, 6.3), 6.3) == pytest.approx(0.05, rel=1e-6)
