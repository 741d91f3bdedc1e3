"""Shewhart control charts over generations.

A subgroup is a generation, and its values are the agents' fitness values. With up to ten agents, the charts are x-bar
and R charts. With more agents, they are x-bar and s charts, because the range is inefficient in large subgroups.
Source: Montgomery, "Introduction to Statistical Quality Control", 6th ed. 2009, sections 6.2 and 6.3; constants from
its appendix VI. Subgroups may differ in size, because failed agents do not have a fitness. Each subgroup has its own
limits. Sigma is the mean of R / d2(n) or of s / c4(n).

Signals follow the Western Electric rules ("Statistical Quality Control Handbook", 1956), on the x-bar chart:

1. one point beyond 3 sigma;
2. two of three consecutive points beyond 2 sigma, on one side;
3. four of five consecutive points beyond 1 sigma, on one side;
4. eight consecutive points on one side of the centre.

Evolution is expected to leave the state of control. Early signals below the centre and late signals above it indicate
learning. A signal after the curve has levelled off, or in the chart of the spread, needs attention. Limits and rules
assume independent values. Agents of a generation are related, and generations follow from each other, so that the rate
of false signals is unknown.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clau_doom.analysis.unavailable import Unavailable

__all__ = ["ChartPoint", "ControlChart", "Signal", "control_chart", "western_electric"]

D2 = {2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326, 6: 2.534, 7: 2.704, 8: 2.847, 9: 2.970, 10: 3.078}
"""Mean range of n standard normal values."""

D3 = {2: 0.853, 3: 0.888, 4: 0.880, 5: 0.864, 6: 0.848, 7: 0.833, 8: 0.820, 9: 0.808, 10: 0.797}
"""Standard deviation of that range. This is Montgomery's d3, not D3."""

_RULES = ((1, 1, 1, 3.0), (2, 2, 3, 2.0), (3, 4, 5, 1.0), (4, 8, 8, 0.0))  # rule, points, of the last, beyond sigmas


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartPoint:
    """One generation on both charts.

    Attributes:
        generation: Number of the generation.
        n: Number of agents with a fitness.
        mean: Mean fitness.
        mean_low: Lower limit of the mean.
        mean_high: Upper limit of the mean.
        spread: Range or standard deviation.
        spread_low: Lower limit of the spread.
        spread_high: Upper limit of the spread.
    """

    generation: int
    n: int
    mean: float
    mean_low: float
    mean_high: float
    spread: float
    spread_low: float
    spread_high: float

    @property
    def spread_signals(self) -> bool:
        """Whether the spread is outside its limits."""
        return not self.spread_low <= self.spread <= self.spread_high


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """A point that meets a Western Electric rule.

    Attributes:
        generation: Generation of the last point of the rule.
        rule: Number of the rule, 1 to 4.
        above: Whether the points are above the centre.
    """

    generation: int
    rule: int
    above: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlChart:
    """An x-bar chart with its chart of spread.

    Attributes:
        spread: Statistic of the second chart: ``R``, the range, or ``s``, the standard deviation.
        centre: Mean of all values.
        sigma: Standard deviation within generations.
        points: Generations with two or more fitness values.
        signals: Signals on the x-bar chart, sorted by generation, then rule.
    """

    spread: str
    centre: float
    sigma: float
    points: tuple[ChartPoint, ...]
    signals: tuple[Signal, ...]


def control_chart(generations: Sequence[Sequence[float]]) -> ControlChart | Unavailable:
    """Compute the control charts of the generations, or return the reason why they are unavailable.

    Args:
        generations: Fitness values of each generation, without failed agents.
    """
    groups = [(index, np.asarray(row, dtype=np.float64)) for index, row in enumerate(generations) if len(row) >= 2]
    if len(groups) < 2:
        return Unavailable(missing="a control chart needs two generations of two agents with a fitness")
    ranged = max(len(row) for _, row in groups) <= max(D2)
    spreads = [float(np.ptp(row)) if ranged else float(np.std(row, ddof=1)) for _, row in groups]
    norms = [_norm(len(row), ranged=ranged) for _, row in groups]
    sigma = math.fsum(spread / mean for spread, (mean, _) in zip(spreads, norms, strict=True)) / len(groups)
    if sigma <= 0.0:
        return Unavailable(missing="all agents of each generation have equal fitness: limits need a spread")
    centre = float(np.mean(np.concatenate([row for _, row in groups])))
    points = tuple(
        ChartPoint(
            generation=index,
            n=len(row),
            mean=float(row.mean()),
            mean_low=centre - 3.0 * sigma / math.sqrt(len(row)),
            mean_high=centre + 3.0 * sigma / math.sqrt(len(row)),
            spread=spread,
            spread_low=max(0.0, (mean - 3.0 * deviation) * sigma),
            spread_high=(mean + 3.0 * deviation) * sigma,
        )
        for (index, row), spread, (mean, deviation) in zip(groups, spreads, norms, strict=True)
    )
    scores = [(point.mean - centre) * math.sqrt(point.n) / sigma for point in points]
    signals = tuple(
        Signal(generation=points[at].generation, rule=rule, above=above) for at, rule, above in western_electric(scores)
    )
    return ControlChart(spread="R" if ranged else "s", centre=centre, sigma=sigma, points=points, signals=signals)


def western_electric(scores: Sequence[float]) -> tuple[tuple[int, int, bool], ...]:
    """Find the points that meet the Western Electric rules: (index, rule, above the centre).

    Args:
        scores: Distance of each point from the centre, in the point's standard errors.
    """
    found: list[tuple[int, int, bool]] = []
    for at in range(len(scores)):
        for rule, wanted, window, sigmas in _RULES:
            for above in (True, False):
                sided = [score if above else -score for score in scores[max(0, at - window + 1) : at + 1]]
                # The last point must be beyond the limit, too.
                if sided[-1] > sigmas and sum(score > sigmas for score in sided) >= wanted:
                    found.append((at, rule, above))
    return tuple(found)


def _norm(n: int, *, ranged: bool) -> tuple[float, float]:
    """Return the mean and the standard deviation of a chart's spread, for n standard normal values."""
    if ranged:
        return D2[n], D3[n]
    c4 = math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(n / 2.0) - math.lgamma((n - 1) / 2.0))
    return c4, math.sqrt(1.0 - c4 * c4)
