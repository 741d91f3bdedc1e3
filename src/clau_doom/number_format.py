"""Numbers as text, with the digits that their uncertainty allows."""

import math

__all__ = ["decimals_of", "p_value", "significant", "with_interval"]

_PLAIN = (-4, 7)  # exponents of ten that are written without an exponent


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


def with_interval(value: float, low: float | None, high: float | None) -> str:
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


def p_value(p: float) -> str:
    """Return a p-value with two significant digits, at least three decimals and "<0.0001" below that."""
    if p < 1e-4:
        return "<0.0001"
    return f"{p:.{min(4, max(3, 1 - math.floor(math.log10(p))))}f}"


def fixed(value: float, decimals: int) -> str:
    """Return a number with decimals; negative ones round to tens, hundreds and so on. Zero has no sign."""
    text = f"{round(value, decimals):.{max(decimals, 0)}f}"
    return text.lstrip("-") if float(text) == 0.0 else text


def _exponent(value: float, digits: int) -> int:
    """Return the exponent of ten of a number that is rounded to significant digits."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])
