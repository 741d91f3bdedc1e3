"""Anytime performance of runs: runtimes to targets, expected running time and area under the learning curve.

Runtimes follow the conventions of COCO (Hansen, Auger, Ros, Mersmann, Tušar and Brockhoff, "COCO: a platform for
comparing continuous optimizers in a black-box setting", Optimization Methods and Software 36, 2021; Hansen, Auger,
Finck and Ros, "Real-parameter black-box optimization benchmarking 2009: experimental setup", INRIA RR-6828, 2009):

- The **runtime** of a run to a target is the number of evaluations at the first measurement that reaches the target.
  The runtime of a run that does not reach the target is censored at the run's last evaluation.
- The **expected running time** (ERT) is the sum of all runs' evaluations, up to the hit or to the end of the run, over
  the number of hits. It estimates the evaluations of an algorithm that is restarted until it reaches the target.
- **Simulated restarts** estimate the distribution of this number: runs are drawn with replacement until one that
  reached the target is drawn, and their evaluations are added. The mean of the distribution is the ERT. Its
  percentiles describe the dispersion of runtimes. They are not a confidence interval of the ERT. They are withheld for
  fewer than `FEWEST_HITS` hits.
- The **interval of the ERT** is Student's t interval on the log scale (Katz, Baptista, Azen and Pike, "Obtaining
  confidence intervals for the risk ratio in cohort studies", Biometrics 34, 1978). The ERT is a ratio of means over
  runs: of the evaluations s, and of the hits h (0 or 1). Its relative standard error is that of the mean of
  s - ERT h, over the mean of s (Cochran, "Sampling Techniques", 3rd ed. 1977, section 6.4). Runtimes are skewed, so
  that symmetric intervals and the percentile bootstrap are too low. The interval is withheld for fewer than
  `FEWEST_HITS` hits or `FEWEST_RUNS` runs, and for runtimes of which most are equal (`intervals`).
- The **runtime distribution** (ECDF) is the share of pairs of a run and a target whose runtime is within a budget. It
  equals the mean over runs of each run's share of reached targets.

The **area under the learning curve** is the mean height of the curve over an interval of the budget, in units of the
fitness. The curve is linear between measurements (trapezoidal rule). Sources: Taylor and Stone, "Transfer learning for
reinforcement learning domains: a survey", Journal of Machine Learning Research 10, 2009; López-Ibáñez and Stützle,
"Automatically improving the anytime behaviour of optimisation algorithms", European Journal of Operational Research
235, 2014.

The **best candidate so far** is measured by cross-validation in two halves (van Hasselt, "Estimating the maximum
expected value: an analysis of (nested) cross validation and the maximum sample average", arXiv:1302.7175, 2013). One
half of each candidate's values chooses the best candidate, and the other half measures it. The result is the mean of
both directions. The largest mean so far is biased upwards by luck, more strongly with more candidates. The
cross-validated value is an unbiased estimate for a candidate that half of the values choose. On average, it is slightly
too small for a candidate that all values choose.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clau_doom.statistics.intervals import CONFIDENCE, concentration
from clau_doom.statistics.student_t import half_width

__all__ = [
    "FEWEST_HITS",
    "FEWEST_RUNS",
    "SIMULATED",
    "BestSoFar",
    "ExpectedRuntime",
    "Runtime",
    "best_so_far",
    "expected_runtime",
    "mean_height",
    "reached_share",
    "runtime_to",
    "simulated_restarts",
]

SIMULATED = 10_000
"""Number of simulated restarts."""

FEWEST_HITS = 5
"""Smallest number of hits whose runtimes have percentiles and whose ERT has an interval."""

FEWEST_RUNS = 10
"""Smallest number of runs whose ERT has an interval."""

_PERCENTILES = (10.0, 50.0, 90.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """Runtime of a run to a target.

    Attributes:
        evaluations: Evaluations up to the hit, or up to the end of the run.
        reached: Whether the run reached the target.
    """

    evaluations: int
    reached: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BestSoFar:
    """Cross-validated value of the best candidate so far.

    Attributes:
        value: Mean of the two candidates that the halves chose, each measured by the other half.
        standard_error: Standard error of the value, given the choices. None for a half of one value.
    """

    value: float
    standard_error: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedRuntime:
    """Expected running time of several runs to a target.

    Attributes:
        ert: Expected running time in evaluations, or None if no run reached the target.
        successes: Number of runs that reached the target.
        runs: Number of runs.
        evaluations: Evaluations of all runs, up to the hit or to the end of the run.
        low: 10th percentile of the simulated restarts. None for few hits.
        median: Median of the simulated restarts, or None.
        high: 90th percentile of the simulated restarts, or None.
        ert_low: Lower end of the 95 % interval of the ERT, or None if the interval is withheld.
        ert_high: Upper end of the interval, or None.
    """

    ert: float | None
    successes: int
    runs: int
    evaluations: int
    low: float | None = None
    median: float | None = None
    high: float | None = None
    ert_low: float | None = None
    ert_high: float | None = None


def runtime_to(target: float, evaluations: Sequence[int], values: Sequence[float | None]) -> Runtime:
    """Return the runtime of a run to a target. Values are maximised.

    Args:
        target: Value to reach.
        evaluations: Evaluations before each measurement, ascending; at least one.
        values: Measured values. A missing value does not reach the target.
    """
    for spent, value in zip(evaluations, values, strict=True):
        if value is not None and value >= target:
            return Runtime(evaluations=spent, reached=True)
    return Runtime(evaluations=evaluations[-1], reached=False)


def expected_runtime(runtimes: Sequence[Runtime], rng: np.random.Generator, draws: int = SIMULATED) -> ExpectedRuntime:
    """Return the expected running time with its interval and the percentiles of simulated restarts.

    Args:
        runtimes: Runtime of each run to the same target; at least one.
        rng: Generator of the simulated restarts.
        draws: Number of simulated restarts.
    """
    spent = sum(each.evaluations for each in runtimes)
    hits = sum(each.reached for each in runtimes)
    found = ExpectedRuntime(ert=spent / hits if hits else None, successes=hits, runs=len(runtimes), evaluations=spent)
    if hits < FEWEST_HITS:
        return found
    low, median, high = np.percentile(simulated_restarts(runtimes, draws, rng), _PERCENTILES).tolist()
    ert_low, ert_high = _ert_interval(runtimes, spent / hits) if len(runtimes) >= FEWEST_RUNS else (None, None)
    return replace(found, low=low, median=median, high=high, ert_low=ert_low, ert_high=ert_high)


def simulated_restarts(runtimes: Sequence[Runtime], draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return simulated runtimes of an algorithm that is restarted until it reaches the target, shape (draws,).

    Args:
        runtimes: Runtime of each run to the same target.
        draws: Number of simulated runtimes.
        rng: Generator of the draws.

    Raises:
        ValueError: No run reached the target: the restarts would not end.
    """
    spent = np.array([each.evaluations for each in runtimes], dtype=np.int64)
    reached = np.array([each.reached for each in runtimes])
    if not reached.any():
        raise ValueError("no run reached the target: simulated restarts would not end")
    totals = np.zeros(draws, dtype=np.int64)
    waiting = np.arange(draws)
    while len(waiting):
        drawn = rng.integers(len(spent), size=len(waiting))
        totals[waiting] += spent[drawn]
        waiting = waiting[~reached[drawn]]
    return totals


def _ert_interval(runtimes: Sequence[Runtime], ert: float) -> tuple[float | None, float | None]:
    """Return the ends of the interval of the ERT, or None for both."""
    residuals = [each.evaluations - ert * each.reached for each in runtimes]  # their mean is 0
    if concentration(residuals):
        return None, None
    n, spent = len(runtimes), sum(each.evaluations for each in runtimes)
    relative_error = math.hypot(*residuals) / math.sqrt(n - 1) * math.sqrt(n) / spent
    factor = math.exp(half_width(n - 1, CONFIDENCE) * relative_error)
    return ert / factor, ert * factor


def reached_share(runtimes: Sequence[Runtime], budget: float) -> float:
    """Return the share of runtimes that end with a hit within a budget, 0 to 1.

    Args:
        runtimes: Runtimes to several targets; at least one.
        budget: Number of evaluations.
    """
    return sum(each.reached and each.evaluations <= budget for each in runtimes) / len(runtimes)


def best_so_far(candidates: Sequence[Sequence[float]]) -> tuple[BestSoFar | None, ...]:
    """Return the cross-validated value of the best candidate so far, after each candidate.

    The first, third, fifth and further odd values are one half, the others are the other half. Of equal candidates,
    the first is the best. The result is None as long as no candidate has two values.

    The halves measure on different seeds, so that their errors are independent. The variance of the value is therefore
    a quarter of the sum of the squared standard errors of both measuring means.

    Args:
        candidates: Values of each candidate in order, on the same seeds in the same order. A candidate with fewer than
            two values is left out.
    """
    best: list[tuple[float, Sequence[float]] | None] = [None, None]  # chosen by one half: (mean, measuring half)
    found: list[BestSoFar | None] = []
    for values in candidates:
        if len(values) > 1:
            halves = (values[::2], values[1::2])
            for at, (choosing, measuring) in enumerate([halves, halves[::-1]]):
                known, mean = best[at], math.fsum(choosing) / len(choosing)
                if known is None or mean > known[0]:
                    best[at] = (mean, measuring)
        first, second = best
        found.append(None if first is None or second is None else _measured(first[1], second[1]))
    return tuple(found)


def mean_height(evaluations: Sequence[float], values: Sequence[float], start: float, end: float) -> float:
    """Return the area under a learning curve over an interval, divided by the length of the interval.

    Args:
        evaluations: Evaluations before each measurement, strictly ascending.
        values: Measured values.
        start: Start of the interval, not before the first measurement.
        end: End of the interval, not after the last measurement.

    Raises:
        ValueError: The interval is empty, or the curve does not cover the interval.
    """
    x, y = np.asarray(evaluations, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if not x[0] <= start < end <= x[-1]:
        raise ValueError(f"the interval {start:g} to {end:g} is empty or not within {x[0]:g} to {x[-1]:g}")
    inside = (x > start) & (x < end)
    at = np.concatenate([[start], x[inside], [end]])
    return float(np.trapezoid(np.interp(at, x, y), at)) / (end - start)


def _measured(one: Sequence[float], other: Sequence[float]) -> BestSoFar:
    means = [math.fsum(half) / len(half) for half in (one, other)]
    if min(len(one), len(other)) < 2:
        return BestSoFar(value=sum(means) / 2.0, standard_error=None)
    errors = [statistics.stdev(half) / math.sqrt(len(half)) for half in (one, other)]
    return BestSoFar(value=sum(means) / 2.0, standard_error=math.hypot(*errors) / 2.0)
