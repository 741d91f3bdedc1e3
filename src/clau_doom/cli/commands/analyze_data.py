"""Output of `clau-doom analyze --data`: analysis of a table, as text or JSON."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clau_doom.cli.console import data_console, print_json
from clau_doom.cli.table_options import TableRequest
from clau_doom.errors import ConfigError
from clau_doom.number_format import MISSING, number_with_interval, p_value, significant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clau_doom.table_analysis import Comparisons, Design, Diagnostic, EffectTest, Table, TableAnalysis

__all__ = ["analyze_table"]

_SIGNIFICANT = 0.05


def analyze_table(data: Path, request: TableRequest, *, as_json: bool) -> None:
    """Print the analysis of a table.

    Raises:
        ConfigError: The file cannot be read, or its columns do not allow the analysis.
    """
    if request.response is None or not request.factors:
        raise ConfigError("--data needs --response COLUMN and one or more of --factor COLUMN")
    from clau_doom.table_analysis import analyze_design, make_design, read_table, rows_where

    table, where = read_table(data, request.csv_options), request.where
    chosen = table if where is None else rows_where(table, where)
    design = make_design(chosen, response=request.response, factors=request.factors, block=request.block)
    analysis = analyze_design(
        design,
        request.method.value,
        sums_of_squares=request.sums_of_squares.value,
        order=None if request.order is None else _order(chosen, request.order),
    )
    if as_json:
        about: dict[str, object] = {"data": str(data), "where": where, "rows": len(chosen)}
        print_json(about | _analysis_json(design, analysis))
        return
    rows = f"{len(chosen)} rows of {data.name}" + (f" where {where}" if where else "")
    data_console().print(_view(design, analysis, rows))


def _order(table: "Table", name: str) -> "NDArray[np.float64]":
    """Return the values of the column that orders the rows.

    Raises:
        ConfigError: It is not a column of numbers without missing values.
    """
    values, text = table.column(name).floats()
    if text is not None or not all(map(math.isfinite, values.tolist())):
        raise ConfigError(f"--order {name}: the column must have a number in each row")
    return values


def _view(design: "Design", analysis: "TableAnalysis", rows: str) -> RenderableType:
    by = " and ".join(factor.name for factor in design.factors)
    blocks = f", in blocks of {design.block.name}" if design.block else ""
    head = Text.assemble((f"{design.response} by {by}{blocks}", "bold"), (f"  {rows}", "dim"))
    reasons = {group.mean.reason for group in analysis.groups if group.mean.reason}
    parts: list[RenderableType] = [head, _groups_view(design, analysis)]
    parts += [Text(f"no interval: {'; '.join(sorted(reasons))}", "dim")] if reasons else []
    parts.append(_effects_view(analysis))
    parts += [_comparisons_view(each) for each in analysis.comparisons if each.pairs]
    parts += [Text(f"{each.effect}: {each.note}", "dim") for each in analysis.comparisons if each.note]
    parts.append(_diagnostics_view(analysis.diagnostics))
    return Group(*parts)


def _groups_view(design: "Design", analysis: "TableAnalysis") -> RichTable:
    table = _table()
    for factor in design.factors:
        table.add_column(factor.name, no_wrap=True)
    for heading in ("n", "mean [95 %]", "sd", "median"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in analysis.groups:
        mean = Text(number_with_interval(group.mean.mean, group.mean.low, group.mean.high), "bold")
        table.add_row(*group.levels, str(group.mean.n), mean, significant(group.deviation), significant(group.median))
    return table


def _effects_view(analysis: "TableAnalysis") -> RichTable:
    view = _table()
    view.add_column(analysis.test, no_wrap=True)
    possible = [effect for effect in analysis.effects if effect.p is not None]
    sizes = possible[0].sizes if possible else ()
    squares = any(effect.sum_of_squares is not None for effect in analysis.effects)
    headings = ["df", *(["sum of squares"] if squares else []), possible[0].symbol if possible else "F", "p"]
    for heading in (*headings, *(f"{size.symbol} [95 %]" if size.low is not None else size.symbol for size in sizes)):
        view.add_column(heading, justify="right", no_wrap=True)
    for effect in analysis.effects:
        view.add_row(*_effect_row(effect, squares=squares))
    if analysis.residual is not None:
        df, total = analysis.residual
        view.add_row(Text("residuals", "dim"), str(df), *([significant(total, 6)] if squares else []))
    return view


def _effect_row(effect: "EffectTest", *, squares: bool) -> list[Text | str]:
    if effect.p is None or effect.statistic is None:
        return [effect.name, Text(effect.note, "dim")]
    total = [] if effect.sum_of_squares is None else [significant(effect.sum_of_squares, 6)]
    return [
        effect.name,
        ", ".join(f"{value:.6g}" for value in effect.df),
        *(total if squares else []),
        significant(effect.statistic, 6),
        _p_text(effect.p),
        *(_share(size.value, size.low, size.high) for size in effect.sizes),
    ]


def _share(value: float, low: float | None, high: float | None) -> str:
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _comparisons_view(comparisons: "Comparisons") -> RichTable:
    view = _table()
    view.add_column(f"{comparisons.effect}, {comparisons.method}", no_wrap=True)
    ranks = comparisons.scale == "ranks"
    for column in ("difference of mean ranks" if ranks else "difference [95 %]", *([] if ranks else ["d"]), "p"):
        view.add_column(column, justify="right", no_wrap=True)
    for pair in comparisons.pairs:
        difference = number_with_interval(pair.difference, pair.low, pair.high)
        d = [] if ranks else [MISSING if pair.d is None else significant(pair.d, 3)]
        view.add_row(f"{pair.first} − {pair.second}", difference, *d, _p_text(pair.p))  # noqa: RUF001
    return view


def _diagnostics_view(diagnostics: "tuple[Diagnostic, ...]") -> RichTable:
    view = _table()
    for heading in ("diagnostic", "method"):
        view.add_column(heading, no_wrap=True)
    for heading in ("value", "p"):
        view.add_column(heading, justify="right", no_wrap=True)
    view.add_column("")
    for each in diagnostics:
        value = MISSING if each.statistic is None else significant(each.statistic)
        view.add_row(each.name, each.method, value, p_value(each.p), Text(each.remark, "dim"))
    return view


def _table() -> RichTable:
    return RichTable(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)


def _p_text(p: float) -> Text:
    return Text(p_value(p), "bold green" if p < _SIGNIFICANT else "")


def _analysis_json(design: "Design", analysis: "TableAnalysis") -> dict[str, object]:
    from clau_doom.analysis.document_json import plain_value

    return {
        "response": design.response,
        "factors": [factor.name for factor in design.factors],
        "block": design.block.name if design.block else None,
        "confidence": 0.95,
        "method": analysis.method,
        "test": analysis.test,
        "balanced": analysis.balanced,
        "groups": [plain_value(group, "") for group in analysis.groups],
        "effects": [plain_value(effect, "") for effect in analysis.effects],
        "residual": None
        if analysis.residual is None
        else plain_value({"df": analysis.residual[0], "sum_of_squares": analysis.residual[1]}, ""),
        "comparisons": [plain_value(comparisons, "") for comparisons in analysis.comparisons],
        "diagnostics": [plain_value(each, "") for each in analysis.diagnostics],
    }
