"""Scores of methods over several tasks: aggregates, performance profiles, and the scores of each task."""

from collections.abc import Iterable
from dataclasses import dataclass

from clau_doom.analysis.charts import CYCLE, Colour, IntervalPlot, IntervalRow, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Cell, Chart, Column, Share, Table, TextTable
from clau_doom.analysis.wording import measured, withheld
from clau_doom.number_format import number
from clau_doom.statistics.resampling import RESAMPLES
from clau_doom.statistics.rliable_aggregates import PerformanceProfile
from clau_doom.statistics.task_comparison import MethodSummary, TaskComparison

__all__ = ["TaskTerms", "aggregate_blocks", "profile_blocks", "score_blocks"]

_EVERY = 10  # thresholds of a profile from one row of its table to the next


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskTerms:
    """Words for the parts of a comparison over tasks.

    Attributes:
        method: Word for a method.
        task: Word for a task.
        scale: Sentence on the scale of the scores.
    """

    method: str
    task: str
    scale: str


def aggregate_blocks(found: TaskComparison, terms: TaskTerms) -> tuple[Block, ...]:
    """Describe the aggregates of each method: a table, and a chart of the interquartile means."""
    gaps = [Column("optimality gap [95 %]")] if found.scores.normalized else []
    table = Table(
        title=f"Scores over all {terms.task}s",
        columns=(
            Column(terms.method, text=True),
            Column("runs"),
            Column("interquartile mean [95 %]"),
            Column("mean [95 %]"),
            Column("median"),
            *gaps,
        ),
        rows=tuple(
            (
                row.method,
                row.runs,
                measured(row.aggregates.iqm),
                measured(row.aggregates.mean),
                measured(row.aggregates.median),
                *([] if row.gap is None else [measured(row.gap)]),
            )
            for row in found.methods
        ),
        note=_aggregates_note(found, terms),
    )
    return (table, _iqm_chart(found.methods, terms))


def profile_blocks(found: TaskComparison, terms: TaskTerms) -> tuple[Block, ...]:
    """Describe the performance profiles: a chart, in text output a table."""
    profiles = [(row.method, row.profile) for row in found.methods]
    panel = Panel(
        label="share of runs above the threshold",
        series=tuple(
            Series(
                label=name,
                points=tuple(zip(profile.thresholds, profile.above, strict=True)),
                colour=_colour(at),
                band=tuple(zip(profile.thresholds, profile.low, profile.high, strict=True)) if profile.low else (),
                faint=len(profiles) > 3,
            )
            for at, (name, profile) in enumerate(profiles)
        ),
        low=0.0,
        high=1.0,
    )
    intervals = ", with pointwise 95 % intervals" if any(profile.low for _, profile in profiles) else ""
    chart = Chart(
        name="profiles",
        title="Performance profiles",
        caption=(
            f"Share of the runs on all {terms.task}s with a score above each threshold{intervals}. A {terms.method} "
            "with the higher curve at every threshold is better in every quantile."
        ),
        alt=f"Falling curves, one for each {terms.method}; the table below has the numbers.",
        plot=XYPlot(label="threshold of the score", panels=(panel,), whole=False, tight=True),
        table=_profile_table(profiles),
        text_table=TextTable.INSTEAD,
    )
    return (chart,)


def score_blocks(found: TaskComparison, terms: TaskTerms) -> tuple[Block, ...]:
    """Describe the mean score of each method on each task."""
    scores = found.scores
    table = Table(
        title=f"Mean score on each {terms.task}",
        columns=(Column(terms.task, text=True), Column("runs"), *map(Column, scores.methods)),
        rows=tuple(
            (task, _from_to(len(row[at]) for row in scores.runs), *means)
            for at, (task, means) in enumerate(zip(scores.tasks, scores.means.tolist(), strict=True))
        ),
    )
    return (table,)


def _aggregates_note(found: TaskComparison, terms: TaskTerms) -> str:
    estimates = [each for row in found.methods for each in (row.aggregates.iqm, row.aggregates.median, row.gap)]
    notes = [
        terms.scale,
        f"Intervals: stratified bootstrap, {RESAMPLES:,} resamples (Agarwal et al. 2021; Hesterberg 2015).",
        f"They cover other runs on these {terms.task}s, not other {terms.task}s.",
        f"The median is that of the {terms.task}s' means.",
    ]
    if found.scores.normalized:
        notes.append("The optimality gap is the mean distance of scores to 1, where scores above 1 count as 1.")
    if any(len(set(map(len, row))) > 1 for row in found.scores.runs):
        notes.append(f"A {terms.task} with more runs has more weight, except in the mean and the median.")
    return " ".join([*notes, withheld(estimates)]).strip()


def _iqm_chart(methods: tuple[MethodSummary, ...], terms: TaskTerms) -> Chart:
    rows = tuple(
        IntervalRow(
            label=row.method,
            colour=_colour(at),
            value=row.aggregates.iqm.value,
            low=row.aggregates.iqm.low,
            high=row.aggregates.iqm.high,
            text=number(row.aggregates.iqm.value),
        )
        for at, row in enumerate(methods)
    )
    return Chart(
        name="interquartile-means",
        title=f"Interquartile means over all {terms.task}s",
        caption=(
            f"Mean of the middle half of the runs on all {terms.task}s, with its 95 % interval if there are enough "
            "runs. Overlapping intervals are not a test."
        ),
        alt=f"An interval for each {terms.method}; the table below has the numbers.",
        plot=IntervalPlot(label="interquartile mean", rows=rows),
        table=Table(
            title="Interquartile means",
            columns=(Column(terms.method, text=True), Column("interquartile mean [95 %]")),
            rows=tuple((row.method, measured(row.aggregates.iqm)) for row in methods),
        ),
        text_table=TextTable.NEVER,
    )


def _profile_table(profiles: list[tuple[str, PerformanceProfile]]) -> Table:
    def cell(profile: PerformanceProfile, at: int) -> Cell:
        if not profile.low or profile.low[at] == profile.high[at]:  # the resamples do not differ
            return Share(value=profile.above[at])
        return Share(value=profile.above[at], low=profile.low[at], high=profile.high[at])

    return Table(
        title="Share of runs above a score, every tenth threshold",
        columns=(Column("above"), *(Column(f"{name} [95 %]" if profile.low else name) for name, profile in profiles)),
        rows=tuple(
            (profiles[0][1].thresholds[at], *(cell(profile, at) for _, profile in profiles))
            for at in range(0, len(profiles[0][1].thresholds), _EVERY)
        ),
    )


def _from_to(counts: Iterable[int]) -> str:
    ends = sorted(set(counts))
    return str(ends[0]) if len(ends) == 1 else f"{ends[0]} to {ends[-1]}"


def _colour(at: int) -> Colour:
    return CYCLE[at % len(CYCLE)]
