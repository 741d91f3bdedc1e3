"""Shewhart control charts over generations.

A subgroup is a generation, its values the agents' fitnesses. With up to ten agents the charts are Shewhart's x-bar and
R, with more x-bar and s, because the range wastes what a larger subgroup knows (Montgomery, "Introduction to
Statistical Quality Control", 6th ed. 2009, sections 6.2 and 6.3; constants from its appendix VI). Subgroups may differ
in size, because failed agents have no fitness: each has limits of its own, sigma being the mean of R / d2(n) or of
s / c4(n).

Signals are those of the Western Electric rules ("Statistical Quality Control Handbook", 1956), on the x-bar chart:

1. one point beyond 3 sigma;
2. two of three in a row beyond 2 sigma, on one side;
3. four of five in a row beyond 1 sigma, on one side;
4. eight in a row on one side of the centre.

Evolution is meant to leave the state of control: signals below the centre early and above it late are learning. What
deserves a look is a signal after a plateau, or in the chart of the spread.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clau_doom.analysis.unavailable import Unavailable

__all__ = ["ChartPoint", "ControlChart", "Signal", "control_chart", "western_electric"]

D2 = {2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326, 6: 2.534, 7: 2.704, 8: 2.847, 9: 2.970, 10: 3.078}
"""The mean range of n standard normal values."""

D3 = {2: 0.853, 3: 0.888, 4: 0.880, 5: 0.864, 6: 0.848, 7: 0.833, 8: 0.820, 9: 0.808, 10: 0.797}
"""The standard deviation of that range; Montgomery's d3, not his D3."""

_RULES = ((1, 1, 1, 3.0), (2, 2, 3, 2.0), (3, 4, 5, 1.0), (4, 8, 8, 0.0))  # rule, points, of the last, beyond sigmas


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartPoint:
    """One generation on both charts.

    Attributes:
        generation: Which.
        n: Agents with a fitness.
        mean: Their mean fitness.
        mean_low: The lower limit of the mean.
        mean_high: Its upper limit.
        spread: Their range, or standard deviation.
        spread_low: The lower limit of the spread.
        spread_high: Its upper limit.
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
        """Whether the spread lies beyond its limits."""
        return not self.spread_low <= self.spread <= self.spread_high


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """A point that meets a Western Electric rule.

    Attributes:
        generation: The point's generation, the last of those that the rule looks at.
        rule: 1 to 4.
        above: Whether the points lie above the centre.
    """

    generation: int
    rule: int
    above: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlChart:
    """An x-bar chart with its chart of spread.

    Attributes:
        spread: What the second chart shows: ``R``, the range, or ``s``, the standard deviation.
        centre: The mean of all values.
        sigma: The standard deviation within generations.
        points: The generations with two fitnesses or more.
        signals: Where rules are met on the x-bar chart, by generation, then rule.
    """

    spread: str
    centre: float
    sigma: float
    points: tuple[ChartPoint, ...]
    signals: tuple[Signal, ...]


def control_chart(generations: Sequence[Sequence[float]]) -> ControlChart | Unavailable:
    """Return the charts of the generations' fitnesses, or why there are none.

    Args:
        generations: The fitnesses of each, those without a fitness left out.
    """
    groups = [(index, np.asarray(row, dtype=np.float64)) for index, row in enumerate(generations) if len(row) >= 2]
    if len(groups) < 2:
        return Unavailable(missing="a control chart needs two generations of two agents with a fitness")
    ranged = max(len(row) for _, row in groups) <= max(D2)
    spreads = [float(np.ptp(row)) if ranged else float(np.std(row, ddof=1)) for _, row in groups]
    norms = [_norm(len(row), ranged=ranged) for _, row in groups]
    sigma = math.fsum(spread / mean for spread, (mean, _) in zip(spreads, norms, strict=True)) / len(groups)
    if sigma <= 0.0:
        return Unavailable(missing="all agents of each generation are equally fit: there is no spread to set limits by")
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
    """Return where the Western Electric rules are met: (place, rule, above the centre).

    Args:
        scores: Each point's distance from the centre, in its own standard errors.
    """
    found: list[tuple[int, int, bool]] = []
    for at in range(len(scores)):
        for rule, wanted, window, sigmas in _RULES:
            for above in (True, False):
                sided = [score if above else -score for score in scores[max(0, at - window + 1) : at + 1]]
                # The point itself must be one of them: a rule is met where its last point falls.
                if sided[-1] > sigmas and sum(score > sigmas for score in sided) >= wanted:
                    found.append((at, rule, above))
    return tuple(found)


def _norm(n: int, *, ranged: bool) -> tuple[float, float]:
    """Return the mean and the standard deviation of a chart's spread, for n standard normal values."""
    if ranged:
        return D2[n], D3[n]
    c4 = math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(n / 2.0) - math.lgamma((n - 1) / 2.0))
    return c4, math.sqrt(1.0 - c4 * c4)
