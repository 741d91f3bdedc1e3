"""Map of the MAP-Elites archive."""

from clau_doom.analysis.charts import GridAxis, HeatCell, HeatMap
from clau_doom.analysis.document import Block, Chart, Column, Paragraph, Section, Table
from clau_doom.analysis.elite_map import DescriptorAxis, EliteMap
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count
from clau_doom.number_format import number, percent

__all__ = ["TITLE", "compute", "describe"]

TITLE = "MAP-Elites archive"


def compute(data: ExperimentData) -> EliteMap | Unavailable:
    """Rebuild the archive from the stored generations."""
    return data.find_archive(data.space)


def describe(data: ExperimentData) -> Section:
    """Describe the cells of the archive, its coverage and its QD score."""
    archive = data.result(compute)
    blocks: list[Block]
    if isinstance(archive, Unavailable):
        blocks = [archive]
    elif len(archive.axes) == 2:
        blocks = [_chart(data, archive)]
    else:
        axes = count(len(archive.axes), "axis", "axes")
        missing = Unavailable(missing=f"the archive has {axes}, and a map needs two")
        blocks = [Paragraph(text=_sentence(archive)), missing, _table(archive)]
    return Section(name="elite-map", title=TITLE, blocks=tuple(blocks), data={"archive": archive})


def _sentence(archive: EliteMap) -> str:
    rule = "the smallest possible fitness" if archive.fixed else "the lowest fitness of any agent"
    return (
        f"{len(archive.cells):,} of {archive.size:,} cells are filled (coverage {percent(archive.coverage)}). The QD "
        f"score is {number(archive.qd_score)}: the sum of the cells' fitness above {number(archive.offset)}, {rule}."
    )


def _chart(data: ExperimentData, archive: EliteMap) -> Chart:
    up, right = archive.axes
    held = any(cell.agent == data.champion for cell in archive.cells)
    lost = "" if held or data.champion is None else " The champion is not in the archive: a fitter agent has its cell."
    return Chart(
        name="map",
        title="The best agent of each kind of behaviour",
        caption=(
            f"{_sentence(archive)} A cell keeps its fittest agent on training seeds, so that the fitness is biased "
            f"upwards.{lost} Seed {data.seed}."
        ),
        alt="A map of cells, darker for a higher fitness; the table below has the numbers.",
        plot=HeatMap(
            x=_grid_axis(right),
            y=_grid_axis(up),
            cells=tuple(
                HeatCell(
                    row=cell.place[0], column=cell.place[1], value=cell.fitness, ringed=cell.agent == data.champion
                )
                for cell in archive.cells
            ),
            value_label="fitness",
            ring_label="champion",
        ),
        table=_table(archive),
    )


def _grid_axis(axis: DescriptorAxis) -> GridAxis:
    return GridAxis(label=_words(axis), low=axis.low, high=axis.high, cells=axis.cells)


def _words(axis: DescriptorAxis) -> str:
    return axis.measure.replace("_", " ")


def _table(archive: EliteMap) -> Table:
    def span(axis: DescriptorAxis, at: int) -> str:
        width = (axis.high - axis.low) / axis.cells
        return f"{number(axis.low + width * at)} to {number(axis.low + width * (at + 1))}"

    return Table(
        title="Filled cells",
        columns=(*(Column(_words(axis)) for axis in archive.axes), Column("agent", text=True), Column("fitness")),
        rows=tuple(
            (*(span(axis, at) for axis, at in zip(archive.axes, cell.place, strict=True)), cell.agent, cell.fitness)
            for cell in archive.cells
        ),
    )
