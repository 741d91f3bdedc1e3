"""Number formats of all outputs: numbers, intervals, p-values and percentages as plain text.

Two formats of numbers exist. `number` has up to two decimals and suits fitness, scores and shares. `significant` has a
number of significant digits and suits data of unknown scale.
"""

import math

__all__ = [
    "MISSING",
    "decimals_of",
    "fixed",
    "number",
    "number_with_interval",
    "p_relation",
    "p_value",
    "percent",
    "percent_with_interval",
    "significant",
    "significant_with_interval",
]

MISSING = "-"
"""Text for a missing value."""

_PLAIN = (-4, 7)  # exponents of ten that are written without an exponent
_LARGE = 1e12  # numbers from this size on have an exponent in `number`


def number(value: float | None) -> str:
    """Return a number with two decimals, one from 100 and none from 1000. A missing number is `MISSING`."""
    if value is None:
        return MISSING
    size = abs(value)
    if size >= _LARGE:
        return f"{value:.3e}"
    return fixed(value, 2 if size < 100 else 1 if size < 1000 else 0)


def number_with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Return a number with its interval, such as ``19.14 [18.47, 19.78]``, or alone without an interval."""
    if low is None or high is None:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def significant(value: float, digits: int = 4) -> str:
    """Return a number with significant digits, without an exponent from 1e-4 to below 1e7.

    Args:
        value: The number; infinite and NaN are allowed.
        digits: Significant digits, at least 1.
    """
    if not math.isfinite(value):
        return f"{value:+.0f}".replace("+", "") if math.isinf(value) else "nan"
    if value == 0.0:
        return "0"
    exponent = _exponent(value, digits)
    if not _PLAIN[0] <= exponent < _PLAIN[1]:
        return f"{value:.{digits - 1}e}"
    return fixed(value, digits - 1 - exponent)


def significant_with_interval(value: float, low: float | None, high: float | None) -> str:
    """Return an estimate with its interval, with two significant digits of the interval's half-width.

    Args:
        value: The estimate.
        low: Lower end, or None without an interval.
        high: Upper end, or None.
    """
    if low is None or high is None:
        return significant(value)
    width = (high - low) / 2
    if width <= 0.0 or not math.isfinite(width):
        return f"{significant(value)} [{significant(low)}, {significant(high)}]"
    largest = max(abs(value), abs(low), abs(high))
    if _PLAIN[0] <= math.floor(math.log10(largest)) < _PLAIN[1]:
        decimals = decimals_of(width)
        return f"{fixed(value, decimals)} [{fixed(low, decimals)}, {fixed(high, decimals)}]"
    digits = max(1, math.floor(math.log10(largest)) - math.floor(math.log10(width)) + 1)
    return f"{value:.{digits}e} [{low:.{digits}e}, {high:.{digits}e}]"


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


def _exponent(value: float, digits: int) -> int:
    """Return the exponent of ten of a number that is rounded to significant digits."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])
