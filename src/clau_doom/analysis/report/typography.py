"""Formatting of numbers for reports, with the digits of the terminal, minus signs, and dashes for missing values."""

import re
from collections.abc import Iterable

from clau_doom.domain import AgentRef
from clau_doom.statistics.estimates import Estimate
from clau_doom.statistics.intervals import Interval

__all__ = [
    "NONE",
    "bracket",
    "chance",
    "count",
    "interval",
    "joined",
    "number",
    "p_equals",
    "place",
    "runs",
    "share",
    "share_bracket",
    "short",
    "unbroken",
    "with_interval",
]

NONE = "–"  # noqa: RUF001 - dash for missing values in tables
_TIED = re.compile(r"(?<=\S) (?=[=<>%] ?)|(?<=[=<>]) (?=\S)|(?<=\d) (?=\[)|(?<=\d,) (?=\S+\])")
_MINUS = "−"  # noqa: RUF001 - minus sign, which has the width of a digit, unlike a hyphen


def number(value: float | None) -> str:
    """Format a number with two decimals, with one from 100 and without decimals from 1000."""
    if value is None:
        return NONE
    size = abs(value)
    return short(value, 2 if size < 100 else 1 if size < 1000 else 0)


def short(value: float, decimals: int) -> str:
    """Format a number with a fixed number of decimals, without a negative zero."""
    text = f"{abs(value):.{decimals}f}"
    return text if value >= 0 or not text.strip("0.") else _MINUS + text


def bracket(low: float | None, high: float | None) -> str:
    """Format an interval such as ``[1.95, 2.52]``."""
    return NONE if low is None or high is None else f"[{number(low)}, {number(high)}]"


def with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Format a number with its interval, or without one if it is missing."""
    return number(value) if low is None or high is None else f"{number(value)} {bracket(low, high)}"


def interval(value: Interval | Estimate | None) -> str:
    """Format a mean or an estimate with its interval."""
    if value is None:
        return NONE
    return with_interval(value.mean if isinstance(value, Interval) else value.value, value.low, value.high)


def chance(p: float | None) -> str:
    """Format a p-value with three decimals, or as ``< 0.001``."""
    return NONE if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_equals(p: float | None) -> str:
    """Format a p-value for a sentence: ``p = 0.033``, or ``p < 0.001``."""
    text = chance(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def share(value: float | None) -> str:
    """Format a share of 1 in percent. Only exact values of 0 and 1 are shown as 0 and 100."""
    if value is None:
        return NONE
    if 0.0 < value < 0.01 or 0.99 < value < 1.0:
        return "< 1 %" if value < 0.5 else "> 99 %"
    return f"{100.0 * value:.0f} %"


def share_bracket(value: Estimate) -> str:
    """Format an estimated share of 1 in percent, with its interval."""
    if value.low is None or value.high is None:
        return share(value.value)
    return f"{share(value.value)} [{100.0 * value.low:.0f}, {100.0 * value.high:.0f}]"


def count(n: int, thing: str, many: str = "") -> str:
    """Format a count, such as ``1 agent`` or ``2,000 agents``."""
    return f"{n:,} {thing if n == 1 else many or f'{thing}s'}"


def joined(parts: Iterable[str]) -> str:
    """Join words for a sentence: ``a, b and c``."""
    *head, last = [*parts] or [NONE]
    return f"{', '.join(head)} and {last}" if head else last


def place(ref: AgentRef) -> str:
    """Format the generation and index of an agent, such as ``g003-a017``."""
    return f"g{ref.generation:03d}-a{ref.index:03d}"


def runs(numbers: Iterable[int]) -> str:
    """Format ascending whole numbers as ranges, with a dash between the ends of each."""
    found: list[list[int]] = []
    for value in numbers:
        if found and value == found[-1][-1] + 1:
            found[-1].append(value)
        else:
            found.append([value])
    return ", ".join(f"{run[0]}{NONE}{run[-1]}" if len(run) > 1 else str(run[0]) for run in found)


def unbroken(text: str) -> str:
    """Prevent line breaks within a number with its unit and interval."""
    return _TIED.sub("\N{NO-BREAK SPACE}", text)
