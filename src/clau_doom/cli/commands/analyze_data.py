"""Output of `clau-doom analyze --data`: analysis of variance of any table, as text or JSON."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import data_console, print_json
from clau_doom.cli.format import interval, number
from clau_doom.cli.table_options import TableRequest
from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.table_analysis import AnovaTable, Check, Comparisons, Design, VarianceAnalysis

__all__ = ["analyze_table"]


def analyze_table(data: Path, request: TableRequest, *, as_json: bool) -> None:
    """Print the analysis of variance of a table.

    Raises:
        ConfigError: The file cannot be read, or its columns do not allow the analysis.
    """
    if request.response is None or not request.factors:
        raise ConfigError("--data needs --response COLUMN and one or two of --factor COLUMN")
    from clau_doom.table_analysis import analyze_variance, make_design, read_table, rows_where

    table, where = read_table(data, request.csv_options), request.where
    chosen = table if where is None else rows_where(table, where)
    design = make_design(chosen, response=request.response, factors=request.factors, block=request.block)
    analysis = analyze_variance(design)
    if as_json:
        about: dict[str, object] = {"data": str(data), "where": where, "rows": len(chosen)}
        print_json(about | _analysis_json(design, analysis))
        return
    rows = f"{len(chosen)} rows of {data.name}" + (f" where {where}" if where else "")
    data_console().print(_view(design, analysis, rows))


def _view(design: "Design", analysis: "VarianceAnalysis", rows: str) -> RenderableType:
    by = " and ".join(factor.name for factor in design.factors)
    blocks = f", in blocks of {design.block.name}" if design.block else ""
    head = Text.assemble((f"{design.response} by {by}{blocks}", "bold"), (f"  {rows}", "dim"))
    checks = analysis.assumptions.checks
    parts: list[RenderableType] = [head, _groups_view(design, analysis), _checks_view(checks)]
    parts += [Text(f"{check.assumption}: {check.remark}", "dim") for check in checks if check.remark]
    shown = _shown(analysis)
    parts += [_anova_view(table, analysis, alone=len(shown) == 1) for table in shown]
    if analysis.alternative is not None:
        parts.append(_alternative_view(analysis))
    if analysis.aligned_ranks is not None:
        parts.append(_anova_view(analysis.aligned_ranks, analysis, ranks=True))
    parts.append(Text(analysis.chosen.sentence, "bold"))
    parts += [_comparisons_view(comparisons) for comparisons in analysis.comparisons]
    if not analysis.comparisons:
        parts.append(Text("Too many levels for pairwise comparisons.", "dim"))
    return Group(*parts)


def _shown(analysis: "VarianceAnalysis") -> "Sequence[AnovaTable]":
    """Return the classical analyses: one if type II and III agree, else both."""
    second, third = analysis.anovas
    pairs = zip(second.effects, third.effects, strict=True)
    alike = all(math.isclose(one.f, other.f, rel_tol=1e-6, abs_tol=1e-9) for one, other in pairs)
    return (second,) if alike else (second, third)


def _groups_view(design: "Design", analysis: "VarianceAnalysis") -> Table:
    table = _table()
    for factor in design.factors:
        table.add_column(factor.name, no_wrap=True)
    for heading in ("n", "mean [95 %]", "sd", "median"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in analysis.groups:
        mean = Text(interval(group.mean), "bold")
        table.add_row(*group.levels, str(group.mean.n), mean, number(group.deviation), number(group.median))
    return table


def _checks_view(checks: "Sequence[Check]") -> Table:
    table = _table()
    for heading in ("assumption", "test"):
        table.add_column(heading, no_wrap=True)
    for heading in ("statistic", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    verdicts = {True: Text("not rejected", "green"), False: Text("rejected", "yellow"), None: Text("not tested", "dim")}
    for check in checks:
        statistic = "-" if check.statistic is None else f"{check.statistic:.4f}"
        p = "-" if check.p is None else _chance(check.p)
        table.add_row(check.assumption, check.test, statistic, p, verdicts[check.holds])
    return table


def _anova_view(table: "AnovaTable", analysis: "VarianceAnalysis", *, alone: bool = True, ranks: bool = False) -> Table:
    """Return an analysis of variance, highlighted if it is the selected one."""
    chosen, kind = analysis.chosen, table.sums_of_squares
    selected = chosen.test == "aligned rank transform" if ranks else alone and chosen.test == "ANOVA"
    selected = selected or (not ranks and chosen.sums_of_squares == kind)
    heading = "aligned ranks" if ranks else "ANOVA" if alone else f"ANOVA, type {kind}"
    view = _table()
    view.add_column(heading, no_wrap=True)
    for column in ("df", "sum of squares", "F", "p", "partial η²", "ω²"):
        view.add_column(column, justify="right", no_wrap=True)
    for effect in table.effects:
        view.add_row(
            effect.name,
            str(effect.df),
            _figures(effect.sum_of_squares),
            _figures(effect.f),
            _p_text(effect.p, selected=selected),
            f"{effect.partial_eta_squared:.3f}",
            f"{effect.omega_squared:.3f}",
        )
    view.add_row(
        Text("residuals", "dim"),
        str(table.residual_df),
        _figures(table.residual_sum_of_squares) if not ranks else "-",
        *[""] * 4,
    )
    return view


def _alternative_view(analysis: "VarianceAnalysis") -> Table:
    test = analysis.alternative
    assert test is not None
    symbol = {"omega squared": "ω²", "eta squared": "η²"}[test.effect_symbol]
    view = _table()
    view.add_column(test.test, no_wrap=True)
    for column in ("df", test.symbol, "p", symbol):
        view.add_column(column, justify="right", no_wrap=True)
    df = ", ".join(f"{value:.6g}" for value in test.df)
    view.add_row("", df, _figures(test.statistic), _p_text(test.p, selected=True), f"{test.effect_size:.3f}")
    return view


def _comparisons_view(comparisons: "Comparisons") -> Table:
    view = _table()
    view.add_column(f"{comparisons.effect}, {comparisons.method}", no_wrap=True)
    what = "difference of mean ranks" if comparisons.scale == "ranks" else "difference"
    for column in (f"{what} [95 %]", "p"):
        view.add_column(column, justify="right", no_wrap=True)
    for pair in comparisons.pairs:
        difference = f"{number(pair.difference)} [{number(pair.low)}, {number(pair.high)}]"
        view.add_row(f"{pair.first} − {pair.second}", difference, _p_text(pair.p, selected=True))  # noqa: RUF001
    return view


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)


def _figures(value: float) -> str:
    """Return a number with six significant digits, without an exponent from 1e-4 to 1e9."""
    if math.isinf(value):
        return "above 1.8e308"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:#.6g}".rstrip(".")
    return f"{value:.0f}" if 1e6 <= abs(value) < 1e9 else f"{value:.3e}"


def _chance(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else "<0.0001"


def _p_text(p: float, *, selected: bool) -> Text:
    """Return a p-value, highlighted if it is of the selected test and below 0.05."""
    return Text(_chance(p), "bold green" if selected and p < 0.05 else "" if selected else "dim")


def _analysis_json(design: "Design", analysis: "VarianceAnalysis") -> dict[str, object]:
    return {
        "response": design.response,
        "factors": [factor.name for factor in design.factors],
        "block": design.block.name if design.block else None,
        "confidence": 0.95,
        "balanced": analysis.balanced,
        "groups": [asdict(group) for group in analysis.groups],
        "assumptions": [asdict(check) for check in analysis.assumptions.checks],
        "anova": [_finite(asdict(table)) for table in analysis.anovas],
        "alternative": _finite(asdict(analysis.alternative)) if analysis.alternative else None,
        "aligned_ranks": _finite(asdict(analysis.aligned_ranks)) if analysis.aligned_ranks else None,
        "chosen": asdict(analysis.chosen),
        "comparisons": [_finite(asdict(comparisons)) for comparisons in analysis.comparisons],
    }


def _finite(plain: object) -> object:
    """Replace infinite and NaN values, which JSON does not have, by None."""
    if isinstance(plain, dict):
        return {name: _finite(value) for name, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_finite(value) for value in plain]
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
