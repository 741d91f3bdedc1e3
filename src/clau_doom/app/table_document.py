"""Document of the analysis of a table: tests, effect sizes, comparisons of levels and diagnostics."""

from collections.abc import Mapping, Sequence

from clau_doom.analysis.document import Block, Cell, Column, Document, Marked, Paragraph, PValue, Section, Table
from clau_doom.app.table_comparison_blocks import comparison_blocks, standardizer_notes, tested
from clau_doom.number_format import MISSING, number_with_interval, significant
from clau_doom.table_analysis import Design, Diagnostic, EffectTest, TableAnalysis

__all__ = ["table_document"]

_Row = tuple[Cell, ...]


def table_document(design: Design, analysis: TableAnalysis, *, rows: str, about: Mapping[str, object]) -> Document:
    """Describe the analysis of a table.

    Args:
        design: The design.
        analysis: Its analysis.
        rows: Description of the table's rows.
        about: Values on the table and the request, for JSON.
    """
    by = " and ".join(factor.name for factor in design.factors)
    adjusted = f", adjusted for {' and '.join(each.name for each in design.covariates)}" if design.covariates else ""
    blocks = f", in blocks of {design.block.name}" if design.block else ""
    return Document(
        kind="clau-doom report of a table",
        title=f"{design.response} by {by}{adjusted}{blocks}",
        subtitle=rows,
        sections=tuple(each for each in _sections(design, analysis) if each.blocks),
        data={
            **about,
            "response": design.response,
            "factors": [factor.name for factor in design.factors],
            "block": design.block.name if design.block else None,
            "covariates": [covariate.name for covariate in design.covariates],
            "confidence": 0.95,
            "effect_size_confidence": 0.9,
            **_results(analysis),
        },
    )


def _results(analysis: TableAnalysis) -> dict[str, object]:
    residual = analysis.residual
    return {
        "method": analysis.method,
        "test": analysis.test,
        "balanced": analysis.balanced,
        "groups": analysis.groups,
        "effects": analysis.effects,
        "residual": None if residual is None else {"df": residual[0], "sum_of_squares": residual[1]},
        "components": analysis.components,
        "slopes": analysis.slopes,
        "adjusted_means": analysis.adjusted_means,
        "comparisons": analysis.comparisons,
        "notes": standardizer_notes(analysis.comparisons),
        "margin": analysis.margin,
        "families": analysis.families,
        "diagnostics": analysis.diagnostics,
    }


def _sections(design: Design, analysis: TableAnalysis) -> tuple[Section, ...]:
    return (
        Section(name="groups", title="Groups", blocks=_group_blocks(design, analysis)),
        Section(name="effects", title="Tests of effects", blocks=_effect_blocks(analysis)),
        Section(name="model", title="Model", blocks=_model_blocks(analysis)),
        Section(name="comparisons", title="Comparisons of levels", blocks=comparison_blocks(analysis)),
        Section(name="diagnostics", title="Diagnostics", blocks=(_diagnostics(analysis.diagnostics),)),
    )


def _group_blocks(design: Design, analysis: TableAnalysis) -> tuple[Block, ...]:
    rows: tuple[_Row, ...] = tuple(
        (
            *group.levels,
            group.mean.n,
            Marked(number_with_interval(group.mean.mean, group.mean.low, group.mean.high)),
            significant(group.deviation),
            significant(group.median),
        )
        for group in analysis.groups
    )
    factors = [Column(factor.name, text=True) for factor in design.factors]
    table = Table(title="Groups", columns=(*factors, *_numbers("n", "mean [95 %]", "sd", "median")), rows=rows)
    reasons = sorted({group.mean.reason for group in analysis.groups if group.mean.reason})
    return (table, *_notes([f"no interval: {'; '.join(reasons)}"] if reasons else []))


def _effect_blocks(analysis: TableAnalysis) -> tuple[Block, ...]:
    reasons = dict.fromkeys(effect.note for effect in analysis.effects if effect.note)
    notes = [f"{', '.join(each.name for each in analysis.effects if each.note == note)}: {note}" for note in reasons]
    return (_effects(analysis), *_notes(notes), *_sizes(analysis))


def _effects(analysis: TableAnalysis) -> Table:
    squares = analysis.method == "classical"
    symbol = next((effect.symbol for effect in analysis.effects if effect.p is not None), "F")
    headings = ("df", *(["sum of squares"] if squares else []), symbol, "p")
    rows = [_effect_row(effect, squares=squares) for effect in analysis.effects]
    if analysis.residual is not None:
        df, total = analysis.residual
        rows.append(("residuals", f"{df}", *([_squares(total)] if squares else []), "", ""))
    columns = (Column(analysis.test, text=True), *_numbers(*headings))
    return Table(title="Tests of effects", columns=columns, rows=tuple(rows))


def _effect_row(effect: EffectTest, *, squares: bool) -> _Row:
    empty = ("",) * (4 if squares else 3)
    if effect.p is None or effect.statistic is None:
        return (effect.name, *empty)
    df = ", ".join(f"{value:.6g}" for value in effect.df)
    total = [_squares(effect.sum_of_squares)] if squares else []
    return (effect.name, df, *total, significant(effect.statistic, 6), tested(effect.p))


def _squares(value: float | None) -> str:
    return MISSING if value is None else significant(value, 6)


def _sizes(analysis: TableAnalysis) -> tuple[Table, ...]:
    """Return the table of effect sizes, or nothing without effect sizes."""
    sizes = [size for effect in analysis.effects for size in effect.sizes]
    symbols = list(dict.fromkeys(size.symbol for size in sizes))
    if not symbols:
        return ()
    heading = "effect [90 %]" if any(size.low is not None for size in sizes) else "effect"
    rows = []
    for effect in analysis.effects:
        found = {size.symbol: _share(size.value, size.low, size.high) for size in effect.sizes}
        rows.append((effect.name, *(found.get(symbol, MISSING) for symbol in symbols)))
    columns = (Column(heading, text=True), *_numbers(*symbols))
    return (Table(title="Effect sizes", columns=columns, rows=tuple(rows)),)


def _share(value: float, low: float | None, high: float | None) -> str:
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f}\n[{low:.3f}, {high:.3f}]"


def _model_blocks(analysis: TableAnalysis) -> tuple[Block, ...]:
    tables = [_components(analysis), _slopes(analysis), *_adjusted_means(analysis)]
    return tuple(table for table in tables if table.rows)


def _components(analysis: TableAnalysis) -> Table:
    return Table(
        title="Variance components",
        columns=(Column("component", text=True), *_numbers("variance", "standard deviation")),
        rows=tuple(
            (each.name, MISSING if each.variance is None else significant(each.variance), significant(each.deviation))
            for each in analysis.components
        ),
    )


def _slopes(analysis: TableAnalysis) -> Table:
    return Table(
        title="Slopes of the covariates",
        columns=(Column("covariate", text=True), *_numbers("mean", "slope [95 %]", "standard error", "df")),
        rows=tuple(
            (
                each.covariate,
                significant(each.mean),
                number_with_interval(each.slope, each.low, each.high),
                significant(each.standard_error),
                f"{each.df:.6g}",
            )
            for each in analysis.slopes
        ),
    )


def _adjusted_means(analysis: TableAnalysis) -> list[Table]:
    rows: dict[str, list[_Row]] = {}
    for each in analysis.adjusted_means:
        mean = Marked(number_with_interval(each.mean, each.low, each.high))
        row = (each.level, mean, significant(each.standard_error), f"{each.df:.6g}")
        rows.setdefault(each.effect, []).append(row)
    headings = _numbers("mean [95 %]", "standard error", "df")
    return [
        Table(
            title=f"Adjusted means of {effect}",
            columns=(Column(f"{effect}, adjusted", text=True), *headings),
            rows=tuple(found),
        )
        for effect, found in rows.items()
    ]


def _diagnostics(diagnostics: Sequence[Diagnostic]) -> Table:
    return Table(
        title="Diagnostics",
        columns=(
            Column("diagnostic", text=True),
            Column("method", text=True),
            *_numbers("value", "p"),
            Column("", text=True),
        ),
        rows=tuple(
            (
                each.name,
                each.method,
                MISSING if each.statistic is None else significant(each.statistic),
                PValue(each.p),
                each.remark,
            )
            for each in diagnostics
        ),
    )


def _numbers(*headings: str) -> tuple[Column, ...]:
    return tuple(map(Column, headings))


def _notes(texts: Sequence[str]) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(text=text, kind="note") for text in texts)
