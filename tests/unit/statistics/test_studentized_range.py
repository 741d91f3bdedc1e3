"""The distribution of the studentized range."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from clau_doom.statistics.studentized_range import quantile, tail_probability


@pytest.mark.parametrize(
    ("q", "groups", "df", "p"),
    [  # scipy.stats.studentized_range.sf, whose quadrature is another one
        (3.5, 3, 10.0, 0.07710331083841038),
        (4.2, 16, 40.3, 0.22692628818954075),
        (1.0, 2, 2.5, 0.5396562003478094),
        (6.0, 5, 3.0, 0.08942044835530871),
        (0.3, 4, 20.0, 0.9965127351029851),
        (10.0, 3, 8.0, 0.0002717570890345966),
        (12.0, 3, 60.0, 2.1930679494630567e-11),
        (25.0, 10, 2.0, 0.01600565451916136),
        (3.63, 3, 10_000.0, 0.027740855983326096),
        (3.63, 3, np.inf, 0.027705839891643547),
    ],
)
def test_tail_probabilities(q: float, groups: int, df: float, p: float) -> None:
    """Tails agree with scipy's to 8 digits, or 1e-13."""
    assert tail_probability(np.array([q]), groups, np.array([df]))[0] == pytest.approx(p, rel=2e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("groups", "df", "q"), [(3, 10.0, 3.876776749), (6, 15.0, 4.594734831), (16, 40.0, 5.162836027)]
)
def test_quantiles(groups: int, df: float, q: float) -> None:
    """R: qtukey(.95, c(3, 6, 16), c(10, 15, 40))."""
    assert quantile(0.95, groups, np.array([df, df]))[1] == pytest.approx(q, rel=1e-8)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 30.0), st.floats(1.0, 300.0))
def test_two_groups_are_a_t_test(q: float, df: float) -> None:
    """For two groups, Q is √2 |t|."""
    expected = 2 * stats.t.sf(q / np.sqrt(2), df)
    assert tail_probability(np.array([q]), 2, np.array([df]))[0] == pytest.approx(expected, rel=1e-7, abs=1e-12)
