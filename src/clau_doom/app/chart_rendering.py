"""Charts as text: sparklines, intervals on a line, bars and maps of characters."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis.charts import (
    BarPlot,
    Colour,
    HeatMap,
    IntervalPlot,
    IntervalRow,
    Plot,
    RankPlot,
    SmallCurves,
    XYPlot,
)
from clau_doom.app.text_format import sparkline
from clau_doom.number_format import number

__all__ = ["chart_view"]

_WIDTH = 32
"""Characters of an axis."""

_BLOCKS = " ▁▂▃▄▅▆▇█"
_STYLES = {
    Colour.RED: "red",
    Colour.BLUE: "blue",
    Colour.AMBER: "yellow",
    Colour.GREEN: "green",
    Colour.PURPLE: "magenta",
    Colour.TEAL: "cyan",
    Colour.PINK: "bright_magenta",
    Colour.OLIVE: "bright_green",
    Colour.GREY: "dim",
}


def chart_view(plot: Plot) -> RenderableType:
    """Return a chart as text."""
    match plot:
        case XYPlot():
            return _curves(plot)
        case IntervalPlot():
            return _intervals(plot)
        case BarPlot():
            return _bars(plot)
        case HeatMap():
            return _heat_map(plot)
        case SmallCurves():
            return _grid([(curve.title, Text(sparkline(curve.values), "cyan")) for curve in plot.curves])
        case RankPlot():
            return _ranks(plot)


def _style(colour: Colour) -> str:
    return _STYLES.get(colour, "")


def _grid(rows: list[tuple[str, Text]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    grid.add_column(no_wrap=True)
    for name, text in rows:
        grid.add_row(name, text)
    return grid


def _curves(plot: XYPlot) -> RenderableType:
    """Return each curve as a sparkline with its first and its last value. Points without a line are left out."""
    rows = []
    for panel in plot.panels:
        for series in panel.series:
            values = [y for _, y in series.points if y is not None]
            if series.line and series.label and len(values) > 1:
                text = Text.assemble((sparkline(values), _style(series.colour) or "cyan"))
                rows.append((series.label, text.append(f"  {number(values[0])} to {number(values[-1])}")))
    return _grid(rows)


def _intervals(plot: IntervalPlot) -> RenderableType:
    ends = [end for row in plot.rows for end in (row.value, row.low, row.high) if end is not None]
    ends += [] if plot.reference is None else [plot.reference]
    low, high = plot.bounds or (min(ends), max(ends))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    for row in plot.rows:
        grid.add_row(row.label, _interval_line(row, low, high, plot.reference), row.text)
    grid.add_row("", Text(f"{number(low)}{number(high):>{_WIDTH - len(number(low))}}", "dim"), "")
    return Group(grid, Text(plot.label, "dim"))


def _interval_line(row: IntervalRow, low: float, high: float, reference: float | None) -> Text:
    """Draw an interval as ``├──●──┤``, with the reference as a dotted line."""

    def place(value: float) -> int:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(min(max(share, 0.0), 1.0) * (_WIDTH - 1))

    chars = [" "] * _WIDTH
    if reference is not None:
        chars[place(reference)] = "┊"
    if row.low is not None and row.high is not None:
        start, end = place(row.low), place(row.high)
        chars[start : end + 1] = ["─"] * (end - start + 1)
        chars[start], chars[end] = "├", "┤"
    if row.value is not None:
        chars[place(row.value)] = "●"
    return Text("".join(chars), _style(row.colour))


def _bars(plot: BarPlot) -> RenderableType:
    low, high = plot.bounds
    rows = []
    for row in plot.rows:
        length = round(_WIDTH * (row.value - low) / (high - low))
        bar = Text.assemble(("█" * length, "red" if row.strong else "dim"), " " * (_WIDTH - length))
        rows.append((row.label, bar.append(f"  {row.text}")))
    return Group(_grid(rows), Text(plot.label, "dim"))


def _ranks(plot: RankPlot) -> RenderableType:
    """Draw each mean rank on an axis, with a column of bars for each group, and the critical difference below."""
    last = max(len(plot.rows), 2)

    def place(rank: float) -> int:
        return round((rank - 1.0) / (last - 1) * (_WIDTH - 1))

    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    for _ in range(3):
        grid.add_column(no_wrap=True)
    for at, row in enumerate(plot.rows):
        line = Text(" " * place(row.rank) + "●" + " " * (_WIDTH - 1 - place(row.rank)), "red")
        bars = "".join("┃" if first <= at <= end else " " for first, end in plot.groups)
        grid.add_row(row.label, line, bars, row.text)
    width = min(max(place(1.0 + plot.difference), 1), _WIDTH - 1)
    grid.add_row("", Text(f"1{last:>{_WIDTH - 1}}", "dim"), "", "")
    grid.add_row("", Text(f"├{'─' * (width - 1)}┤", "dim"), "", Text(f"CD {number(plot.difference)}", "dim"))
    return Group(grid, Text(plot.label, "dim"))


def _heat_map(plot: HeatMap) -> Text:
    """Draw a map with the value of a cell as the height of a bar."""
    values = {(cell.row, cell.column): cell.value for cell in plot.cells}
    low, high = min(values.values()), max(values.values())
    steps = len(_BLOCKS) - 2

    def block(place: tuple[int, int]) -> str:
        if place not in values:
            return "·"
        share = (values[place] - low) / (high - low) if high > low else 1.0
        return _BLOCKS[1 + round(share * steps)]

    rows = ["".join(block((row, column)) for column in range(plot.x.cells)) for row in reversed(range(plot.y.cells))]
    axes = f"{plot.y.label} upwards, {plot.x.label} to the right; height of a bar: {plot.value_label}"
    return Text("\n".join([*rows, f"{axes}, {number(low)} to {number(high)}"]))
