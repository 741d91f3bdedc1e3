"""Formatting of numbers, intervals and times for users."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clau_doom.analysis import Interval
    from clau_doom.statistics.estimates import Estimate

__all__ = ["ago", "clock", "estimate", "gauge", "interval", "number", "p_value", "percent", "percents", "sparkline"]

_STEPS = "▁▂▃▄▅▆▇█"
_AGES = (("day", 86_400), ("h", 3_600), ("min", 60))

_LARGE = 1e12
"""Numbers from this size on are shown with an exponent."""


def number(value: float | None) -> str:
    """Return a number with two decimals, a large one with fewer or an exponent, and a dash for None."""
    if value is None:
        return "-"
    if abs(value) >= _LARGE:
        return f"{value:.3e}"
    decimals = 2 if abs(value) < 100 else 1 if abs(value) < 1000 else 0
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text  # no -0.00


def interval(value: "Interval | None") -> str:
    """Return a mean with its interval, such as ``19.14 [18.47, 19.78]``."""
    if value is None or value.low is None or value.high is None:
        return number(value.mean if value else None)
    return f"{number(value.mean)} [{number(value.low)}, {number(value.high)}]"


def estimate(value: "Estimate") -> str:
    """Return an estimate with its interval, as `interval` does."""
    if value.low is None or value.high is None:
        return number(value.value)
    return f"{number(value.value)} [{number(value.low)}, {number(value.high)}]"


def p_value(value: float | None) -> str:
    """Return a p-value with three decimals, a smaller one as ``< 0.001``, and a dash for None."""
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def percent(share: float | None) -> str:
    """Return a fraction in whole percent, and a dash for None. Only exact values are shown as 0 or 100."""
    if share is None:
        return "-"
    whole = round(100.0 * share)
    if whole >= 100 and share < 1.0:
        return "> 99 %"
    return "< 1 %" if whole <= 0 < share else f"{whole} %"


def percents(value: "Estimate") -> str:
    """Return an estimated fraction with its interval, such as ``65 % [52, 77]``."""
    if value.low is None or value.high is None:
        return percent(value.value)
    return f"{percent(value.value)} [{100.0 * value.low:.0f}, {100.0 * value.high:.0f}]"


def clock(seconds: float) -> str:
    """Return a duration as ``m:ss``, or as ``h:mm:ss`` from one hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def ago(seconds: float) -> str:
    """Return the time since an event, in the largest unit that fits."""
    for unit, size in _AGES:
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''} ago"
    return "just now"


def gauge(share: float, width: int = 12) -> tuple[str, str]:
    """Return a small bar with a mark at `share` (0 to 1) of its width, as the parts before and after the mark."""
    place = round(min(max(share, 0.0), 1.0) * (width - 1))
    return "─" * place, "─" * (width - 1 - place)


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Return at most `width` bars; of more values, each bar shows the last of an equal part of them."""
    if not values:
        return ""
    count = min(width, len(values))
    shown = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    low, high = min(shown), max(shown)
    if low == high:
        return _STEPS[3] * count
    return "".join(_STEPS[round((value - low) / (high - low) * (len(_STEPS) - 1))] for value in shown)
