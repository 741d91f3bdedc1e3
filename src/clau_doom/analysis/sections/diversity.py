"""Diversity of the agents of each generation."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, Level, Marker, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Chart, Column, Fixed, Section, Table
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.genome_encoding import Diversity, diversity
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import GenomeSpace
from clau_doom.number_format import fixed

__all__ = ["TITLE", "compute", "describe", "variable_space"]

TITLE = "Diversity"

_MOST_GENES = 10_000
"""Maximum number of genes with statistics; larger tables take minutes to compute."""


def variable_space(data: ExperimentData) -> GenomeSpace | Unavailable:
    """Return the genes for statistics of single genes, or the reason why there are none."""
    space = data.space
    if isinstance(space, Unavailable):
        return space
    # The number comes first: bounds are arrays of that length.
    if len(space) > _MOST_GENES:
        return Unavailable(
            missing=f"the policy has {len(space):,} genes, and {_MOST_GENES:,} at most are analysed one by one"
        )
    if not (space.high > space.low).any():
        return Unavailable(missing="the policy has no genes that can vary")
    if not data.finished_generations:
        return Unavailable(missing="no generation is finished yet")
    return space


def compute(data: ExperimentData) -> tuple[Diversity, ...] | Unavailable:
    """Compute the diversity of each generation."""
    space = data.result(variable_space)
    if isinstance(space, Unavailable):
        return space
    return tuple(
        diversity(space, index, [each.agent.genome for each in row])
        for index, row in enumerate(data.finished_generations)
    )


def describe(data: ExperimentData) -> Section:
    """Describe the diversity by generation."""
    rows = data.result(compute)
    block: Block = rows if isinstance(rows, Unavailable) else _chart(data, rows)
    return Section(name="diversity", title=TITLE, blocks=(block,), data={"diversity": rows})


def _chart(data: ExperimentData, rows: Sequence[Diversity]) -> Chart:
    first, last = rows[0], rows[-1]
    axis = data.axis()
    places = axis.places(data.stored.snapshot)
    return Chart(
        name="diversity",
        title="Distance between agents",
        caption=(
            f"Mean distance between two agents of a generation (Gower 1971): {fixed(first.distance, 3)} in generation "
            f"{first.generation}, {fixed(last.distance, 3)} in generation {last.generation}. A number is measured as "
            "a share of its gene's range, a choice as 0 or 1. Real genes drawn uniformly have the distance 1/3. All "
            f"agents are measured, so that there is no interval. Seed {data.seed}."
        ),
        alt="Mean distance between two agents by generation; the table below has the numbers.",
        plot=XYPlot(
            label=axis.label,
            panels=(
                Panel(
                    label="mean distance",
                    series=(
                        Series(
                            label="mean distance",
                            points=tuple((places[row.generation], row.distance) for row in rows),
                            colour=Colour.BLUE,
                            marker=Marker.DOT,
                        ),
                    ),
                    levels=(Level(label="uniform real genes: 1/3", value=1.0 / 3.0, colour=Colour.GREY),),
                    height=180.0,
                    low=0.0,
                ),
            ),
        ),
        table=_table(rows, () if axis.counts_generations else places, axis.unit),
    )


def _table(rows: Sequence[Diversity], places: Sequence[float], unit: str) -> Table:
    """Return the table of the chart; with places, each generation has its place on the axis."""
    return Table(
        title="Diversity by generation",
        columns=(Column("generation"), *([Column(unit)] if places else []), Column("mean distance")),
        rows=tuple(
            (row.generation, *([places[row.generation]] if places else []), Fixed(row.distance, 4)) for row in rows
        ),
        spread=True,
    )
