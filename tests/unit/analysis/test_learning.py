"""Tests of learning curves, trends and plateaus."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.analysis.learning import (
    LearningCurve,
    Plateau,
    Verdict,
    fit_learning_curve,
    judge_plateau,
    mann_kendall,
)
from clau_doom.analysis.unavailable import Unavailable


def curve(xs: list[float], ys: list[float]) -> LearningCurve:
    found = fit_learning_curve(xs, ys)
    assert isinstance(found, LearningCurve), found
    return found


def plateau(ys: list[float]) -> Plateau:
    found = judge_plateau([*map(float, range(len(ys)))], ys)
    assert isinstance(found, Plateau), found
    return found


def test_curve_agrees_with_rs_asymptotic_regression() -> None:
    """R's example of SSasymp (Loblolly, seed 329): Asym 94.1282 (8.4030), R0 -8.2508 (1.2261), lrc -3.2176 (0.1386).

    Brackets contain standard errors. The residual standard error is 0.7493 on 3 degrees of freedom.
    Student's t at 97.5 % is 3.1824.
    """
    found = curve([3, 5, 10, 15, 20, 25], [3.93, 9.34, 26.08, 37.79, 48.31, 56.43])
    assert found.asymptote.value == pytest.approx(94.1282, abs=1e-3)
    assert found.asymptote.high == pytest.approx(94.1282 + 3.1824 * 8.4030, abs=0.01)
    assert found.start.value == pytest.approx(-8.2508, abs=1e-3)
    assert found.start.low == pytest.approx(-8.2508 - 3.1824 * 1.2261, abs=0.01)
    assert -math.log(found.tau.value) == pytest.approx(-3.2176, abs=1e-4)
    assert found.tau.high == pytest.approx(math.exp(3.2176 + 3.1824 * 0.1386), rel=1e-3)
    assert found.residual == pytest.approx(0.7493, abs=1e-4)
    assert found.at(10.0) == pytest.approx(26.08, abs=1.0)


def test_curve_without_noise_is_recovered() -> None:
    """The fit returns the true parameters, and R² is 1."""
    found = curve([*map(float, range(20))], [20.0 - 12.0 * math.exp(-x / 4.0) for x in range(20)])
    assert (found.asymptote.value, found.start.value, found.tau.value) == pytest.approx((20.0, 8.0, 4.0), rel=1e-4)
    assert found.r_squared == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ys", "words"),
    [
        ([1.0, 2.0, 3.0, 4.0], "too few"),
        ([5.0] * 8, "does not change"),
        ([float(x) for x in range(12)], "straight line"),
        ([0.0, *[9.0] * 10], "jumps at once"),
    ],
)
def test_curve_without_asymptote_is_unavailable(ys: list[float], words: str) -> None:
    """Too few generations, equal values, a line or a jump have no curve, and the reason is given."""
    found = fit_learning_curve([*map(float, range(len(ys)))], ys)
    assert isinstance(found, Unavailable)
    assert words in found.missing


def test_mann_kendall_agrees_with_a_worked_example() -> None:
    """J. Little's worked example (College of the Holy Cross): S = 54, V = 14·13·33/18 - 2·1·9/18, Z = 2.9058."""
    found = mann_kendall([12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7])
    assert (found.s, found.n) == (54, 14)
    assert found.z == pytest.approx(2.9058, abs=1e-4)
    assert found.p == pytest.approx(2 * 0.0018, abs=1e-4)


def test_equal_values_have_no_trend() -> None:
    """For constant values, S and Z are 0 and p is 1."""
    found = mann_kendall([4.0] * 10)
    assert (found.s, found.z, found.p) == (0, 0.0, 1.0)


NOISE = [0.3, -0.2, 0.1, -0.3, 0.2, -0.1, 0.3, -0.3, 0.0, 0.2, -0.2, 0.1, -0.1, 0.3, -0.2]


@pytest.mark.parametrize(
    ("ys", "verdict"),
    [
        ([float(x) + NOISE[x % 15] for x in range(30)], Verdict.RISING),
        ([30.0 - x + NOISE[x % 15] for x in range(30)], Verdict.FALLING),
        ([20.0 * (1 - math.exp(-x / 3.0)) + NOISE[x % 15] for x in range(45)], Verdict.PLATEAU),
        ([10.0 + 5.0 * NOISE[x % 15] for x in range(15)], Verdict.UNDECIDED),
    ],
)
def test_verdict_on_a_plateau(ys: list[float], verdict: Verdict) -> None:
    """A clear slope is rising or falling, a flat end after a gain is a plateau, and noise alone is undecided."""
    assert plateau(ys).verdict is verdict


def test_plateau_test_uses_the_last_third() -> None:
    """Of 45 generations the last 15 are tested. Ten is the minimum."""
    assert plateau([float(x) for x in range(45)]).since == 30
    assert plateau([float(x) for x in range(12)]).since == 2
    assert isinstance(judge_plateau([0.0, 1.0], [1.0, 2.0]), Unavailable)


def test_sens_slope_ignores_an_outlier() -> None:
    """A line of slope 2 keeps its slope with one outlier."""
    assert plateau([2.0 * x if x != 7 else -90.0 for x in range(12)]).slope.value == pytest.approx(2.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-30, 30).map(float), min_size=3, max_size=20))
def test_mann_kendall_depends_on_ranks_only(values: list[float]) -> None:
    """Increasing functions of the values keep the test. Reversed time changes the sign of S."""
    found = mann_kendall(values)
    assert mann_kendall([value**3 + 5.0 for value in values]) == found
    assert mann_kendall(values[::-1]).s == -found.s
    assert abs(found.s) <= len(values) * (len(values) - 1) // 2
    assert 0.0 <= found.p <= 1.0
