"""Sections about single agents: lineage of the champion, MAP-Elites archive and ranking."""

from collections.abc import Sequence

from clau_doom.analysis.elite_map import Axis as Descriptor
from clau_doom.analysis.elite_map import EliteMap
from clau_doom.analysis.experiment_analysis import ExperimentAnalysis
from clau_doom.analysis.lineage import Ancestor
from clau_doom.analysis.report.document import Block, Figure, Key, Section, Table, gap
from clau_doom.analysis.report.svg import WIDTH, Picture, axis_over
from clau_doom.analysis.report.training import generations_axis
from clau_doom.analysis.report.typography import NONE, count, joined, number, place, share, short
from clau_doom.analysis.topsis import Ranking
from clau_doom.analysis.unavailable import Unavailable

__all__ = ["lineage_section", "map_section", "ranking_section"]

_RANKED = 20
_NAMED = 16  # ancestors; with more, their names would overlap


def lineage_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the champion's line of descent."""
    line = analysis.lineage
    blocks: tuple[Block, ...] = (gap(line),) if isinstance(line, Unavailable) else (_lineage_figure(analysis, line),)
    return Section(anchor="lineage", title="Lineage of the champion", blocks=blocks)


def _lineage_figure(analysis: ExperimentAnalysis, line: Sequence[Ancestor]) -> Figure:
    old_first = [*reversed(line)]
    x = generations_axis(analysis.generations, WIDTH - 40.0)
    means = [row.mean.mean if row.mean else None for row in analysis.generations]
    y = axis_over([*(each.fitness for each in line), *means], 276.0, 30.0, pad=0.12)
    picture = Picture(320.0)
    picture.frame(x, y, x_label="generation", y_label=f"training {analysis.fitness}")
    heights = [(x.at(row.index), y.at(row.mean.mean) if row.mean else None) for row in analysis.generations]
    picture.line(heights, "c9 thin")
    known = [(x.at(each.agent.generation), y.at(each.fitness)) for each in old_first if each.fitness is not None]
    picture.line([*known], "c0")
    picture.dots(known, "c0", size=8.0)
    if len(line) <= _NAMED:
        for at, each in enumerate(old_first):
            if each.fitness is not None:
                above = -12.0 if at % 2 == 0 else 20.0
                spot = (max(x.at(each.agent.generation), x.start + 16.0), y.at(each.fitness) + above)
                picture.text(spot, f"a{each.agent.index:03d}", "tick mid")
    operators = joined(dict.fromkeys(each.operator for each in old_first))
    return Figure(
        anchor="fig-lineage",
        title=f"The line of {place(line[0].agent)}",
        caption=(
            f"Training fitness of the champion and its line of fittest parents, {count(len(line), 'agent')} back to "
            f"one that was drawn in generation {old_first[0].agent.generation}; made by {operators}. Each is on the "
            f"seeds of its own generation, chosen for being high: no estimate of worth. Seed {analysis.seed}."
        ),
        alt="Fitness along the champion's line of parents; the numbers are in the table below.",
        picture=picture.svg("Training fitness along the champion's line of parents"),
        table=_lineage_table(line),
        keys=(
            Key(mark="line", colour="c0", label="the champion's line"),
            Key(mark="line", colour="c9", label="mean of the generation"),
        ),
    )


def _lineage_table(line: Sequence[Ancestor]) -> Table:
    rows = []
    for at, each in enumerate(line):
        follows = line[at + 1].agent if at + 1 < len(line) else None
        parents = sorted(each.parents, key=lambda ref: ref != follows)
        rows.append((place(each.agent), number(each.fitness), each.operator, ", ".join(map(place, parents)) or NONE))
    return Table(
        title="The champion and its ancestors",
        columns=("agent", "training fitness", "made by", "parents, the line's first"),
        rows=tuple(rows),
        words=(0, 2, 3),
    )


def map_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the MAP-Elites archive."""
    archive = analysis.archive
    blocks: list[Block]
    if isinstance(archive, Unavailable):
        blocks = [gap(archive)]
    elif len(archive.axes) == 2:
        blocks = [_map_figure(analysis, archive)]
    else:
        missing = f"the archive has {count(len(archive.axes), 'axis', 'axes')}: only two can be drawn as a map"
        blocks = [gap(Unavailable(missing=missing)), _cells_table(archive)]
    return Section(anchor="map", title="MAP-Elites archive", blocks=tuple(blocks))


def _map_figure(analysis: ExperimentAnalysis, archive: EliteMap) -> Figure:
    up, right = archive.axes
    side = min(420.0 / up.cells, (WIDTH - 190.0) / right.cells)
    left, top = 64.0, 26.0
    base = top + side * up.cells
    picture = Picture(base + 44.0)
    picture.box((left, top), (side * right.cells, side * up.cells), "empty")
    values = [cell.fitness for cell in archive.cells]
    held = any(cell.agent == analysis.champion for cell in archive.cells)
    low, high = min(values), max(values)
    for cell in archive.cells:
        row, column = cell.place
        strength = _strength(cell.fitness, low, high)
        corner = (left + side * column + 0.5, base - side * (row + 1) + 0.5)
        picture.box(corner, (side - 1.0, side - 1.0), "fl c0", strength=strength)
        if analysis.champion == cell.agent:
            picture.ring((corner[0] + side / 2.0, corner[1] + side / 2.0), "c8", radius=min(side / 2.0 - 2.0, 9.0))
    across = axis_over([right.low, right.high], left, left + side * right.cells, pad=0.0, count=6)
    for value in across.ticks:
        picture.text((across.at(value), base + 17.0), short(value, across.decimals), "tick mid")
    upwards = axis_over([up.low, up.high], base, top, pad=0.0, count=6)
    for value in upwards.ticks:
        picture.text((left - 8.0, upwards.at(value) + 4.0), short(value, upwards.decimals), "tick end")
    picture.text((left + side * right.cells / 2.0, base + 36.0), _words(right), "label mid")
    picture.text((18.0, top - 12.0), _words(up), "label")
    _draw_scale(picture, left + side * right.cells + 28.0, top, low, high)
    return Figure(
        anchor="fig-map",
        title="The best agent of each kind of behaviour",
        caption=(
            f"{len(archive.cells):,} of {archive.size:,} cells are filled (coverage {share(archive.coverage)}); QD "
            f"score {number(archive.qd_score)}, the sum of the cells' fitness above {number(archive.offset)}, the "
            "lowest of any agent. A cell keeps the fittest of its agents on training seeds, luck included"
            f"{'' if held else '; the champion has lost its cell to another'}. "
            f"Seed {analysis.seed}."
        ),
        alt="A map of cells, the stronger the fitter; the numbers are in the table below.",
        picture=picture.svg(f"Archive over {_words(up)} and {_words(right)}"),
        table=_cells_table(archive),
        keys=(Key(mark="ring", colour="c8", label="champion"),) if held else (),
    )


def _strength(fitness: float, low: float, high: float) -> float:
    return 0.14 + 0.86 * ((fitness - low) / (high - low) if high > low else 1.0)


def _draw_scale(picture: Picture, left: float, top: float, low: float, high: float) -> None:
    for step in range(20):
        value = high - (high - low) * step / 19.0
        picture.box((left, top + 8.0 * step), (14.0, 8.0), "fl c0", strength=_strength(value, low, high))
    picture.text((left + 21.0, top + 11.0), number(high))
    picture.text((left + 21.0, top + 158.0), number(low))
    picture.text((left, top + 178.0), "fitness", "label")


def _words(axis: Descriptor) -> str:
    return axis.measure.replace("_", " ")


def _cells_table(archive: EliteMap) -> Table:
    def span(axis: Descriptor, at: int) -> str:
        width = (axis.high - axis.low) / axis.cells
        return f"{number(axis.low + width * at)} to {number(axis.low + width * (at + 1))}"

    return Table(
        title="Filled cells",
        columns=(*(_words(axis) for axis in archive.axes), "agent", "fitness"),
        rows=tuple(
            (
                *(span(axis, at) for axis, at in zip(archive.axes, cell.place, strict=True)),
                place(cell.agent),
                number(cell.fitness),
            )
            for cell in archive.cells
        ),
        words=(len(archive.axes),),
    )


def ranking_section(ranking: Ranking | Unavailable) -> Section:
    """Build the section with the ranking of agents over several criteria."""
    blocks: tuple[Block, ...] = (gap(ranking),) if isinstance(ranking, Unavailable) else (_ranking_figure(ranking),)
    return Section(anchor="ranking", title="Ranking over several criteria", blocks=blocks)


def _ranking_figure(ranking: Ranking) -> Figure:
    drawn = ranking.rows[:_RANKED]
    x = axis_over([0.0, 1.0], 196.0, WIDTH - 72.0, count=5, pad=0.0)
    base = 10.0 + 24.0 * len(drawn)
    picture = Picture(base + 44.0)
    picture.columns(x, 4.0, base, x_label="closeness to the ideal")
    for at, row in enumerate(drawn):
        y = 10.0 + 24.0 * at
        picture.box(
            (x.start, y + 4.0), (x.at(row.closeness) - x.start, 13.0), "fl c0" if row.rank == 1 else "fl pale c0"
        )
        picture.text((0.0, y + 14.0), f"{row.rank}. {row.name}", "small")
        picture.text((WIDTH - 60.0, y + 14.0), short(row.closeness, 3), "value")
    criteria = joined(
        f"{each.name.replace('_', ' ')} ({'more' if each.weight > 0 else 'less'} is better, {share(abs(each.weight))})"
        for each in ranking.criteria
    )
    rest = f" The first {_RANKED} of {len(ranking.rows):,} are drawn." if len(ranking.rows) > _RANKED else ""
    return Figure(
        anchor="fig-ranking",
        title="TOPSIS",
        caption=(
            f"Closeness to the best of every criterion (Hwang and Yoon 1981) over {criteria}; {ranking.basis}. A rank "
            f"is for choosing, not for publishing, and has no interval.{rest}"
        ),
        alt="A bar for each agent's closeness; the numbers are in the table below.",
        picture=picture.svg("Closeness of the ranked agents to the ideal"),
        table=Table(
            title="Ranking",
            columns=("rank", "agent", "closeness", *(each.name.replace("_", " ") for each in ranking.criteria)),
            rows=tuple(
                (str(row.rank), row.name, short(row.closeness, 3), *map(number, row.values)) for row in ranking.rows
            ),
            words=(1,),
        ),
    )
