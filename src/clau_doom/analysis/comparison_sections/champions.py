"""Champions of the compared experiments as single agents on held-out seeds."""

from collections.abc import Mapping, Sequence

from clau_doom.analysis.charts import IntervalPlot, IntervalRow
from clau_doom.analysis.comparison import EntrantRow, ExperimentComparison
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Chart, Column, Fact, Marked, Paragraph, Section, Table, TextTable
from clau_doom.analysis.held_out_results import held_out_standings
from clau_doom.analysis.result_tables import CHAMPION
from clau_doom.analysis.saturation import Saturation, known_maximum, saturated, saturation_sentence
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import bracket, count, joined, measured, withheld
from clau_doom.number_format import number_in_interval

__all__ = ["describe", "saturation_of"]


def describe(data: ComparisonData) -> Section:
    """Describe the held-out results of each champion."""
    comparison = data.comparison
    saturation = saturation_of(data)
    timeout = data.experiments[0].config.scenario.timeout
    warning = saturation_sentence(saturation, known_maximum(comparison.scenario, comparison.fitness, timeout))
    return Section(
        name="champions",
        title="Single agents: champions on held-out seeds",
        blocks=(_chart(data), *([Paragraph(text=warning, kind="caution")] if warning else [])),
        facts=(_fact(comparison),) if isinstance(comparison.condition_comparison, Unavailable) else (),
        cautions=(warning,) if warning else (),
        data={"entrants": comparison.entrants, "saturation": saturation},
    )


def _fact(comparison: ExperimentComparison) -> Fact:
    base = next(row for row in comparison.entrants if row.id == comparison.baseline)
    return Fact(
        label=f"baseline {base.id}, mean {comparison.fitness}",
        value=number_in_interval(base.fitness.mean, base.fitness.low, base.fitness.high),
        detail=f"{bracket(base.fitness.low, base.fitness.high)}, {count(base.fitness.n, 'held-out episode')}",
    )


def saturation_of(data: ComparisonData) -> tuple[Saturation, ...]:
    """Return the champions that have the largest fitness in most of their held-out episodes."""
    standings = [
        (stored.snapshot.experiment.id, standing)
        for stored in data.experiments
        for standing in held_out_standings(stored.snapshot, data.fitness)
    ]
    return saturated(
        [
            (f"held-out episodes of the champion of {name}", each.fitnesses)
            for name, each in standings
            if each.role == CHAMPION
        ]
    )


def _chart(data: ComparisonData) -> Chart:
    rows = data.comparison.entrants
    labels = {each.number: each.label for each in data.comparison.conditions}
    sizes = joined(dict.fromkeys(str(row.fitness.n) for row in rows))
    return Chart(
        name="champions",
        title="Champions",
        caption=(
            f"Mean {data.comparison.fitness} of each experiment's champion on held-out seeds with its 95 % interval (n "
            f"= {sizes} episodes each; Hall's transformation of t). Median and interquartile mean: percentile "
            "bootstrap of 10,000 resamples (Agarwal et al. 2021). Held-out seeds follow from each experiment's seed. "
            f"{withheld(row.fitness for row in rows)}"
        ).strip(),
        alt="Intervals of the champions' means; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"mean {data.comparison.fitness} on held-out seeds",
            rows=tuple(
                IntervalRow(
                    label=row.id,
                    detail=f"{labels[row.condition]}, seed {row.seed}",
                    colour=data.colour(row.id),
                    value=row.fitness.mean,
                    low=row.fitness.low,
                    high=row.fitness.high,
                    text=number_in_interval(row.fitness.mean, row.fitness.low, row.fitness.high),
                )
                for row in rows
            ),
        ),
        table=_table(rows, labels),
        text_table=TextTable.INSTEAD,
    )


def _table(rows: Sequence[EntrantRow], labels: Mapping[int, str]) -> Table:
    return Table(
        title="Champions on held-out seeds, with 95 % intervals",
        columns=(
            Column("champion", text=True),
            Column("condition", text=True),
            Column("seed"),
            Column("n"),
            Column("mean"),
            Column("interquartile mean"),
            Column("median"),
        ),
        rows=tuple(
            (
                row.agent,
                labels[row.condition],
                str(row.seed),
                row.fitness.n,
                Marked(measured(row.fitness)),
                measured(row.aggregates.iqm),
                measured(row.aggregates.median),
            )
            for row in rows
        ),
    )
