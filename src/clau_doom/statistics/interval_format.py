"""Formats of means and estimates with their intervals."""

from clau_doom.number_format import MISSING, number_with_interval, percent_with_interval
from clau_doom.statistics.intervals import Interval
from clau_doom.statistics.rliable_aggregates import Estimate

__all__ = ["interval", "percent_interval"]


def interval(value: Interval | Estimate | None) -> str:
    """Return a mean or an estimate with its interval, such as ``19.14 [18.47, 19.78]``."""
    if value is None:
        return MISSING
    return number_with_interval(value.mean if isinstance(value, Interval) else value.value, value.low, value.high)


def percent_interval(value: Estimate) -> str:
    """Return an estimated share of 1 in percent with its interval, such as ``65 % [52, 77]``."""
    return percent_with_interval(value.value, value.low, value.high)
