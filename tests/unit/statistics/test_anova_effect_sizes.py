"""Tests of effect sizes of F tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.statistics.anova_effect_sizes import noncentrality_interval, omega_squared_of_f


def test_the_interval_of_the_noncentrality() -> None:
    """R: uniroot of pf(4.846088, 2, 27, ncp) - 0.975 and - 0.025."""
    assert noncentrality_interval(4.846088, 2, 27) == pytest.approx((0.300091220744, 25.959340741694), rel=1e-6)


def test_a_small_f_has_a_lower_end_of_0() -> None:
    """An F below its median under the null hypothesis allows an effect of 0."""
    low, high = noncentrality_interval(0.5, 3, 20)
    assert low == 0.0
    assert high > 0.0


def test_omega_squared_by_hand() -> None:
    """PlantGrowth, Welch's F = 5.180972: 2 (F - 1) / (2 (F - 1) + 30)."""
    found = omega_squared_of_f(5.18097240811, 2, 17.12841861664, 30)
    assert found.value == pytest.approx(8.36194481622 / 38.36194481622)
    assert found.low is not None
    assert found.high is not None
    assert 0.0 <= found.low < found.value < found.high < 1.0


@given(st.floats(0.0, 50.0), st.integers(1, 6), st.floats(2.0, 100.0), st.integers(5, 500))
def test_omega_squared_is_between_0_and_1(f: float, df: int, residual_df: float, count: int) -> None:
    found = omega_squared_of_f(f, df, residual_df, count)
    assert found.low is not None
    assert found.high is not None
    assert 0.0 <= found.low <= found.high < 1.0
    assert 0.0 <= found.value < 1.0
