"""Number format of all outputs: numbers, intervals, p-values and percentages as plain text.

The digits of an estimate follow its uncertainty: the half-width of its interval has two significant digits, and the
estimate and the ends of the interval have the same number of decimals. An end that would round to 0 has one significant
digit, so that the interval shows whether it contains 0. A number without an interval has two decimals
from 1, one from 100 and none from 1000, and three significant digits below 1. Numbers from 10,000,000 and below 0.0001
have an exponent.

The dashboard formats numbers in the same way (`web/static/format.js`).
"""

import math
from collections.abc import Sequence

__all__ = [
    "MISSING",
    "bracket",
    "counted",
    "decimals_of",
    "fixed",
    "number",
    "number_in_interval",
    "number_with_interval",
    "p_relation",
    "p_value",
    "percent",
    "percent_with_interval",
    "significant",
    "tick_labels",
]

MISSING = "-"
"""Text for a missing value."""

_PLAIN = (-4, 7)  # exponents of ten that are written without an exponent
_DIGITS = 15  # significant digits of a float
_ROUNDING = 1e-9  # of the width of an interval; a smaller end is 0


def number(value: float | None) -> str:
    """Return a number without an interval, such as ``25.71``. A missing number is `MISSING`."""
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return f"{value}"
    if value == 0.0:
        return "0"
    exponent = _exponent(value, 3)
    if not _plain(exponent):
        return f"{value:.2e}"
    return fixed(value, 2 - exponent if exponent < 0 else max(0, min(2, 3 - exponent)))


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, such as ``1 row`` or ``1,200 rows``. The plural of the noun ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def number_with_interval(
    value: float | None, low: float | None, high: float | None, *, decimals: int | None = None
) -> str:
    """Return an estimate with its interval, such as ``19.1 [18.5, 19.8]``, or alone without an interval.

    Args:
        value: The estimate.
        low: Lower end of the interval.
        high: Upper end of the interval.
        decimals: Decimals of all numbers, as in `fixed`. None: two significant digits of the interval's half-width.
    """
    if value is not None and decimals is not None:
        ends = "" if low is None or high is None else f" [{fixed(low, decimals)}, {fixed(high, decimals)}]"
        return f"{fixed(value, decimals)}{ends}"
    if value is None or low is None or high is None:
        return number(value)
    return f"{number_in_interval(value, low, high)} {bracket(low, high, value)}"


def number_in_interval(value: float, low: float | None, high: float | None) -> str:
    """Return an estimate with the digits of its interval, without the interval."""
    return number(value) if low is None or high is None else _format(value, low, high, value)


def bracket(low: float | None, high: float | None, value: float | None = None) -> str:
    """Return an interval such as ``[1.95, 2.52]``. A missing interval is `MISSING`.

    Args:
        low: Lower end.
        high: Upper end.
        value: The estimate next to the interval, for the choice of an exponent.
    """
    if low is None or high is None:
        return MISSING
    return f"[{_end(low, low, high, value)}, {_end(high, low, high, value)}]"


def significant(value: float, digits: int = 4) -> str:
    """Return a number with significant digits. Whole parts of numbers are not rounded.

    Args:
        value: The number; infinite and NaN are allowed.
        digits: Significant digits, at least 1.
    """
    if not math.isfinite(value):
        return f"{value}"
    if value == 0.0:
        return "0"
    exponent = _exponent(value, digits)
    if not _plain(exponent):
        return f"{value:.{digits - 1}e}"
    return fixed(value, max(digits - 1 - exponent, 0))


def tick_labels(ticks: Sequence[float], step: float) -> tuple[str, ...]:
    """Return the labels of the ticks of an axis, with the digits that distinguish them.

    Args:
        ticks: The values, multiples of `step`.
        step: The distance of two ticks: 1, 2, 2.5 or 5 times a power of ten.
    """
    largest = max(map(abs, ticks), default=0.0)
    if largest == 0.0:
        return ("0",) * len(ticks)
    place = math.floor(math.log10(step) + 1e-9)  # of the first digit of the step
    last = place - (abs(step / 10.0**place - 2.5) < 1e-6)  # of its last digit
    top = math.floor(math.log10(largest) + 1e-9)
    if _plain(top):
        return tuple(fixed(tick, max(-last, 0)) for tick in ticks)
    digits = min(max(top - last, 0), _DIGITS)
    return tuple("0" if abs(tick) < step / 2.0 else f"{tick:.{digits}e}" for tick in ticks)


def decimals_of(width: float) -> int:
    """Return the decimals that show two significant digits of a half-width above 0; negative for large ones."""
    return 1 - _exponent(width, 2)


def p_value(p: float | None) -> str:
    """Return a p-value with three decimals, or ``< 0.001``. A missing p-value is `MISSING`."""
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_relation(p: float | None) -> str:
    """Return a p-value for a sentence: ``p = 0.033`` or ``p < 0.001``."""
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def percent(share: float | None) -> str:
    """Return a share of 1 in whole percent. Only exact values of 0 and 1 are shown as 0 and 100."""
    if share is None:
        return MISSING
    whole = round(100.0 * share)
    if whole >= 100 and share < 1.0:
        return "> 99 %"
    return "< 1 %" if whole <= 0 < share else f"{whole} %"


def percent_with_interval(share: float, low: float | None, high: float | None) -> str:
    """Return a share of 1 with its interval, such as ``65 % [52, 77]``, or alone without an interval."""
    if low is None or high is None:
        return percent(share)
    return f"{percent(share)} [{100.0 * low:.0f}, {100.0 * high:.0f}]"


def fixed(value: float, decimals: int) -> str:
    """Return a number with decimals; negative ones round to tens, hundreds and so on. Zero has no sign."""
    text = f"{round(value, decimals):.{max(decimals, 0)}f}"
    return text.lstrip("-") if float(text) == 0.0 else text


def _end(end: float, low: float, high: float, value: float | None) -> str:
    """Return an end of an interval. Only an end of 0, or one that differs from 0 by rounding error, is shown as 0."""
    text = _format(end, low, high, value)
    if float(text) != 0.0 or abs(end) <= _ROUNDING * (high - low):
        return text
    return significant(end, 1)


def _format(member: float, low: float, high: float, value: float | None) -> str:
    """Return a number of an estimate with an interval, with two significant digits of the interval's half-width."""
    width = high / 2.0 - low / 2.0
    largest = max(abs(low), abs(high), abs(value or 0.0))
    if not 0.0 < width <= largest < math.inf:
        return number(member)
    top = _exponent(largest, 2)
    decimals = min(decimals_of(width), _DIGITS - 1 - top)
    # A large number with a small uncertainty needs all of its digits.
    if _plain(top) or (_PLAIN[1] <= top < _DIGITS and decimals > -_PLAIN[1] + 2):
        return fixed(member, decimals)
    return "0" if member == 0.0 else f"{member:.{max(decimals + top, 1)}e}"


def _plain(exponent: int) -> bool:
    return _PLAIN[0] <= exponent < _PLAIN[1]


def _exponent(value: float, digits: int) -> int:
    """Return the exponent of ten of a number that is rounded to significant digits."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])
