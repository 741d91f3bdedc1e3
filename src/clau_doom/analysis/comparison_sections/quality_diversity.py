"""Coverage and QD score of the compared conditions' MAP-Elites archives, over their runs."""

from collections.abc import Callable

from clau_doom.analysis.charts import IntervalPlot, IntervalRow
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.document import (
    Block,
    Cell,
    Chart,
    Column,
    Fixed,
    Measured,
    Paragraph,
    Section,
    Table,
    TextTable,
)
from clau_doom.analysis.quality_diversity import ConditionDiversity, QualityDiversity, RunDiversity
from clau_doom.analysis.run_statistics import runs_text
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count, joined, measured, withheld
from clau_doom.number_format import decimals_of, number, number_in_interval
from clau_doom.statistics.intervals import Interval

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe coverage and QD score of each condition, and the differences from condition 0."""
    found = data.quality_diversity
    return Section(
        name="quality-diversity",
        title="Quality diversity",
        blocks=(found,) if isinstance(found, Unavailable) else _blocks(data, found),
        data={"quality_diversity": found},
    )


def _blocks(data: ComparisonData, found: QualityDiversity) -> tuple[Block, ...]:
    differences = (_difference_table(data, found),) if found.coverage_differences else ()
    return (
        Paragraph(text=_method(found), kind="note"),
        _chart(
            data,
            found,
            name="coverage",
            title="Coverage of the archive",
            label="share of filled cells",
            mean=lambda each: each.coverage,
            value=lambda run: run.coverage,
            method="Student's t on the logit scale, Korn and Graubard 1999",
            text=_percent_text,
        ),
        _chart(
            data,
            found,
            name="qd-score",
            title="QD score of the archive",
            label=f"sum of the cells' fitness above {number(found.offset)}",
            mean=lambda each: each.qd_score,
            value=lambda run: run.qd_score,
            method="Hall's transformation of t, 1992",
            text=lambda found: number_in_interval(found.mean, found.low, found.high),
        ),
        _condition_table(data, found),
        *differences,
        _run_table(data, found),
    )


def _method(found: QualityDiversity) -> str:
    axes = joined(
        f"{axis.measure} ({axis.cells} cells, {number(axis.low)} to {number(axis.high)})" for axis in found.axes
    )
    rule = (
        "the smallest possible fitness"
        if found.fixed
        else "the lowest fitness of any agent of these runs, so that other runs can change the scores"
    )
    return (
        f"The archive has {count(found.size, 'cell')}: {axes}. The QD score is the sum of the filled cells' fitness "
        f"above an offset (Pugh, Soros and Stanley 2016). The offset of all runs is {number(found.offset)}, {rule}. A "
        "cell keeps its best training fitness, which is biased upwards. These comparisons are exploratory: they are "
        "not corrected for their number."
    )


def _chart(
    data: ComparisonData,
    found: QualityDiversity,
    *,
    name: str,
    title: str,
    label: str,
    mean: Callable[[ConditionDiversity], Interval],
    value: Callable[[RunDiversity], float],
    method: str,
    text: Callable[[Interval], str],
) -> Chart:
    return Chart(
        name=name,
        title=title,
        caption=(
            f"Mean of each condition's runs at their end, with the 95 % interval over runs ({method}). "
            f"{withheld(map(mean, found.conditions))}".strip()
        ),
        alt="Runs as dots and the conditions' means with intervals; the tables below have the numbers.",
        plot=IntervalPlot(
            label=label,
            rows=tuple(
                IntervalRow(
                    label=data.label(each.condition),
                    detail=count(len(each.runs), "run"),
                    colour=condition_colour(each.condition),
                    value=mean(each).mean,
                    low=mean(each).low,
                    high=mean(each).high,
                    text=text(mean(each)),
                    values=tuple(map(value, each.runs)),
                )
                for each in found.conditions
            ),
            values_label="run",
            value_label="mean of the runs",
        ),
        table=_condition_table(data, found),
        text_table=TextTable.NEVER,
    )


def _percent_text(share: Interval) -> str:
    found = _percent(share)
    return f"{number_in_interval(found.value, found.low, found.high)} %"


def _percent(share: Interval) -> Measured:
    """Return a share, or a difference of shares, in percent. Its digits follow its interval."""
    low, high = (None if end is None else 100.0 * end for end in (share.low, share.high))
    return Measured(value=100.0 * share.mean, low=low, high=high)


def _condition_table(data: ComparisonData, found: QualityDiversity) -> Table:
    means = [mean for each in found.conditions for mean in (each.coverage, each.qd_score)]
    return Table(
        title="Means over runs with 95 % intervals",
        columns=(Column("condition", text=True), Column("runs"), Column("coverage, %"), Column("QD score")),
        rows=tuple(
            (data.label(each.condition), len(each.runs), _percent(each.coverage), measured(each.qd_score))
            for each in found.conditions
        ),
        note=withheld(means),
    )


def _difference_table(data: ComparisonData, found: QualityDiversity) -> Table:
    pairs = [*zip(found.coverage_differences, found.qd_score_differences, strict=True)]

    def row(at: int) -> tuple[Cell, ...]:
        coverage, score = pairs[at]
        points, scores = _percent(coverage.difference), measured(score.difference)
        return data.label(coverage.condition), runs_text(coverage), points, scores

    return Table(
        title=f"Differences from {data.label(0)} with 95 % intervals",
        columns=(Column("condition", text=True), Column("runs"), Column("coverage, points"), Column("QD score")),
        rows=tuple(map(row, range(len(pairs)))),
        note=(
            "Coverage differs in percentage points. Student's t of the pairs if the runs of both conditions have the "
            "same seeds, Welch's t if they have no seed in common, else a mixed model. "
            f"{withheld(each.difference for pair in pairs for each in pair)}".strip()
        ),
    )


def _run_table(data: ComparisonData, found: QualityDiversity) -> Table:
    decimals = max(decimals_of(100.0 / found.size) - 1, 0)  # one cell changes the last digit
    return Table(
        title="Archives of the runs",
        columns=(
            Column("experiment", text=True),
            Column("condition", text=True),
            Column("seed"),
            Column("cells"),
            Column("coverage, %"),
            Column("QD score"),
        ),
        rows=tuple(
            (
                run.experiment,
                data.label(each.condition),
                run.seed,
                run.cells,
                Fixed(100.0 * run.coverage, decimals),
                run.qd_score,
            )
            for each in found.conditions
            for run in each.runs
        ),
    )
