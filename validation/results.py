"""Results of the validation: counts, Monte-Carlo intervals, verdicts and the table of the documentation."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scipy import stats

from validation.grid import Cell
from validation.procedures import PROCEDURES

__all__ = ["Result", "markdown", "read_results", "verdict", "write_result"]

_MONTE_CARLO = 0.99  # level of the intervals of error rates
_RATES = (0.035, 0.065)  # false-positive rates of a test at 5 %
_MISSES = (0.03, 0.07)  # shares of 95 % intervals without the true value
_MOSTLY = 0.5  # share of withheld results above which a cell counts as withheld


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Counts of one result of a cell.

    Attributes:
        cell: Name of the cell.
        result: Name of the result.
        tables: Number of simulated tables.
        withheld: Number of tables for which the method withheld the result.
        errors: Number of false positives, or of intervals without the true value.
    """

    cell: str
    result: str
    tables: int
    withheld: int
    errors: int

    @property
    def rate(self) -> float:
        """Share of errors among all tables. A withheld result is not an error."""
        return self.errors / self.tables


def verdict(cell: Cell, result: Result) -> str:
    """Return ``ok``, ``withheld``, ``conservative``, ``low`` or ``high``.

    A rate is too low or too high if its 99 % Clopper-Pearson interval lies outside the limits.
    """
    procedure = PROCEDURES[cell.procedure]
    low, high = _MISSES if procedure.interval else _RATES
    tail = (1.0 - _MONTE_CARLO) / 2.0
    least = float(stats.beta.ppf(tail, result.errors, result.tables - result.errors + 1)) if result.errors else 0.0
    most = float(stats.beta.isf(tail, result.errors + 1, result.tables - result.errors))
    if least > high:
        return "high"
    if result.withheld > _MOSTLY * result.tables:
        return "withheld"
    if most >= low:
        return "ok"
    return "conservative" if procedure.conservative or result.withheld else "low"


def read_results(path: Path) -> dict[str, list[Result]]:
    """Read the results of finished cells by the cells' names. A last line that is incomplete is ignored."""
    found: dict[str, list[Result]] = {}
    if not path.exists():
        return found
    for line in path.read_text().splitlines():
        try:
            rows = json.loads(line)
        except ValueError:
            continue
        found[rows[0]["cell"]] = [Result(**row) for row in rows]
    return found


def write_result(path: Path, results: Sequence[Result]) -> None:
    """Append the results of one cell as a line."""
    with path.open("a") as file:
        file.write(json.dumps([asdict(each) for each in results]) + "\n")


def markdown(cells: Iterable[Cell], results: dict[str, list[Result]]) -> str:
    """Return the tables of verdicts and of exceptions in Markdown."""
    rows = [(cell, each) for cell in cells for each in results.get(cell.name, [])]
    counts: dict[str, Counter[str]] = {}
    exceptions = []
    for cell, result in rows:
        found = verdict(cell, result)
        counts.setdefault(cell.procedure, Counter())[found] += 1
        if found in {"high", "low"}:
            exceptions.append(
                f"| {PROCEDURES[cell.procedure].title} | {result.result} | {cell.distribution} | {cell.design} "
                f"| {100 * result.rate:.1f} | {100 * result.withheld / result.tables:.0f} |"
            )
    kinds = ("ok", "conservative", "withheld", "low", "high")
    lines = [f"| procedure | {' | '.join(kinds)} |", f"|---|{'---:|' * len(kinds)}"]
    for procedure, counted in counts.items():
        lines.append(f"| {PROCEDURES[procedure].title} | {' | '.join(str(counted[kind]) for kind in kinds)} |")
    lines += [
        "",
        "| procedure | result | distribution | design | errors, % | withheld, % |",
        "|---|---|---|---|---:|---:|",
    ]
    return "\n".join([*lines, *exceptions, ""])
