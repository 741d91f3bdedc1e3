"""Anytime performance of the compared conditions: runtimes to targets, and areas under the learning curves."""

from collections.abc import Iterator, Sequence

from clau_doom.analysis.anytime import (
    AreaComparison,
    ConditionRuntimes,
    Targets,
    compare_areas,
    compare_runtimes,
    standard_error,
)
from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow, Panel, Series, XYPlot
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.document import Block, Chart, Column, Paragraph, PValue, Section, Share, Table, TextTable
from clau_doom.analysis.run_episodes import range_text
from clau_doom.analysis.run_statistics import difference_sentence, runs_text
from clau_doom.analysis.runtime_blocks import runtime_blocks
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count, gaps, joined, measured_column, withheld
from clau_doom.number_format import number, number_in_interval
from clau_doom.parameter_names import form_for
from clau_doom.statistics.intervals import Interval

__all__ = ["describe"]

_METHOD = (
    "A run reaches a target at the end of the first generation after which its champion so far has at least this "
    "fitness on the validation seeds. The validation episodes form two halves, by turns. Each half chooses a champion "
    "so far, and the other half measures it. The compared fitness is the mean of both measurements. These comparisons "
    "are exploratory: they are not corrected for their number."
)


def describe(data: ComparisonData) -> Section:
    """Describe the runtimes of each condition's runs, and the differences of the areas under their curves."""
    targets, areas = data.runtime_targets, compare_areas(data.condition_curves)
    champions = {row.id: row.fitness.mean for row in data.comparison.entrants}
    runtimes = compare_runtimes(data.condition_curves, targets, champions)
    blocks: list[Block] = [Paragraph(text=f"{_METHOD} {_budget(data)}{_noise(data)}", kind="note")]
    if isinstance(targets, Unavailable):
        blocks.append(targets)
    elif isinstance(runtimes, Unavailable):
        blocks.append(runtimes)
    else:
        blocks += [_distribution_chart(data, targets, runtimes), *runtime_blocks(data, targets, runtimes)]
    sentences = () if isinstance(areas, Unavailable) else _area_sentences(data, areas)
    blocks += [Paragraph(text=each) for each in sentences]
    blocks += [areas] if isinstance(areas, Unavailable) else _area_charts(data, areas)
    return Section(
        name="anytime",
        title="Anytime performance",
        blocks=tuple(blocks),
        summary=_tested(areas, sentences),
        cautions=_cautions(data),
        data={"targets": targets, "runtimes": runtimes, "areas": areas, "area_conclusions": sentences},
    )


def _budget(data: ComparisonData) -> str:
    """Return the unit of the budget, with the number of episodes that it leaves out."""
    validation = range_text([each.validation for each in data.episodes.values()])
    return (
        f"The budget is counted in {data.axis.noun}. The validation episodes of a run are not counted, because no "
        f"generation depends on them: {validation} in these runs."
    )


def _noise(data: ComparisonData) -> str:
    error = standard_error(data.condition_curves)
    if error is None:
        return ""
    return (
        f" The compared fitness has a standard error of {number(error)} over the validation episodes. Noise makes "
        "first hits early on average. The area under the curve does not have this bias."
    )


def _cautions(data: ComparisonData) -> tuple[str, ...]:
    lengths = {len(run.training) for curve in data.condition_curves for run in curve.runs}
    validations = {stored.config.holdout.validation for stored in data.experiments}
    if len(lengths) == len(validations) == 1:
        return ()
    return (
        (
            "The runs differ in their numbers of generations or validation episodes. More generations and fewer "
            "validation episodes make first hits by luck more frequent, which favours these runs in running times."
        ),
    )


def _distribution_chart(data: ComparisonData, targets: Targets, conditions: Sequence[ConditionRuntimes]) -> Chart:
    reasons = gaps(point.share for condition in conditions for point in condition.distribution)
    return Chart(
        name="runtimes",
        title="Runtime distribution",
        caption=(
            f"Share of pairs of a run and a target that are reached within a number of {data.axis.noun} (COCO, Hansen "
            f"et al. 2021), over {_targets_text(targets)}. The band is the pointwise 95 % interval over runs "
            "(Student's t on the logit scale, Korn and Graubard 1999), so that it is within 0 to 1. A curve "
            f"ends where the condition's shortest run ends. {reasons}".strip()
        ),
        alt="A rising curve for each condition; the table below has the numbers.",
        plot=XYPlot(
            label=data.axis.noun,
            panels=(
                Panel(
                    label="share of reached targets",
                    series=tuple(_distribution_series(each, data.label(each.condition)) for each in conditions),
                    height=310.0,
                    low=0.0,
                    high=1.0,
                ),
            ),
        ),
        table=Table(
            title="Share of reached targets with 95 % intervals over runs",
            columns=(Column("condition", text=True), Column("runs"), Column(data.axis.unit), Column("share [95 %]")),
            rows=tuple(
                (data.label(each.condition), len(each.runs), point.spent, _share(point.share))
                for each in conditions
                for point in each.distribution
            ),
            spread=True,
        ),
        text_table=TextTable.NEVER,
    )


def _targets_text(targets: Targets) -> str:
    n = count(len(targets.values), "target")
    if targets.given:
        return f"the {n} of {form_for(command_line='--target', python='targets')}"
    return (
        f"{n} at equal distances from {number(targets.values[0])}, the mean of generation 0's best agents on "
        f"validation seeds, to {number(targets.values[-1])}, the best champion's mean on held-out seeds. The "
        "targets, and with them the shares, follow from these runs"
    )


def _share(share: Interval) -> Share:
    return Share(value=share.mean, low=share.low, high=share.high)


def _distribution_series(condition: ConditionRuntimes, label: str) -> Series:
    """Return the runtime distribution as steps."""
    points, band = [(0.0, 0.0)], []
    for at, point in enumerate(condition.distribution):
        x, share = float(point.spent), point.share
        points += [(x, points[-1][1]), (x, share.mean)]
        if at:
            before = condition.distribution[at - 1].share
            band.append((x, before.low, before.high))
        band.append((x, share.low, share.high))
    return Series(
        label=label,
        points=tuple(points),
        colour=condition_colour(condition.condition),
        band=tuple(band),
        faint=True,
    )


def _area_sentences(data: ComparisonData, areas: AreaComparison) -> tuple[str, ...]:
    measure = f"the mean {data.comparison.fitness} of the champion so far over the training"
    return tuple(
        f"Anytime, exploratory: {difference_sentence(each, (data.label(each.condition), data.label(0)), measure)}"
        for each in areas.differences
    )


def _tested(areas: AreaComparison | Unavailable, sentences: Sequence[str]) -> tuple[str, ...]:
    """Return the sentences about tested differences."""
    if isinstance(areas, Unavailable):
        return ()
    return tuple(text for text, each in zip(sentences, areas.differences, strict=True) if each.p is not None)


def _area_charts(data: ComparisonData, areas: AreaComparison) -> Iterator[Chart]:
    yield _area_chart(data, areas)
    if areas.differences:
        yield _difference_chart(data, areas)


def _area_chart(data: ComparisonData, areas: AreaComparison) -> Chart:
    reasons = withheld(each.mean for each in areas.conditions)
    return Chart(
        name="areas",
        title="Area under the learning curve",
        caption=(
            f"Mean height of the curve of the champion so far from {areas.start:,} to {areas.end:,} {data.axis.noun}, "
            "which all runs have in common, with the 95 % interval over runs (trapezoidal rule; Hall's transformation "
            f"of t). {reasons}".strip()
        ),
        alt="Runs as dots and the conditions' means with intervals; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"mean {data.comparison.fitness} of the champion so far",
            rows=tuple(
                IntervalRow(
                    label=data.label(each.condition),
                    detail=count(len(each.runs), "run"),
                    colour=condition_colour(each.condition),
                    value=each.mean.mean,
                    low=each.mean.low,
                    high=each.mean.high,
                    text=number_in_interval(each.mean.mean, each.mean.low, each.mean.high),
                    values=each.areas,
                )
                for each in areas.conditions
            ),
            values_label="run",
            value_label="mean of the runs",
        ),
        table=_area_table(data, areas),
        text_table=TextTable.INSTEAD,
    )


def _area_table(data: ComparisonData, areas: AreaComparison) -> Table:
    means = measured_column([each.mean for each in areas.conditions])
    return Table(
        title="Area under the learning curve with 95 % intervals over runs",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            Column("mean of runs [95 %]"),
            Column("lowest"),
            Column("highest"),
        ),
        rows=tuple(
            (data.label(each.condition), len(each.runs), mean, min(each.areas), max(each.areas))
            for each, mean in zip(areas.conditions, means, strict=True)
        ),
    )


def _difference_chart(data: ComparisonData, areas: AreaComparison) -> Chart:
    differences = areas.differences
    tests = joined(sorted({each.test for each in differences}))
    reasons = withheld(each.difference for each in differences)
    return Chart(
        name="area-differences",
        title=f"Differences of the areas from {data.label(0)}",
        caption=(
            f"Difference of the mean areas with its 95 % interval ({tests}, "
            "chosen by the seeds of the runs). The intervals and the p-values are exploratory and not corrected. "
            f"{reasons}".strip()
        ),
        marks="Grey: the interval contains 0, or is withheld.",
        alt="Intervals of the differences with a line at 0; the table below has the numbers.",
        plot=IntervalPlot(
            label="difference of mean areas",
            rows=tuple(
                IntervalRow(
                    label=data.label(each.condition),
                    colour=condition_colour(each.condition) if each.difference.excludes(0.0) else Colour.GREY,
                    value=each.difference.mean,
                    low=each.difference.low,
                    high=each.difference.high,
                    text=number_in_interval(each.difference.mean, each.difference.low, each.difference.high),
                )
                for each in differences
            ),
            reference=0.0,
        ),
        table=_difference_table(data, areas),
        text_table=TextTable.INSTEAD,
    )


def _difference_table(data: ComparisonData, areas: AreaComparison) -> Table:
    cells = measured_column([each.difference for each in areas.differences])
    return Table(
        title=f"Differences of the areas from {data.label(0)}",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            Column("difference [95 %]"),
            Column("test", text=True),
            Column("p, uncorrected"),
        ),
        rows=tuple(
            (data.label(each.condition), runs_text(each), cell, each.test, PValue(each.p))
            for each, cell in zip(areas.differences, cells, strict=True)
        ),
    )
