"""Formats of durations and of charts in one line of text."""

from collections.abc import Sequence

__all__ = ["ago", "clock", "gauge", "sparkline"]

_STEPS = "▁▂▃▄▅▆▇█"
_AGES = (("day", 86_400), ("h", 3_600), ("min", 60))


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
