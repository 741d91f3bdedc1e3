"""Line of fittest parents of the champion."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, Marker, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Chart, Column, Marked, Section, Table, TextTable
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.lineage import Ancestor, line_of
from clau_doom.analysis.sections import generations
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count, joined
from clau_doom.number_format import MISSING

__all__ = ["TITLE", "compute", "describe"]

TITLE = "Lineage of the champion"


def compute(data: ExperimentData) -> tuple[Ancestor, ...] | Unavailable:
    """Follow the champion's fittest parents."""
    if data.champion is None:
        return Unavailable(missing="no champion is chosen yet")
    return line_of(data.champion, data.stored.snapshot.generations)


def describe(data: ExperimentData) -> Section:
    """Describe the line of the champion's fittest parents."""
    line = data.result(compute)
    block: Block = line if isinstance(line, Unavailable) else _chart(data, line)
    return Section(name="lineage", title=TITLE, blocks=(block,), data={"lineage": line})


def _chart(data: ExperimentData, line: Sequence[Ancestor]) -> Chart:
    oldest_first = [*reversed(line)]
    operators = joined(dict.fromkeys(each.operator for each in oldest_first))
    ancestors = Series(
        label="the champion's line",
        points=tuple((each.agent.generation, each.fitness) for each in oldest_first),
        colour=Colour.RED,
        marker=Marker.DOT,
        size=8.0,
        names=tuple(f"a{each.agent.index:03d}" for each in oldest_first),
    )
    mean = Series(
        label="mean of the generation",
        points=tuple((row.index, row.mean.mean if row.mean else None) for row in data.result(generations.rows_of)),
        colour=Colour.GREY,
        thin=True,
    )
    return Chart(
        name="lineage",
        title=f"The line of {line[0].agent.label}",
        caption=(
            f"Training fitness of the champion and its line of fittest parents: {count(len(line), 'agent')}, back to "
            f"generation {oldest_first[0].agent.generation}. Operators: {operators}. Each fitness is on the seeds of "
            f"the agent's generation. It is biased upwards by selection. Seed {data.seed}."
        ),
        alt="Fitness along the champion's line of parents; the table below has the numbers.",
        plot=XYPlot(
            label="generation", panels=(Panel(label=f"training {data.fitness_name}", series=(mean, ancestors)),)
        ),
        table=_table(line),
        text_table=TextTable.INSTEAD,
    )


def _table(line: Sequence[Ancestor]) -> Table:
    rows = []
    for at, each in enumerate(line):
        follows = line[at + 1].agent if at + 1 < len(line) else None
        parents = sorted(each.parents, key=lambda ref: ref != follows)
        names = ", ".join(ref.label for ref in parents) or MISSING
        rows.append((each.agent, Marked(each.fitness), each.operator, names))
    return Table(
        title="The champion and its ancestors",
        columns=(
            Column("agent", text=True),
            Column("training fitness"),
            Column("operator", text=True),
            Column("parents, the line's first", text=True),
        ),
        rows=tuple(rows),
    )
