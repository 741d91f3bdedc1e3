"""Training fitness of the compared experiments by generation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clau_doom.analysis.charts import Marker, Panel, XYPlot
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Cell, Chart, Column, Section, Table
from clau_doom.analysis.result_tables import GenerationRow, generation_rows
from clau_doom.analysis.sections.generations import mean_series
from clau_doom.analysis.wording import measured

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the mean fitness of each experiment's generations."""
    curves = {
        stored.snapshot.experiment.id: generation_rows(stored.snapshot.finished_generations)
        for stored in data.experiments
    }
    return Section(name="curves", title="Fitness by generation", blocks=(_chart(data, curves),))


def _chart(data: ComparisonData, curves: Mapping[str, Sequence[GenerationRow]]) -> Chart:
    series = tuple(
        replace(mean_series(rows, name, data.colour(name)), marker=Marker.NONE, faint=True)
        for name, rows in curves.items()
    )
    return Chart(
        name="curves",
        title="Mean fitness in training",
        caption=(
            "Mean fitness of each generation with its 95 % interval over its agents. Training seeds differ between "
            "experiments with different seeds. Training fitness does not measure the performance of a champion."
        ),
        alt="A curve for each experiment; the table below has the numbers.",
        plot=XYPlot(
            label="generation",
            panels=(Panel(label=f"mean {data.comparison.fitness} in training", series=series, height=310.0),),
        ),
        table=_table(curves),
    )


def _table(curves: Mapping[str, Sequence[GenerationRow]]) -> Table:
    def cell(rows: Sequence[GenerationRow], at: int) -> Cell:
        return measured(rows[at].mean) if at < len(rows) else None

    return Table(
        title="Mean fitness by generation, with 95 % intervals",
        columns=(Column("generation"), *map(Column, curves)),
        rows=tuple((at, *(cell(rows, at) for rows in curves.values())) for at in range(max(map(len, curves.values())))),
        spread=True,
    )
