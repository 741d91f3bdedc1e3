"""Learning curve over generations, and a trend test of the last generations.

The **curve** is asymptotic regression, y = a + (r0 - a) exp(-x / tau). It rises fast at first, and slower near the
asymptote a (Pinheiro and Bates, "Mixed-Effects Models in S and S-PLUS", 2000, appendix C.1, fit it as SSasymp). For a
given tau, the curve is linear in a and r0, so that the least-squares search has one dimension (Golub and Pereyra, "The
differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", SIAM Journal on
Numerical Analysis 10, 1973). Intervals come from the linearised model with Student's t. Successive generations are
related, so that their residuals are correlated. The intervals are therefore rather too narrow than too wide.

The **plateau** is tested on the last third of the generations, at least ten. The test is the Mann-Kendall trend test
(Mann, "Nonparametric tests against trend", Econometrica 13, 1945; Kendall, "Rank Correlation Methods", 1975; normal
approximation with correction for ties and continuity). The slope is Sen's slope with its interval ("Estimates of the
regression coefficient based on Kendall's tau", Journal of the American Statistical Association 63, 1968). A trend that
is not significant does not prove a plateau. Therefore, there are three verdicts besides falling:

- *rising*: the test finds an upward trend at 5 %;
- *plateau*: the test finds no upward trend, and the upper end of the slope's interval, continued over the window, adds
  less than `NEGLIGIBLE` of the total gain since generation 0;
- *undecided*: neither.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.rliable_aggregates import Estimate

__all__ = ["LearningCurve", "Plateau", "Trend", "Verdict", "fit_learning_curve", "judge_plateau", "mann_kendall"]

NEGLIGIBLE = 0.1
"""Share of the total gain that a plateau may still add over its window."""

_ALPHA = 0.05
_WINDOW = 10
_POINTS = 5  # three parameters and two degrees of freedom
_SLOWEST = 10.0  # multiples of the observed span; slower curves look like lines

_Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningCurve:
    """Asymptotic regression of the generations' mean fitness.

    Attributes:
        model: Fitted formula.
        asymptote: Limit of the fitness, with its interval.
        start: Fitness at generation 0, with its interval.
        tau: Number of generations in which the distance to the asymptote shrinks to 1/e, with its interval.
        r_squared: Share of the variance between generations that the curve explains.
        residual: Standard deviation of the residuals.
        n: Number of fitted generations.
    """

    model: str
    asymptote: Estimate
    start: Estimate
    tau: Estimate
    r_squared: float
    residual: float
    n: int

    def at(self, x: float) -> float:
        """Return the curve's value at a generation."""
        a, r0 = self.asymptote.value, self.start.value
        return a + (r0 - a) * math.exp(-x / self.tau.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """Result of the Mann-Kendall test.

    Attributes:
        s: Kendall's S: rising pairs minus falling pairs.
        z: Standard normal score of S. 0 if all values are equal.
        p: Two-sided p-value.
        n: Number of values.
    """

    s: int
    z: float
    p: float
    n: int


class Verdict(StrEnum):
    """Trend of the last generations."""

    RISING = "rising"
    FALLING = "falling"
    PLATEAU = "plateau"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plateau:
    """Trend of the mean fitness of the last generations.

    Attributes:
        verdict: See the module's docstring.
        since: First generation of the window.
        trend: Result of the test over the window.
        slope: Sen's slope in fitness per generation, with its interval.
        gain: Difference in fitness between the first fifth of the generations (at least one) and the window.
    """

    verdict: Verdict
    since: int
    trend: Trend
    slope: Estimate
    gain: float


def fit_learning_curve(xs: Sequence[float], ys: Sequence[float]) -> LearningCurve | Unavailable:
    """Fit the asymptotic regression of ys on xs, or return the reason why it is unavailable.

    Args:
        xs: Generations, ascending.
        ys: Mean fitness of each generation.
    """
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    if len(x) < _POINTS:
        return Unavailable(
            missing=f"{len(x)} generations are too few for a curve of three parameters: {_POINTS} are needed"
        )
    if _flat(y):
        return Unavailable(missing="the mean fitness does not change: no curve can be fitted")
    shortest, longest = _shortest(x), _SLOWEST * float(x[-1] - x[0])
    log_tau = _best_log_tau(x, y, math.log(shortest), math.log(longest))
    if not 1.01 * shortest < math.exp(log_tau) < 0.99 * longest:
        shape = "jumps at once" if math.exp(log_tau) < longest / 2 else "is a straight line"
        return Unavailable(missing=f"the curve that fits best {shape}: these generations do not determine an asymptote")
    return _curve(x, y, log_tau)


def judge_plateau(xs: Sequence[float], ys: Sequence[float]) -> Plateau | Unavailable:
    """Test the trend of the last generations, or return the reason why it is unavailable.

    Args:
        xs: Generations, ascending.
        ys: Mean fitness of each generation.
    """
    if len(xs) < _WINDOW:
        return Unavailable(missing=f"{len(xs)} generations are too few to tell a plateau: {_WINDOW} are needed")
    size = max(_WINDOW, math.ceil(len(xs) / 3))
    x, y = xs[-size:], ys[-size:]
    trend = mann_kendall(y)
    found = stats.theilslopes(y, x, CONFIDENCE)
    slope = Estimate(value=float(found.slope), low=float(found.low_slope), high=float(found.high_slope), n=size)
    before = ys[: max(1, len(ys) // 5)]
    gain = math.fsum(y) / size - math.fsum(before) / len(before)
    reach = (slope.high or 0.0) * (x[-1] - x[0])
    if trend.p < _ALPHA:
        verdict = Verdict.RISING if trend.s > 0 else Verdict.FALLING
    else:
        verdict = Verdict.PLATEAU if reach <= NEGLIGIBLE * abs(gain) else Verdict.UNDECIDED
    return Plateau(verdict=verdict, since=int(x[0]), trend=trend, slope=slope, gain=gain)


def mann_kendall(values: Sequence[float]) -> Trend:
    """Compute the Mann-Kendall test of a monotonic trend.

    Args:
        values: Values in the order of time.
    """
    row = np.asarray(values, dtype=np.float64)
    n = len(row)
    s = int(np.sign(row[None, :] - row[:, None])[np.triu_indices(n, 1)].sum())
    ties = np.unique(row, return_counts=True)[1].astype(np.float64)
    variance = (n * (n - 1) * (2 * n + 5) - float(np.sum(ties * (ties - 1) * (2 * ties + 5)))) / 18.0
    z = (s - math.copysign(1.0, s)) / math.sqrt(variance) if s and variance > 0.0 else 0.0
    return Trend(s=s, z=z, p=2.0 * float(stats.norm.sf(abs(z))), n=n)


def _flat(values: _Values) -> bool:
    return float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max()))


def _shortest(x: _Values) -> float:
    return 0.1 * float(np.diff(x).min())


def _linear(x: _Values, y: _Values, log_tau: float) -> tuple[float, float, float]:
    """Return the asymptote, the start and the sum of squares of the best curve for a given tau."""
    decay = np.exp(-x / math.exp(log_tau))
    design = np.column_stack([1.0 - decay, decay])
    coefficients = np.linalg.lstsq(design, y)[0]
    return float(coefficients[0]), float(coefficients[1]), float(np.sum((y - design @ coefficients) ** 2))


def _best_log_tau(x: _Values, y: _Values, low: float, high: float) -> float:
    """Return the logarithm of the least-squares tau: the best of a grid, refined between its neighbours."""
    grid = np.linspace(low, high, 200)
    squares = [_linear(x, y, float(at))[2] for at in grid]
    best = int(np.argmin(squares))
    bounds = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)]))
    found = optimize.minimize_scalar(
        lambda at: _linear(x, y, at)[2], bounds=bounds, method="bounded", options={"xatol": 1e-10}
    )
    return float(found.x)


def _curve(x: _Values, y: _Values, log_tau: float) -> LearningCurve | Unavailable:
    asymptote, start, squares = _linear(x, y, log_tau)
    tau, freedom = math.exp(log_tau), len(x) - 3
    decay = np.exp(-x / tau)
    # Derivatives by asymptote, start and log(tau).
    jacobian = np.column_stack([1.0 - decay, decay, (start - asymptote) * decay * x / tau])
    information = jacobian.T @ jacobian
    if np.linalg.cond(information) > 1e14:
        return Unavailable(missing="the parameters of the curve cannot be identified from these generations")
    errors = np.sqrt(np.diag(np.linalg.inv(information)) * squares / freedom)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * errors
    return LearningCurve(
        model="a + (r0 - a) exp(-generation / tau)",
        asymptote=_around(asymptote, float(reach[0]), len(x)),
        start=_around(start, float(reach[1]), len(x)),
        tau=_factor(tau, float(reach[2]), len(x)),
        r_squared=1.0 - squares / float(np.sum((y - y.mean()) ** 2)),
        residual=math.sqrt(squares / freedom),
        n=len(x),
    )


def _around(value: float, reach: float, n: int) -> Estimate:
    return Estimate(value=value, low=value - reach, high=value + reach, n=n)


def _factor(value: float, reach: float, n: int) -> Estimate:
    """Return an estimate with an interval on the logarithmic scale. An end beyond the range of floats is None."""
    high = value * math.exp(reach) if reach < 700.0 else None
    return Estimate(value=value, low=value * math.exp(-reach), high=high, n=n)
