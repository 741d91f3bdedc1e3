"""Tests of learning curves and of their state at the last generation."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.analysis.learning import LearningCurve, Verdict, fit_learning_curve
from clau_doom.analysis.unavailable import Unavailable


def curve(ys: list[float]) -> LearningCurve:
    found = fit_learning_curve([*map(float, range(len(ys)))], ys)
    assert isinstance(found, LearningCurve), found
    return found


ALTERNATING = [8.95, 13.49, 20.81, 20.32, 23.59, 22.51, 23.90, 24.66, 25.01, 24.81, 25.09, 25.30]
PERSISTENT = [2.1, 3.2, 5.0, 6.4, 6.9, 8.3, 8.8, 8.6, 8.9, 9.7, 10.4, 10.6, 10.5, 10.2, 10.4, 10.9]


def test_curve_agrees_with_rs_asymptotic_regression() -> None:
    """Residuals that alternate count as uncorrelated: nls(y ~ SSasymp(x, Asym, R0, lrc)) has the same estimates.

    R: S <- function(tau) deviance(lm(y ~ 0 + I(1 - exp(-x / tau)) + I(exp(-x / tau)))). The ends of the interval are
    uniroot of S(tau) - min(S) * (1 + qf(.95, 1, 8) / 8).
    """
    found = curve(ALTERNATING)
    assert found.asymptote is not None
    assert found.tau is not None
    assert found.correlation == 0.0
    assert found.coefficients == pytest.approx((25.14238, 8.64561, math.exp(0.73795)), rel=1e-5)
    assert (found.tau.value, found.tau.low, found.tau.high) == pytest.approx(
        (2.0916464, 1.4857195, 3.0459480), rel=1e-6
    )
    assert (found.asymptote.low, found.asymptote.high) == pytest.approx((23.97385, 26.59925), abs=1e-4)
    left = found.remaining
    assert (left.value, left.low, left.high) == pytest.approx((0.005200424, 0.000608922, 0.027015211), rel=1e-5)
    assert found.at(0.0) == pytest.approx(8.64561, rel=1e-5)


def test_intervals_allow_for_correlated_residuals() -> None:
    """R: with W <- function(v) c(sqrt(1 - phi^2) * v[1], v[-1] - phi * v[-n]) around y and both columns, as above.

    phi is (n r + 3) / (n - 6) of the residuals' autocorrelation r, in two passes: 0.49224 and 0.60136.
    """
    found = curve(PERSISTENT)
    assert found.asymptote is not None
    assert found.tau is not None
    assert found.correlation == pytest.approx(0.601365, abs=1e-6)
    assert (found.tau.value, found.tau.low, found.tau.high) == pytest.approx(
        (5.1990433, 3.6046920, 8.3128977), rel=1e-6
    )
    assert found.asymptote.value == pytest.approx(11.3618542, abs=1e-4)
    assert (found.asymptote.low, found.asymptote.reason) == (None, "the curve may not have levelled off")
    assert found.remaining.high == pytest.approx(0.1645691, abs=1e-6)
    assert found.verdict is Verdict.UNDECIDED


def test_curve_without_noise_is_recovered() -> None:
    """The fit returns the true parameters, and R² is 1."""
    found = curve([20.0 - 12.0 * math.exp(-x / 4.0) for x in range(20)])
    assert found.coefficients == pytest.approx((20.0, 8.0, 4.0), rel=1e-4)
    assert found.r_squared == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ys", "words"),
    [
        ([1.0, 2.0, 3.0, 4.0], "too few"),
        ([5.0] * 10, "does not change"),
        ([0.0, *[9.0] * 10], "jumps at once"),
    ],
)
def test_curve_without_asymptote_is_unavailable(ys: list[float], words: str) -> None:
    """Too few generations, equal values or a jump have no curve, and the reason is given."""
    found = fit_learning_curve([*map(float, range(len(ys)))], ys)
    assert isinstance(found, Unavailable)
    assert words in found.missing


def test_line_has_no_asymptote() -> None:
    """A line was still rising, and its asymptote is unknown."""
    found = curve([float(x) + NOISE[x % 15] for x in range(30)])
    assert (found.asymptote, found.tau, found.verdict) == (None, None, Verdict.RISING)
    assert found.remaining.high == 1.0


NOISE = [0.3, -0.2, 0.1, -0.3, 0.2, -0.1, 0.3, -0.3, 0.0, 0.2, -0.2, 0.1, -0.1, 0.3, -0.2]


@pytest.mark.parametrize(
    ("ys", "verdict"),
    [
        ([float(x) + NOISE[x % 15] for x in range(30)], Verdict.RISING),
        ([30.0 - x + NOISE[x % 15] for x in range(30)], Verdict.FALLING),
        ([20.0 * (1 - math.exp(-x / 3.0)) + NOISE[x % 15] for x in range(45)], Verdict.LEVELLED),
        ([20.0 * math.exp(-x / 3.0) + NOISE[x % 15] for x in range(45)], Verdict.LEVELLED),
        (ALTERNATING, Verdict.LEVELLED),
    ],
)
def test_verdict_follows_the_remaining_share(ys: list[float], verdict: Verdict) -> None:
    """A clear slope is rising or falling, and a flat end after a change has levelled off."""
    found = curve(ys)
    assert found.verdict is verdict
    assert ((found.remaining.low or 0.0) > 0.1) is (verdict in {Verdict.RISING, Verdict.FALLING})


def test_noise_has_no_verdict() -> None:
    """Series without a trend are undecided at least 19 times of 20, also if successive values are related."""
    draw, decided = random.Random(3), 0
    for _ in range(40):
        ys = [draw.gauss(0.0, 1.0)]
        for _ in range(14):
            ys.append(0.5 * ys[-1] + draw.gauss(0.0, 1.0))
        found = fit_learning_curve([*map(float, range(15))], ys)
        decided += isinstance(found, LearningCurve) and found.verdict is not Verdict.UNDECIDED
    assert decided <= 2


@settings(max_examples=5, deadline=None)
@given(st.integers(-3, 3), st.floats(-50.0, 50.0), st.booleans())
def test_verdict_does_not_depend_on_units(exponent: int, shift: float, flip: bool) -> None:
    """Other units and another origin give the same curve, and the opposite sign the opposite direction."""
    factor = (-1.0 if flip else 1.0) * 10.0 ** (50 * exponent)
    base, found = curve(PERSISTENT), curve([factor * (value + shift) for value in PERSISTENT])
    assert found.verdict is base.verdict
    assert found.remaining.value == pytest.approx(base.remaining.value, rel=1e-3)
    assert found.asymptote is not None
    assert base.asymptote is not None
    assert found.asymptote.value == pytest.approx(factor * (base.asymptote.value + shift), rel=1e-3)
