"""Setups of the compared experiments, and their runs."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.comparison import Setup
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.contrast_blocks import contrast_chart, contrast_sentence, contrast_tables
from clau_doom.analysis.document import Block, Chart, Column, Marked, Paragraph, Section, Table, TextTable
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count, measured, withheld
from clau_doom.number_format import number

__all__ = ["describe"]

_MANY_RUNS = 10
_DEFINITION = (
    "Experiments that differ only in name and seed are runs of one setup. Each run is one value, the held-out mean of "
    "its champion. Runs are independent samples."
)


def describe(data: ComparisonData) -> Section:
    """Describe the setups and their differences from the baseline's setup."""
    comparison = data.comparison
    return Section(
        name="setups",
        title="Setups",
        blocks=_blocks(data),
        summary=_summary(data),
        cautions=_cautions(comparison.setups),
        data={"setups": comparison.setups, "setup_contrasts": comparison.setup_contrasts},
    )


def _blocks(data: ComparisonData) -> tuple[Block, ...]:
    contrasts = data.comparison.setup_contrasts
    blocks: list[Block] = [Paragraph(text=_DEFINITION), _chart(data)]
    if isinstance(contrasts, Unavailable):
        blocks.append(contrasts)
    else:
        names = [f"setup {setup.number}" for setup in _compared(data.comparison.setups)]
        chart = contrast_chart(contrasts, names, title="Setups less setup 0", name="setup-contrasts")
        blocks += [chart, *contrast_tables(contrasts, names)]
    return tuple(blocks)


def _summary(data: ComparisonData) -> tuple[str, ...]:
    contrasts = data.comparison.setup_contrasts
    if isinstance(contrasts, Unavailable):
        return (f"The setups are not compared: {contrasts.missing}.",)
    compared = zip(contrasts, _compared(data.comparison.setups), strict=True)
    return tuple(contrast_sentence(each, f"Setup {setup.number}", "setup 0") for each, setup in compared)


def _cautions(setups: Sequence[Setup]) -> tuple[str, ...]:
    fewest = min(len(setup.experiments) for setup in setups)
    if fewest >= _MANY_RUNS:
        return ()
    return (
        (
            f"The smallest setup has {count(fewest, 'run')}. A better champion does not show that its setup is better: "
            "the next run can have another result."
        ),
    )


def _compared(setups: Sequence[Setup]) -> list[Setup]:
    """Return the setups that are compared with the baseline's setup."""
    return [setup for setup in setups if setup.number and not isinstance(setup.runs, Unavailable)]


def _chart(data: ComparisonData) -> Chart:
    scores = {row.id: row.fitness.mean for row in data.comparison.entrants}
    means = [setup.mean for setup in data.comparison.setups if not isinstance(setup.mean, Unavailable)]
    return Chart(
        name="setups",
        title="Setups and their runs",
        caption=(
            "Mean of each setup's runs with its 95 % interval by Hall's transformation of t. A setup with one run has "
            f"no interval. {withheld(means)}"
        ),
        alt="Runs as dots and the setups' means with intervals; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"mean {data.comparison.fitness} of a run on held-out seeds",
            rows=tuple(_row(setup, scores) for setup in data.comparison.setups),
            values_label="run",
            value_label="mean of the runs",
        ),
        table=_table(data.comparison.setups),
        text_table=TextTable.INSTEAD,
    )


def _row(setup: Setup, scores: dict[str, float]) -> IntervalRow:
    mean = None if isinstance(setup.mean, Unavailable) else setup.mean
    return IntervalRow(
        label=f"setup {setup.number}",
        detail=count(len(setup.experiments), "run"),
        colour=Colour.RED,
        value=mean.mean if mean else None,
        low=mean.low if mean else None,
        high=mean.high if mean else None,
        text=number(mean.mean) if mean else "",
        values=tuple(scores[name] for name in setup.experiments),
    )


def _table(setups: Sequence[Setup]) -> Table:
    runs = [setup.runs.iqm for setup in setups if not isinstance(setup.runs, Unavailable)]
    return Table(
        title="Setups, with 95 % intervals",
        columns=(
            Column("setup"),
            Column("runs"),
            Column("mean of runs"),
            Column("interquartile mean of runs"),
            Column("of episodes"),
            Column("experiments", text=True),
            Column("differences from setup 0", text=True),
        ),
        rows=tuple(
            (
                setup.number,
                len(setup.experiments),
                None if isinstance(setup.mean, Unavailable) else Marked(measured(setup.mean)),
                None if isinstance(setup.runs, Unavailable) else measured(setup.runs.iqm),
                measured(setup.episodes.iqm),
                ", ".join(setup.experiments),
                "; ".join(setup.changes) or None,
            )
            for setup in setups
        ),
        note=(
            "Of episodes: the interquartile mean over the episodes of all runs, resampled within each run. It "
            f"describes these champions, not the setup. {withheld(runs)}".strip()
        ),
    )
