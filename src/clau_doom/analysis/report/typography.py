"""Typography of reports: number formats with minus signs and dashes, and lists, counts and ranges in words."""

import re
from collections.abc import Iterable

from clau_doom import number_format
from clau_doom.domain import AgentRef
from clau_doom.statistics import interval_format
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
    "typographic",
    "unbroken",
    "with_interval",
]

NONE = "–"  # noqa: RUF001 - dash for missing values in tables
_TIED = re.compile(r"(?<=\S) (?=[=<>%] ?)|(?<=[=<>]) (?=\S)|(?<=\d) (?=\[)|(?<=\d,) (?=\S+\])")
_HYPHEN = re.compile(r"(?<![\w.\-])-(?=\d)")
_MINUS = "−"  # noqa: RUF001 - minus sign, which has the width of a digit, unlike a hyphen


def typographic(text: str) -> str:
    """Replace the hyphens of a formatted number: minus signs before digits, an en dash for a missing value."""
    return NONE if text == number_format.MISSING else _HYPHEN.sub(_MINUS, text)


def number(value: float | None) -> str:
    """Format a number with at most two decimals."""
    return typographic(number_format.number(value))


def short(value: float, decimals: int) -> str:
    """Format a number with a fixed number of decimals, without a negative zero."""
    return typographic(number_format.fixed(value, decimals))


def bracket(low: float | None, high: float | None) -> str:
    """Format an interval such as ``[1.95, 2.52]``."""
    return NONE if low is None or high is None else f"[{number(low)}, {number(high)}]"


def with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Format a number with its interval, or without one if it is missing."""
    return typographic(number_format.number_with_interval(value, low, high))


def interval(value: Interval | Estimate | None) -> str:
    """Format a mean or an estimate with its interval."""
    return typographic(interval_format.interval(value))


def chance(p: float | None) -> str:
    """Format a p-value."""
    return typographic(number_format.p_value(p))


def p_equals(p: float | None) -> str:
    """Format a p-value for a sentence: ``p = 0.033``, or ``p < 0.001``."""
    return typographic(number_format.p_relation(p))


def share(value: float | None) -> str:
    """Format a share of 1 in percent."""
    return typographic(number_format.percent(value))


def share_bracket(value: Estimate) -> str:
    """Format an estimated share of 1 in percent, with its interval."""
    return typographic(interval_format.percent_interval(value))


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
