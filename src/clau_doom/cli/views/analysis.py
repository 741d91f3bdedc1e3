"""Terminal output of an experiment's analysis, by section."""

from collections.abc import Callable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis import GenerationRow, Unavailable
from clau_doom.analysis.control_charts import ControlChart
from clau_doom.analysis.elite_map import EliteMap
from clau_doom.analysis.experiment_analysis import ExperimentAnalysis
from clau_doom.analysis.learning import LearningCurve, Plateau, Verdict
from clau_doom.analysis.lineage import Ancestor
from clau_doom.analysis.racing import racing_sentence
from clau_doom.analysis.topsis import Ranking
from clau_doom.cli.format import sparkline
from clau_doom.cli.views.genes import components_view, diversity_line, genes_view, regression_view
from clau_doom.cli.views.results import generations_table, result_view
from clau_doom.cli.views.sections import DEFAULT, Section
from clau_doom.domain import AgentRef
from clau_doom.domain.experiment import ExperimentState, RaceTally
from clau_doom.number_format import number, p_relation
from clau_doom.statistics.interval_format import interval

__all__ = ["analysis_view", "ranking_view"]

_ROWS = 12  # rows of generations and of ranked agents, by default
_VERDICTS = {
    Verdict.RISING: "still rising",
    Verdict.FALLING: "falling",
    Verdict.PLATEAU: "a plateau",
    Verdict.UNDECIDED: "undecided: no trend is found, and none is ruled out",
}
_GLYPHS = " ▁▂▃▄▅▆▇█"


def analysis_view(analysis: ExperimentAnalysis, sections: Sequence[Section]) -> RenderableType:
    """Return sections of an analysis, in a fixed order.

    Args:
        analysis: The analysis.
        sections: The sections; if empty, the default ones, with shortened tables.
    """
    chosen = sections or DEFAULT
    whole = bool(sections)
    views: dict[Section, Callable[[], RenderableType]] = {
        Section.GENERATIONS: lambda: _generations(analysis, whole=whole),
        Section.HELD_OUT: lambda: _held_out(analysis),
        Section.LEARNING: lambda: _learning(analysis),
        Section.CONTROL: lambda: _control(analysis.chart),
        Section.GENES: lambda: genes_view(analysis.genes),
        Section.REGRESSION: lambda: regression_view(analysis.regression),
        Section.COMPONENTS: lambda: components_view(analysis.components),
        Section.LINEAGE: lambda: _lineage(analysis.lineage),
        Section.MAP: lambda: _map(analysis.archive),
        Section.RANKING: lambda: ranking_view(analysis.ranking, whole=whole),
    }
    shown = [section for section in views if section in chosen]
    if not sections and isinstance(analysis.ranking, Ranking):
        shown.append(Section.RANKING)
    parts: list[RenderableType] = [_head(analysis)]
    for section in shown:
        parts += [Text(f"\n{section.value}", "bold"), views[section]()]
    if not whole:
        left = ", ".join(section.value for section in views if section not in shown)
        parts.append(Text(f"\nmore: --section {left.replace(', ', ' | ')}, or --all; --json holds everything", "dim"))
    return Group(*parts)


def ranking_view(ranking: Ranking | Unavailable, *, whole: bool = True) -> RenderableType:
    """Return a ranking as a table, limited to the first rows by default."""
    if isinstance(ranking, Unavailable):
        return _gap(ranking)
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("agent", overflow="fold")
    table.add_column("closeness", justify="right")
    for criterion in ranking.criteria:
        better = "more" if criterion.weight > 0 else "less"
        table.add_column(f"{criterion.name.replace('_', ' ')} ({better}, {abs(criterion.weight):.0%})", justify="right")
    shown = ranking.rows if whole else ranking.rows[:_ROWS]
    for row in shown:
        table.add_row(str(row.rank), row.name, Text(f"{row.closeness:.3f}", "bold"), *map(number, row.values))
    rest = f"; {len(ranking.rows) - len(shown)} more rank below" if len(shown) < len(ranking.rows) else ""
    return Group(table, Text(f"TOPSIS over {ranking.basis}{rest}", "dim"))


def _head(analysis: ExperimentAnalysis) -> Text:
    text = Text.assemble((analysis.id, "bold"), f"  {analysis.scenario}, fitness {analysis.fitness}")
    text.append(f", seed {analysis.seed}, {analysis.state.value}")
    if analysis.state is not ExperimentState.COMPLETED:
        text.append(": what follows is of what is finished so far", "yellow")
    if total := analysis.deviations.total:
        text.append(f"; {total} deviations: part of this depended on time, luck or a person", "yellow")
    return text


def _generations(analysis: ExperimentAnalysis, *, whole: bool) -> RenderableType:
    rows = analysis.generations
    if not rows:
        return Text("No generation is finished yet.")
    shown = rows if whole else _thinned(rows)
    notes = ["training fitness; the best agent's interval is of its few episodes, and luck helped to choose it"]
    if len(shown) < len(rows):
        notes.append(f"{len(shown)} of {len(rows)} generations are shown (--section generations shows all)")
    if isinstance(analysis.racing, RaceTally):
        notes.append(racing_sentence(analysis.racing))
    return Group(generations_table(shown, analysis.id), *(Text(note, "dim") for note in notes))


def _thinned(rows: Sequence[GenerationRow]) -> Sequence[GenerationRow]:
    if len(rows) <= _ROWS:
        return rows
    return [rows[round(place * (len(rows) - 1) / (_ROWS - 1))] for place in range(_ROWS)]


def _held_out(analysis: ExperimentAnalysis) -> RenderableType:
    first = analysis.generations[0].best if analysis.generations else None
    return result_view(
        analysis.results,
        held_out=analysis.held_out,
        contrasts=analysis.contrasts,
        never_better=analysis.champion is not None and analysis.champion == first,
    )


def _learning(analysis: ExperimentAnalysis) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    means = [row.mean.mean for row in analysis.generations if row.mean]
    grid.add_row("mean fitness", Text(sparkline(means), "cyan"))
    grid.add_row("curve", _curve(analysis.curve))
    grid.add_row("last generations", _plateau(analysis.plateau, last=len(analysis.generations) - 1))
    grid.add_row("control chart", _signals(analysis.chart))
    grid.add_row("diversity", diversity_line(analysis.diversity))
    return grid


def _curve(curve: LearningCurve | Unavailable) -> RenderableType:
    if isinstance(curve, Unavailable):
        return _gap(curve)
    text = Text.assemble("tends to ", (interval(curve.asymptote), "bold"))
    text.append(f", from {interval(curve.start)} with tau = {interval(curve.tau)} generations")
    text.append(f"; {curve.model}, R² {curve.r_squared:.2f}, {curve.n} generations", "dim")
    return text


def _plateau(plateau: Plateau | Unavailable, last: int) -> RenderableType:
    if isinstance(plateau, Unavailable):
        return _gap(plateau)
    style = {Verdict.RISING: "green", Verdict.FALLING: "red"}.get(plateau.verdict, "")
    text = Text.assemble((_VERDICTS[plateau.verdict], f"bold {style}".strip()))
    text.append(f" over generations {plateau.since} to {last}: {interval(plateau.slope)} a generation")
    text.append(f"; Sen's slope; Mann-Kendall S = {plateau.trend.s}, {p_relation(plateau.trend.p)}", "dim")
    return text


def _signals(chart: ControlChart | Unavailable) -> RenderableType:
    if isinstance(chart, Unavailable):
        return _gap(chart)
    text = Text(f"x-bar and {chart.spread} around {number(chart.centre)}, sigma {number(chart.sigma)}: ")
    sides = [("below", False), ("above", True)]
    told = [f"{side} it in {_ranges(found)}" for side, above in sides if (found := _signalled(chart, above=above))]
    text.append(", ".join(told) if told else "no generation stands out")
    beyond = [point.generation for point in chart.points if point.spread_signals]
    text.append(f"; the spread beyond its limits in {_ranges(beyond)}" if beyond else "; the spread is in control")
    return text


def _signalled(chart: ControlChart, *, above: bool) -> list[int]:
    return sorted({signal.generation for signal in chart.signals if signal.above is above})


def _ranges(numbers: Sequence[int]) -> str:
    """Return sorted integers as ranges, such as ``0-3, 7``."""
    runs: list[list[int]] = []
    for value in numbers:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _control(chart: ControlChart | Unavailable) -> RenderableType:
    if isinstance(chart, Unavailable):
        return _gap(chart)
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for heading in ("generation", "n", "mean", "limits", chart.spread, "limits"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("rules met", overflow="fold")
    for point in chart.points:
        met = [
            f"{signal.rule} {'above' if signal.above else 'below'}"
            for signal in chart.signals
            if signal.generation == point.generation
        ]
        table.add_row(
            str(point.generation),
            str(point.n),
            Text(number(point.mean), "bold" if met else ""),
            f"{number(point.mean_low)} to {number(point.mean_high)}",
            Text(number(point.spread), "bold red" if point.spread_signals else ""),
            f"{number(point.spread_low)} to {number(point.spread_high)}",
            ", ".join(met),
        )
    rules = "Western Electric rules: 1 beyond 3 sigma; 2 of 3 beyond 2; 4 of 5 beyond 1; 8 on one side"
    return Group(table, Text(rules, "dim"))


def _lineage(lineage: tuple[Ancestor, ...] | Unavailable) -> RenderableType:
    if isinstance(lineage, Unavailable):
        return _gap(lineage)
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("agent")
    table.add_column("training fitness", justify="right")
    table.add_column("made by")
    table.add_column("parents, the line's first", style="dim", overflow="fold")
    for place, each in enumerate(lineage):
        line = lineage[place + 1].agent if place + 1 < len(lineage) else None
        parents = sorted(each.parents, key=lambda ref: ref != line)
        table.add_row(
            _place(each.agent), Text(number(each.fitness), "bold"), each.operator, ", ".join(map(_place, parents))
        )
    return table


def _map(archive: EliteMap | Unavailable) -> RenderableType:
    if isinstance(archive, Unavailable):
        return _gap(archive)
    text = f"{len(archive.cells)} of {archive.size} cells ({archive.coverage:.0%}), QD score {number(archive.qd_score)}"
    head = Text(f"{text} above {number(archive.offset)}, the lowest fitness of any agent")
    return Group(head, _picture(archive)) if len(archive.axes) == 2 else head


def _picture(archive: EliteMap) -> Text:
    """Draw a map of two axes, the first upwards, the second to the right, with fitness as the height of a bar."""
    up, right = archive.axes
    fitness = {cell.place: cell.fitness for cell in archive.cells}
    low, high = min(fitness.values()), max(fitness.values())
    steps = len(_GLYPHS) - 2

    def glyph(place: tuple[int, int]) -> str:
        if place not in fitness:
            return "·"
        share = (fitness[place] - low) / (high - low) if high > low else 1.0
        return _GLYPHS[1 + round(share * steps)]

    rows = ["".join(glyph((row, column)) for column in range(right.cells)) for row in reversed(range(up.cells))]
    caption = f"{up.measure} upwards, {right.measure} to the right; a bar's height is its best agent's fitness"
    return Text("\n".join([*rows, f"{caption}, {number(low)} to {number(high)}"]))


def _gap(gap: Unavailable) -> Text:
    return Text(gap.missing, "dim")


def _place(ref: AgentRef) -> str:
    return f"g{ref.generation:03d}-a{ref.index:03d}"
