"""Tests of effect sizes of F tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clau_doom.statistics.anova_effect_sizes import (
    EffectSize,
    anova_effect_sizes,
    generalised_eta_squared,
    noncentrality_interval,
    omega_squared_of_f,
)


def test_the_interval_of_the_noncentrality() -> None:
    """Fleishman 1980, quoted by Steiger 2004: F(4, 50) = 11.221 has the 90 % interval from 19.380 to 71.549."""
    assert noncentrality_interval(11.221, 4, 50) == pytest.approx((19.38000335, 71.549259), rel=1e-8)


@given(st.floats(0.0, 60.0), st.integers(1, 6), st.floats(2.0, 200.0))
def test_the_interval_excludes_0_exactly_if_the_test_rejects(f: float, df: int, residual_df: float) -> None:
    p = float(stats.f.sf(f, df, residual_df))
    if abs(p - 0.05) > 1e-6:
        assert (noncentrality_interval(f, df, residual_df)[0] > 0.0) == (p < 0.05)


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


def _values(sizes: tuple[EffectSize, ...]) -> dict[str, float]:
    return {size.name: size.value for size in sizes}


def test_effect_sizes_of_one_factor() -> None:
    """By hand from summary(aov(weight ~ group, PlantGrowth)): all shares of one factor are partial shares."""
    between, within = 3.76634, 10.49209
    mean_square = within / 27
    found = anova_effect_sizes(between / 2 / mean_square, 2, 27, 30, total=(between + within) / mean_square, others=0.0)
    eta = between / (between + within)
    omega = (between - 2 * mean_square) / (between + within + mean_square)
    assert _values(found) == pytest.approx(
        {
            "eta squared": eta,
            "partial eta squared": eta,
            "omega squared": omega,
            "partial omega squared": omega,
        }
    )
    assert len({(size.low, size.high) for size in found}) == 1


def test_effect_sizes_in_blocks() -> None:
    """R's summary(aov(yield ~ N + block, npk)), by hand: generalised eta squared has the blocks in the denominator."""
    squares, blocks, residual = 189.282, 343.295, 343.788  # 1, 5 and 17 degrees of freedom
    mean_square = residual / 17
    total = squares + blocks + residual
    found = anova_effect_sizes(
        squares / mean_square,
        1,
        17,
        24,
        total=total / mean_square,
        others=5 * (blocks / 5 / mean_square - 1),
        blocks=(blocks / mean_square, 5),
    )
    assert _values(found) == pytest.approx(
        {
            "eta squared": squares / total,
            "partial eta squared": squares / (squares + residual),
            "generalised eta squared": squares / total,
            "omega squared": (squares - mean_square) / (total + mean_square),
            "partial omega squared": (squares - mean_square) / (squares + 23 * mean_square),
        }
    )
    sizes = {size.name: size for size in found}
    low, high = noncentrality_interval(squares / mean_square, 1, 17)
    assert sizes["partial eta squared"].low == pytest.approx(low / (low + 24))
    assert sizes["partial omega squared"].high == pytest.approx(high / (high + 24))
    rest = 24 + 5 * (blocks / 5 / mean_square - 1)
    assert sizes["generalised eta squared"].high == pytest.approx(high / (high + rest))


def test_a_negative_omega_squared_is_0() -> None:
    """An F below 1 explains less variance than chance."""
    found = _values(anova_effect_sizes(0.5, 2, 27, 30, total=28.0, others=0.0))
    assert (found["omega squared"], found["partial omega squared"]) == (0.0, 0.0)


def test_generalised_eta_squared_of_two_levels() -> None:
    """By hand: with one contrast and independent levels of variance 1, F = 9 is t = 3 of 10 pairs."""
    found = generalised_eta_squared(9.0, 1.0, 9.0, epsilon=1.0, count=20, within=1.0)
    assert found.value == pytest.approx(9.0 / (9.0 + 18.0))
    low, high = noncentrality_interval(9.0, 1.0, 9.0)
    assert (found.low, found.high) == pytest.approx((low / (low + 20), high / (high + 20)))
