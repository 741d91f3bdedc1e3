"""Output of `clau-doom analyze --data`: analysis of a table, as text or JSON."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clau_doom.cli.console import data_console, print_json
from clau_doom.cli.table_options import TableRequest
from clau_doom.errors import ConfigError
from clau_doom.number_format import MISSING, fixed, number_with_interval, p_value, significant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clau_doom.table_analysis import Comparisons, DataTable, Design, Diagnostic, EffectTest, Pair, TableAnalysis

__all__ = ["analyze_table"]

_SIGNIFICANT = 0.05


def analyze_table(data: Path, request: TableRequest, *, as_json: bool) -> None:
    """Print the analysis of a table.

    Raises:
        ConfigError: The file cannot be read, or its columns do not allow the analysis.
    """
    if request.response is None or not request.factors:
        raise ConfigError("--data needs --response COLUMN and one or more of --factor COLUMN")
    if request.normalize is not None:
        raise ConfigError("--normalize needs --task COLUMN: add it, or omit --normalize")
    from clau_doom.table_analysis import analyze_design, make_design, read_table, rows_where

    table, where = read_table(data, request.csv_options), request.where
    chosen = table if where is None else rows_where(table, where)
    design = make_design(
        chosen,
        response=request.response,
        factors=request.factors,
        block=request.block,
        covariates=request.covariates or (),
    )
    analysis = analyze_design(
        design,
        request.method.value,
        sums_of_squares=request.sums_of_squares.value,
        order=None if request.order is None else _order(chosen, request.order),
        margin=request.margin,
    )
    if as_json:
        about: dict[str, object] = {"data": str(data), "where": where, "rows": len(chosen)}
        print_json(about | _analysis_json(design, analysis))
        return
    rows = f"{len(chosen)} rows of {data.name}" + (f" where {where}" if where else "")
    data_console().print(_view(design, analysis, rows))


def _order(table: "DataTable", name: str) -> "NDArray[np.float64]":
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
    adjusted = f", adjusted for {' and '.join(each.name for each in design.covariates)}" if design.covariates else ""
    head = Text.assemble((f"{design.response} by {by}{adjusted}{blocks}", "bold"), (f"  {rows}", "dim"))
    reasons = {group.mean.reason for group in analysis.groups if group.mean.reason}
    parts: list[RenderableType] = [head, _groups_view(design, analysis)]
    parts += [Text(f"no interval: {'; '.join(sorted(reasons))}", "dim")] if reasons else []
    parts.append(_effects_view(analysis))
    parts += [Text(note, "dim") for note in _notes(analysis)]
    parts += _sizes_views(analysis)
    parts += [_components_view(analysis)] if analysis.components else []
    parts += [_slopes_view(analysis)] if analysis.slopes else []
    parts += _adjusted_means_views(analysis)
    compared = [each for each in analysis.comparisons if each.pairs]
    parts += [_comparisons_view(each) for each in compared]
    parts += [Text(note, "dim") for note in _standardizer_notes(compared)]
    if analysis.margin is not None:
        parts += [_equivalence_view(each, analysis.margin) for each in compared]
    parts += [Text(sentence, "dim") for sentence in analysis.families]
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
    view.add_column(analysis.test, overflow="fold", min_width=max(map(len, _names_and_words(analysis))))
    possible = [effect for effect in analysis.effects if effect.p is not None]
    squares = analysis.method == "classical"
    symbol = possible[0].symbol if possible else "F"
    for heading in ("df", *(["sum of squares"] if squares else []), symbol, "p"):
        view.add_column(heading, justify="right", no_wrap=True)
    for effect in analysis.effects:
        view.add_row(*_effect_row(effect, squares=squares))
    if analysis.residual is not None:
        df, total = analysis.residual
        view.add_row(Text("residuals", "dim"), str(df), *([_squares(total)] if squares else []))
    return view


def _squares(value: float | None) -> str:
    return MISSING if value is None else significant(value, 6)


def _names_and_words(analysis: "TableAnalysis") -> list[str]:
    return [*(effect.name for effect in analysis.effects), *analysis.test.split()]


def _notes(analysis: "TableAnalysis") -> list[str]:
    """Return a line for each reason why effects are not tested."""
    notes = dict.fromkeys(effect.note for effect in analysis.effects if effect.note)
    return [f"{', '.join(each.name for each in analysis.effects if each.note == note)}: {note}" for note in notes]


def _effect_row(effect: "EffectTest", *, squares: bool) -> list[Text | str]:
    if effect.p is None or effect.statistic is None:
        return [effect.name]
    df = ", ".join(f"{value:.6g}" for value in effect.df)
    total = [_squares(effect.sum_of_squares)] if squares else []
    return [effect.name, df, *total, significant(effect.statistic, 6), _p_text(effect.p)]


def _sizes_views(analysis: "TableAnalysis") -> list[RichTable]:
    """Return the table of effect sizes, with each interval below its estimate, or nothing without effect sizes."""
    symbols = list(dict.fromkeys(size.symbol for effect in analysis.effects for size in effect.sizes))
    if not symbols:
        return []
    view = _table()
    intervals = any(size.low is not None for effect in analysis.effects for size in effect.sizes)
    view.add_column("effect [90 %]" if intervals else "effect", no_wrap=True)
    for symbol in symbols:
        view.add_column(symbol, justify="right", min_width=max(map(len, symbol.split())))
    for effect in analysis.effects:
        found = {size.symbol: _share(size.value, size.low, size.high) for size in effect.sizes}
        view.add_row(effect.name, *(found.get(symbol, MISSING) for symbol in symbols))
    return [view]


def _components_view(analysis: "TableAnalysis") -> RichTable:
    view = _table()
    view.add_column("component", no_wrap=True)
    for heading in ("variance", "standard deviation"):
        view.add_column(heading, justify="right", no_wrap=True)
    for each in analysis.components:
        view.add_row(
            each.name, MISSING if each.variance is None else significant(each.variance), significant(each.deviation)
        )
    return view


def _slopes_view(analysis: "TableAnalysis") -> RichTable:
    view = _table()
    view.add_column("covariate", no_wrap=True)
    for heading in ("mean", "slope [95 %]", "standard error", "df"):
        view.add_column(heading, justify="right", no_wrap=True)
    for each in analysis.slopes:
        slope = number_with_interval(each.slope, each.low, each.high)
        view.add_row(each.covariate, significant(each.mean), slope, significant(each.standard_error), f"{each.df:.6g}")
    return view


def _adjusted_means_views(analysis: "TableAnalysis") -> list[RichTable]:
    views: dict[str, RichTable] = {}
    for each in analysis.adjusted_means:
        if each.effect not in views:
            view = views[each.effect] = _table()
            view.add_column(f"{each.effect}, adjusted", no_wrap=True)
            for heading in ("mean [95 %]", "standard error", "df"):
                view.add_column(heading, justify="right", no_wrap=True)
        mean = Text(number_with_interval(each.mean, each.low, each.high), "bold")
        views[each.effect].add_row(each.level, mean, significant(each.standard_error), f"{each.df:.6g}")
    return list(views.values())


def _share(value: float, low: float | None, high: float | None) -> str:
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f}\n[{low:.3f}, {high:.3f}]"


def _comparisons_view(comparisons: "Comparisons") -> RichTable:
    view = _table()
    view.add_column(f"{comparisons.effect}, {comparisons.method}", overflow="fold")
    ranks, pooled = comparisons.scale == "ranks", _has_pooled(comparisons)
    symbols = [] if ranks else [*(["pooled d"] if pooled else []), f"{_effect_symbol(comparisons)} [95 %]"]
    for column in ("difference of mean ranks" if ranks else "difference [95 %]", *symbols, "p"):
        view.add_column(column, justify="right", no_wrap=True)
    for pair in comparisons.pairs:
        difference = number_with_interval(pair.difference, pair.low, pair.high)
        view.add_row(_pair_name(pair), difference, *_pair_sizes(pair, len(symbols)), _p_text(pair.p))
    return view


def _has_pooled(comparisons: "Comparisons") -> bool:
    return any(each.symbol == "pooled g" for pair in comparisons.pairs for each in pair.standardizers)


def _effect_symbol(comparisons: "Comparisons") -> str:
    return next((pair.standardizers[0].symbol for pair in comparisons.pairs if pair.standardizers), "g")


def _pair_sizes(pair: "Pair", count: int) -> list[str]:
    """Return the cells of the effect sizes: Hedges' g of the first standardizer, after pooled d."""
    if not pair.sizes:
        return [MISSING] * count
    pooled = [fixed(each.cohen_d, 3) for each in pair.sizes if each.symbol == "pooled g"]
    return [*pooled, number_with_interval(pair.sizes[0].value, pair.sizes[0].low, pair.sizes[0].high)]


def _pair_name(pair: "Pair") -> str:
    return f"{pair.first} − {pair.second}"  # noqa: RUF001


def _standardizer_notes(compared: "Sequence[Comparisons]") -> list[str]:
    """Return the sentences that name the standardizers of the effect sizes."""
    first = [pair.standardizers[0] for each in compared for pair in each.pairs if pair.sizes]
    if not first:
        return []
    names = " or ".join(dict.fromkeys(each.name for each in first))
    notes = [f"{first[0].symbol}: Hedges' g, the difference over the {names}, corrected for small samples."]
    if any(map(_has_pooled, compared)):
        notes.append(
            "pooled d: the difference over the pooled standard deviation of the two levels, which includes other "
            "factors and blocks."
        )
    return notes


def _equivalence_view(comparisons: "Comparisons", margin: float) -> RichTable:
    view = _table()
    view.add_column(f"{comparisons.effect}, equivalence within ±{margin:g}", overflow="fold")
    for column in ("difference [90 %]", "p"):
        view.add_column(column, justify="right", no_wrap=True)
    view.add_column("conclusion")
    for pair in comparisons.pairs:
        if pair.equivalence is None:
            view.add_row(_pair_name(pair), significant(pair.difference), MISSING, "no variance")
            continue
        test = pair.equivalence.test
        difference = number_with_interval(pair.difference, test.low, test.high)
        view.add_row(_pair_name(pair), difference, _p_text(test.p), pair.equivalence.conclusion)
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
        "covariates": [covariate.name for covariate in design.covariates],
        "confidence": 0.95,
        "effect_size_confidence": 0.9,
        "method": analysis.method,
        "test": analysis.test,
        "balanced": analysis.balanced,
        "groups": [plain_value(group, "") for group in analysis.groups],
        "effects": [plain_value(effect, "") for effect in analysis.effects],
        "residual": None
        if analysis.residual is None
        else plain_value({"df": analysis.residual[0], "sum_of_squares": analysis.residual[1]}, ""),
        "components": [plain_value(each, "") for each in analysis.components],
        "slopes": [plain_value(each, "") for each in analysis.slopes],
        "adjusted_means": [plain_value(each, "") for each in analysis.adjusted_means],
        "comparisons": [plain_value(comparisons, "") for comparisons in analysis.comparisons],
        "notes": _standardizer_notes([each for each in analysis.comparisons if each.pairs]),
        "margin": analysis.margin,
        "families": list(analysis.families),
        "diagnostics": [plain_value(each, "") for each in analysis.diagnostics],
    }
