"""Conversion of an analysis to the unit and the origin of the response."""

import math
from dataclasses import replace
from typing import TypeVar

from clau_doom.statistics.intervals import Interval
from clau_doom.table_analysis.pairs import Comparisons, Pair
from clau_doom.table_analysis.results import AdjustedMean, Slope, TableAnalysis

__all__ = ["in_units", "shifted"]

_Estimate = TypeVar("_Estimate", AdjustedMean, Slope)


def in_units(found: TableAnalysis, unit: float) -> TableAnalysis:
    """Convert an analysis from the design's unit to that of the response.

    Test statistics, p-values and effect sizes do not change. A sum of squares beyond the range of a double is None.
    """
    if unit == 1.0:
        return found
    groups = [
        replace(
            group,
            mean=_interval_in_units(group.mean, unit),
            deviation=group.deviation * unit,
            median=group.median * unit,
        )
        for group in found.groups
    ]
    effects = [replace(each, sum_of_squares=_squared(each.sum_of_squares, unit)) for each in found.effects]
    residual = None if found.residual is None else (found.residual[0], _squared(found.residual[1], unit))
    comparisons = [_comparisons_in_units(each, unit) for each in found.comparisons]
    return replace(
        found,
        groups=tuple(groups),
        effects=tuple(effects),
        residual=residual,
        comparisons=tuple(comparisons),
        adjusted_means=tuple([_scaled(each, unit, "mean") for each in found.adjusted_means]),
        slopes=tuple([_scaled(each, unit, "slope") for each in found.slopes]),
        components=tuple(
            [
                replace(each, variance=_squared(each.variance, unit), deviation=each.deviation * unit)
                for each in found.components
            ]
        ),
    )


def _squared(squares: float | None, unit: float) -> float | None:
    """Return a sum of squares in the response's unit, or None if a double cannot hold it."""
    if squares is None:
        return None
    found = squares * unit * unit
    return found if math.isfinite(found) and (found > 0.0 or squares == 0.0) else None


def _scaled(found: _Estimate, unit: float, name: str) -> _Estimate:
    scaled = {each: getattr(found, each) * unit for each in (name, "standard_error", "low", "high")}
    return replace(found, **scaled)


def shifted(found: Interval, offset: float) -> Interval:
    """Return the interval of values to which an offset is added."""
    low, high = (None if end is None else end + offset for end in (found.low, found.high))
    return replace(found, mean=found.mean + offset, low=low, high=high)


def _interval_in_units(found: Interval, unit: float) -> Interval:
    low, high = (None if end is None else end * unit for end in (found.low, found.high))
    return replace(found, mean=found.mean * unit, low=low, high=high)


def _comparisons_in_units(found: Comparisons, unit: float) -> Comparisons:
    if found.scale == "ranks":
        return found
    return replace(found, pairs=tuple([_pair_in_units(pair, unit) for pair in found.pairs]))


def _pair_in_units(pair: Pair, unit: float) -> Pair:
    return replace(
        pair,
        difference=pair.difference * unit,
        low=None if pair.low is None else pair.low * unit,
        high=None if pair.high is None else pair.high * unit,
        standard_error=None if pair.standard_error is None else pair.standard_error * unit,
        standardizers=tuple([replace(each, deviation=each.deviation * unit) for each in pair.standardizers]),
    )
