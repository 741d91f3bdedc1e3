"""Counts, lists and table cells as plain text."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clau_doom.analysis.document import Cell, Fixed, Marked, Measured, PValue, Share, Trend
from clau_doom.domain import AgentRef
from clau_doom.number_format import (
    MISSING,
    bracket,
    decimals_of,
    fixed,
    number,
    number_with_interval,
    p_value,
    percent_with_interval,
)
from clau_doom.statistics.intervals import FEWEST_FOR_MEAN, Interval

if TYPE_CHECKING:  # their modules import SciPy and statsmodels
    from clau_doom.statistics.hedges_g import HedgesG
    from clau_doom.statistics.rliable_aggregates import Estimate

__all__ = [
    "bracket",
    "cell_text",
    "count",
    "gaps",
    "joined",
    "measured",
    "measured_column",
    "ranges",
    "shared",
    "withheld",
    "withheld_effects",
]


def measured(value: "Interval | Estimate | HedgesG | None") -> Measured | None:
    """Return a mean or an estimate as a table cell."""
    if value is None:
        return None
    centre = value.mean if isinstance(value, Interval) else value.value
    return Measured(value=centre, low=value.low, high=value.high)


def measured_column(values: "Sequence[Interval | Estimate | None]") -> tuple[Measured | None, ...]:
    """Return estimates of one quantity as the cells of a column, with equal decimals.

    The decimals are the largest that an interval of the column needs. Intervals of very different widths keep their own
    decimals, because equal decimals would show too many digits of the wide ones.

    Args:
        values: Estimates with their intervals. None: a missing value.
    """
    cells = [measured(value) for value in values]
    needed = {decimals for each in cells if each is not None and (decimals := _decimals(each)) is not None}
    if not needed or max(needed) - min(needed) > 1:
        return tuple(cells)
    return tuple(None if each is None else replace(each, decimals=max(needed)) for each in cells)


def _decimals(cell: Measured) -> int | None:
    """Return the decimals that an interval needs, or None without an interval."""
    if cell.low is None or cell.high is None or not 0.0 < cell.high - cell.low < math.inf:
        return None
    return decimals_of((cell.high - cell.low) / 2.0)


def shared(value: "Estimate") -> Share:
    """Return an estimated fraction as a table cell."""
    return Share(value=value.value, low=value.low, high=value.high)


def withheld(values: "Iterable[Interval | Estimate | None]") -> str:
    """Return a sentence with the reasons why intervals are withheld, or an empty text."""
    reasons = sorted({value.reason for value in values if value is not None and value.reason})
    return f"An estimate without an interval: {'; '.join(reasons)}." if reasons else ""


def withheld_effects(effects: "Iterable[HedgesG | None]") -> str:
    """Return a sentence with the reason why effect sizes have no interval, or an empty text."""
    missing = any(each is not None and each.low is None for each in effects)
    return "Hedges' g without an interval: the values are too skewed for the noncentral t." if missing else ""


def gaps(shares: "Iterable[Interval]") -> str:
    """Return a sentence with the reasons for the gaps of a band over shares of runs, or an empty text."""
    missing = [each for each in shares if each.reason]
    few = sorted({each.reason for each in missing if each.n < FEWEST_FOR_MEAN})
    if few:
        return f"A share without an interval: {'; '.join(few)}."
    return "The band is left out where most runs have the same share." if missing else ""


def count(n: int, thing: str, many: str = "") -> str:
    """Format a count, such as ``1 agent`` or ``2,000 agents``."""
    return f"{n:,} {thing if n == 1 else many or f'{thing}s'}"


def joined(parts: Iterable[str]) -> str:
    """Join words for a sentence: ``a, b and c``."""
    *head, last = [*parts] or [MISSING]
    return f"{', '.join(head)} and {last}" if head else last


def ranges(numbers: Iterable[int]) -> str:
    """Format ascending whole numbers as ranges, such as ``0-3, 7``."""
    found: list[list[int]] = []
    for value in numbers:
        if found and value == found[-1][-1] + 1:
            found[-1].append(value)
        else:
            found.append([value])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in found)


def cell_text(cell: Cell) -> str:  # noqa: C901, PLR0911 - one case for each type
    """Format the content of a table cell."""
    match cell:
        case None:
            return MISSING
        case str():
            return cell
        case int():
            return f"{cell}"
        case float():
            return number(cell)
        case Measured():
            return number_with_interval(cell.value, cell.low, cell.high, decimals=cell.decimals)
        case Share():
            return percent_with_interval(cell.value, cell.low, cell.high)
        case PValue():
            return p_value(cell.p)
        case Fixed():
            return fixed(cell.value, cell.decimals)
        case AgentRef():
            return cell.label
        case Marked():
            return cell_text(cell.cell)
        case Trend():
            return ""
