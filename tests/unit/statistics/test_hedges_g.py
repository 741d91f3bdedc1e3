"""Tests of Hedges' g and its intervals."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clau_doom.statistics.hedges_g import (
    HedgesG,
    hedges_correction,
    hedges_g,
    independent_g,
    noncentrality_of_t,
    paired_g,
    paired_gz,
)


@pytest.mark.parametrize(
    ("df", "j"),
    [  # by hand: Γ(1/2) = √π, Γ(3/2) = √π / 2, Γ(5/2) = 3 √π / 4
        (2, 1.0 / math.sqrt(math.pi)),
        (3, math.sqrt(math.pi / 6.0)),
        (4, math.sqrt(2.0 / math.pi)),
        (6, 8.0 / (3.0 * math.sqrt(3.0 * math.pi))),
    ],
)
def test_the_correction_has_closed_forms(df: int, j: float) -> None:
    assert hedges_correction(df) == pytest.approx(j, rel=1e-14)


def test_the_correction_of_many_degrees_of_freedom() -> None:
    """The gamma function overflows from 172 on, its logarithm does not."""
    assert hedges_correction(1e6) == pytest.approx(1.0 - 0.75e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("t", "df", "low", "high"),
    [  # R: uniroot of pt(t, df, ncp) - 0.975 and - 0.025
        (2.5, 8.3, 0.1568797392, 4.7355805633),
        (-4.0621277, 9, -6.697756328, -1.311168103),
        (0.0, 20, -1.959963985, 1.959963985),
    ],
)
def test_the_noncentrality_of_t(t: float, df: float, low: float, high: float) -> None:
    assert noncentrality_of_t(t, df) == pytest.approx((low, high), rel=1e-6)


def test_a_huge_statistic_has_no_interval() -> None:
    """Above 1000, scipy's distribution function loses digits."""
    assert noncentrality_of_t(1001.0, 5.0) is None
    assert noncentrality_of_t(math.inf, 5.0) is None
    assert noncentrality_of_t(999.0, 1.2) is not None


@given(st.floats(-300.0, 300.0), st.floats(1.0, 2000.0))
def test_the_interval_excludes_0_exactly_if_the_test_rejects(t: float, df: float) -> None:
    ends = noncentrality_of_t(t, df)
    p = 2.0 * float(stats.t.sf(abs(t), df))
    assert ends is not None
    low, high = ends
    assert low < high
    if abs(p - 0.05) > 1e-6:
        assert (low > 0.0 or high < 0.0) == (p < 0.05)


def test_the_interval_is_exact_with_a_pooled_deviation() -> None:
    """95 % of 2,000 intervals from three values of each sample contain a difference of two deviations.

    Ends that are multiplied by the correction, as in R's effectsize, contain it in 86 %.
    """
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        ours, theirs = rng.normal(2.0, 1.0, 3), rng.normal(0.0, 1.0, 3)
        deviation = math.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / 2.0)
        found = hedges_g(
            float(ours.mean() - theirs.mean()),
            standard_error=deviation * math.sqrt(2.0 / 3.0),
            df=4.0,
            deviation=deviation,
            deviation_df=4.0,
            standardizer="pooled standard deviation",
        )
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 2.0 <= found.high
    assert 0.935 <= covered / 2000 <= 0.965


def test_an_effect_without_a_standardizer_is_undefined() -> None:
    """Single values, constant samples and constant differences have none; rounding errors do not count as variance."""
    assert independent_g([1.0], [2.0, 3.0]) is None
    assert independent_g([1.0, 1.0], [2.0, 2.0]) is None
    assert paired_g([1.0], [2.0]) is None
    assert paired_g([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]) is None
    assert paired_g([-0.05, 1.62], [1.0, 1.17]) is None  # one degree of freedom, up to rounding
    assert paired_gz([1.0], [2.0]) is None
    assert paired_gz([1.1, 2.2, 3.3], [1.0, 2.1, 3.2]) is None
    assert paired_gz([1.0, 2.0], [1.5, 4.0]) is None  # one degree of freedom


def test_constant_differences_have_g_av_without_an_interval() -> None:
    found = paired_g([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
    assert found is not None
    assert (found.symbol, found.cohen_d, found.low, found.high) == ("g_av", 2.0, None, None)


SKEWED = [0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 40.0, 50.0]  # a skewness of 1.55


@pytest.mark.parametrize("effect", [independent_g, paired_g])
def test_skewed_values_have_g_without_an_interval(effect: Callable[..., HedgesG | None]) -> None:
    found = effect(SKEWED, [value + 1.0 + 0.1 * place for place, value in enumerate(SKEWED)])
    assert found is not None
    assert found.value < 0.0
    assert (found.low, found.high) == (None, None)


def test_skewed_differences_have_g_z_without_an_interval() -> None:
    symmetric = [float(place) for place in range(10)]
    found = paired_gz([ours + skew for ours, skew in zip(symmetric, SKEWED, strict=True)], symmetric)
    assert found is not None
    assert (found.low, found.high) == (None, None)
    other = paired_gz(SKEWED, [value + 1.0 + 0.1 * place for place, value in enumerate(SKEWED)])
    assert other is not None
    assert other.low is not None
