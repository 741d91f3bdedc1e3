"""Learning curve over generations, and its distance from the asymptote at the last generation.

The **curve** is asymptotic regression, y = a + (r0 - a) exp(-x / tau). It rises fast at first, and slower near the
asymptote a (Pinheiro and Bates, "Mixed-Effects Models in S and S-PLUS", 2000, appendix C.1, fit it as SSasymp). For a
given tau, the curve is linear in a and r0, so that the least-squares search has one dimension (Golub and Pereyra, "The
differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", SIAM Journal on
Numerical Analysis 10, 1973).

**Successive generations are related**, because agents are bred from the agents before. The residuals are therefore a
first-order autoregression: least squares use the transformed values of Prais and Winsten ("Trend estimators and serial
correlation", Cowles Commission Discussion Paper 383, 1954). The autocorrelation of residuals is too small in short
series: with k fitted parameters by about (k + (k + 3) phi) / n (k = 1: Marriott and Pope, "Bias in the estimation of
autocorrelations", Biometrika 41, 1954). It is corrected for k = 3, and is at least 0.

**Intervals** are those of the profile of the squares: all values of a parameter whose best curve is not rejected at
5 % by F with 1 and n - 4 degrees of freedom (Bates and Watts, "Nonlinear Regression Analysis and Its Applications",
1988, section 6.1; the fourth parameter is the autocorrelation). In simulations of 12 and 50 generations, those of tau
cover the true value in 93 to 99 % of the series up to an autocorrelation of 0.5, and in 86 to 96 % at 0.8. The interval
of the asymptote is withheld unless the curve has levelled off: before, the given ones would cover less than 90 %.

The **remaining share** exp(-last / tau) is the share of the curve's change from generation 0 to the asymptote that is
still to come after the last generation. It depends on tau only, so that it cannot contradict the curve. Verdicts:

- *rising*, *falling*: its interval is above `NEGLIGIBLE`;
- *levelled off*: its interval is below `NEGLIGIBLE`;
- *undecided*: neither, or a constant is not rejected at 5 % against the curve.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.rliable_aggregates import Estimate

__all__ = ["NEGLIGIBLE", "LearningCurve", "Verdict", "fit_learning_curve"]

NEGLIGIBLE = 0.1
"""Share of the curve's change that may still come after it has levelled off."""

_POINTS = 10
_PARAMETERS = 3
_STRONGEST = 0.95  # of the autocorrelation; at 1, the level of the curve is arbitrary
_PASSES = 2
_SLOWEST = 10.0  # multiples of the observed span; slower curves look like lines
_GRID = 120
_ENDS = 300

_Values = NDArray[np.float64]


class Verdict(StrEnum):
    """State of the curve at the last generation."""

    RISING = "rising"
    FALLING = "falling"
    LEVELLED = "levelled off"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningCurve:
    """Asymptotic regression of the generations' mean fitness.

    Attributes:
        model: Fitted formula.
        asymptote: Limit of the fitness; None if the curve that fits best is a line. Without an interval if the curve
            may not have levelled off.
        tau: Number of generations in which the distance to the asymptote shrinks to 1/e; None for a line.
        remaining: Share of the change from generation 0 to the asymptote that is still to come.
        verdict: State of the curve at the last generation.
        correlation: Autocorrelation of the residuals of successive generations, 0 to 0.95.
        r_squared: Share of the variance between generations that the curve explains.
        residual: Standard deviation of the residuals.
        n: Number of fitted generations.
        coefficients: Asymptote, value at generation 0, and tau of the drawn curve.
    """

    model: str
    asymptote: Estimate | None
    tau: Estimate | None
    remaining: Estimate
    verdict: Verdict
    correlation: float
    r_squared: float
    residual: float
    n: int
    coefficients: tuple[float, float, float]

    def at(self, x: float) -> float:
        """Return the curve's value at a generation."""
        limit, start, tau = self.coefficients
        return limit + (start - limit) * math.exp(-x / tau)


@dataclass(frozen=True, slots=True)
class _Line:
    """Best curve for a given tau: coefficients, sum of squares, and variance of the asymptote over the error's."""

    asymptote: float
    start: float
    squares: float
    variance: float


@dataclass(frozen=True, slots=True)
class _Profile:
    """Sum of squares of the best curve as a function of log(tau), and its interval.

    `low` and `high` are None where the interval reaches the end of the searched range.
    """

    at: Callable[[float], _Line]
    best: float
    low: float | None
    high: float | None
    limit: float


def fit_learning_curve(xs: Sequence[float], ys: Sequence[float]) -> LearningCurve | Unavailable:
    """Fit the asymptotic regression of ys on xs, or return the reason why it is unavailable.

    Args:
        xs: Generations, ascending.
        ys: Mean fitness of each generation.
    """
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    if len(x) < _POINTS:
        return Unavailable(missing=f"{len(x)} generations are too few for a learning curve: {_POINTS} are needed")
    if float(np.ptp(y)) <= 1e-12 * float(np.abs(y).max()):
        return Unavailable(missing="the mean fitness does not change: no curve can be fitted")
    unit = float(np.abs(y).max())  # squares of very small or large values are not floats
    correlation = _correlation(x, y / unit)
    profile = _profile(x, y / unit, correlation)
    if math.exp(profile.best) < 1.01 * _shortest(x):
        return Unavailable(
            missing="the curve that fits best jumps at once: these generations do not determine an asymptote"
        )
    return _curve(x, y, unit, correlation, profile)


def _curve(x: _Values, y: _Values, unit: float, correlation: float, profile: _Profile) -> LearningCurve:
    n, last, tau = len(x), float(x[-1]), math.exp(profile.best)
    found = profile.at(profile.best)
    coefficients = (unit * found.asymptote, unit * found.start, tau)
    line = tau > 0.99 * _longest(x)
    low, high = (None if end is None else math.exp(end) for end in (profile.low, profile.high))
    remaining = Estimate(
        value=math.exp(-last / tau),
        low=0.0 if low is None else math.exp(-last / low),
        high=1.0 if high is None else math.exp(-last / high),
        n=n,
    )
    curve = coefficients[0] + (coefficients[1] - coefficients[0]) * np.exp(-x / tau)
    squares = float(np.sum(((y - curve) / unit) ** 2))
    return LearningCurve(
        model="a + (r0 - a) exp(-generation / tau)",
        asymptote=None if line else _asymptote(x, profile, unit, remaining),
        tau=None if line else Estimate(value=tau, low=low, high=high, n=n),
        remaining=remaining,
        verdict=_verdict(x, y / unit, correlation, profile, remaining),
        correlation=correlation,
        r_squared=1.0 - squares / float(np.sum(((y - y.mean()) / unit) ** 2)),
        residual=unit * math.sqrt(squares / (n - _PARAMETERS)),
        n=n,
        coefficients=coefficients,
    )


def _asymptote(x: _Values, profile: _Profile, unit: float, remaining: Estimate) -> Estimate:
    """Return the asymptote with its interval: the asymptotes of all curves that are not rejected."""
    n, value = len(x), unit * profile.at(profile.best).asymptote
    if profile.high is None or remaining.high is None or remaining.high >= NEGLIGIBLE:
        return Estimate(value=value, low=None, high=None, n=n, reason="the curve may not have levelled off")
    ends = []
    first = math.log(_shortest(x)) if profile.low is None else profile.low
    for log_tau in (profile.best, *np.linspace(first, profile.high, _ENDS).tolist()):
        line = profile.at(log_tau)
        reach = math.sqrt(max(profile.limit - line.squares, 0.0) * line.variance)
        ends += [line.asymptote - reach, line.asymptote + reach]
    return Estimate(value=value, low=unit * min(ends), high=unit * max(ends), n=n)


def _verdict(x: _Values, y: _Values, correlation: float, profile: _Profile, remaining: Estimate) -> Verdict:
    best, freedom = profile.at(profile.best), _freedom(len(x))
    level = _whitened(x, np.ones_like(x), correlation)
    values = _whitened(x, y, correlation)
    constant = float(np.sum((values - level * (level @ values) / (level @ level)) ** 2))
    if constant <= best.squares * (1.0 + 2.0 * stats.f.ppf(CONFIDENCE, 2, freedom) / freedom):
        return Verdict.UNDECIDED
    if remaining.low is not None and remaining.low > NEGLIGIBLE:
        return Verdict.RISING if best.asymptote > best.start else Verdict.FALLING
    if remaining.high is not None and remaining.high < NEGLIGIBLE:
        return Verdict.LEVELLED
    return Verdict.UNDECIDED


def _correlation(x: _Values, y: _Values) -> float:
    """Return the autocorrelation of the residuals, corrected for its bias."""
    n, correlation = len(x), 0.0
    for _ in range(_PASSES):
        profile = _profile(x, y, correlation)
        found = profile.at(profile.best)
        residuals = y - found.asymptote - (found.start - found.asymptote) * np.exp(-x / math.exp(profile.best))
        squares = float(residuals @ residuals)
        if squares <= 1e-24 * n:
            return 0.0
        lag = float(residuals[1:] @ residuals[:-1]) / squares
        # lag = phi - (k + (k + 3) phi) / n, solved for phi
        corrected = (n * lag + _PARAMETERS) / (n - _PARAMETERS - 3)
        correlation = min(max(corrected, 0.0), _STRONGEST)
    return correlation


def _profile(x: _Values, y: _Values, correlation: float) -> _Profile:
    def at(log_tau: float) -> _Line:
        return _fit(x, y, log_tau, correlation)

    grid = np.linspace(math.log(_shortest(x)), math.log(_longest(x)), _GRID)
    squares = np.array([at(float(each)).squares for each in grid])
    lowest = int(np.argmin(squares))
    bounds = (float(grid[max(lowest - 1, 0)]), float(grid[min(lowest + 1, _GRID - 1)]))
    refined = optimize.minimize_scalar(
        lambda log_tau: at(log_tau).squares, bounds=bounds, method="bounded", options={"xatol": 1e-10}
    )
    best = float(refined.x)
    freedom = _freedom(len(x))
    limit = at(best).squares * (1.0 + stats.f.ppf(CONFIDENCE, 1, freedom) / freedom)

    def crossing(outside: int) -> float | None:
        if not 0 <= outside < _GRID:
            return None
        return float(optimize.brentq(lambda log_tau: at(log_tau).squares - limit, float(grid[outside]), best))

    accepted = np.flatnonzero(squares <= limit)
    first, last = (int(accepted[0]), int(accepted[-1])) if len(accepted) else (lowest, lowest - 1)
    return _Profile(at=at, best=best, low=crossing(first - 1), high=crossing(last + 1), limit=limit)


def _fit(x: _Values, y: _Values, log_tau: float, correlation: float) -> _Line:
    """Return the best curve for a given tau, by least squares of the transformed values."""
    decay = np.exp(-x / math.exp(log_tau))
    design = np.column_stack([_whitened(x, column, correlation) for column in (1.0 - decay, decay)])
    values = _whitened(x, y, correlation)
    coefficients = np.linalg.lstsq(design, values)[0]
    (first, both), (_, second) = design.T @ design
    return _Line(
        asymptote=float(coefficients[0]),
        start=float(coefficients[1]),
        squares=float(np.sum((values - design @ coefficients) ** 2)),
        variance=float(second / (first * second - both**2)),
    )


def _whitened(x: _Values, values: _Values, correlation: float) -> _Values:
    """Return values whose errors are uncorrelated: those of Prais and Winsten, with gaps between generations."""
    between = correlation ** np.diff(x)
    scale = np.sqrt((1.0 - correlation**2) / (1.0 - between**2))
    first = math.sqrt(1.0 - correlation**2) * values[:1]
    return np.concatenate([first, scale * (values[1:] - between * values[:-1])])


def _freedom(n: int) -> int:
    return n - _PARAMETERS - 1


def _shortest(x: _Values) -> float:
    return 0.1 * float(np.diff(x).min())


def _longest(x: _Values) -> float:
    return _SLOWEST * float(x[-1] - x[0])
