"""Tests of charts as text."""

import io

import pytest
from rich.console import Console

from clau_doom.analysis.charts import (
    BarPlot,
    BarRow,
    Colour,
    GridAxis,
    HeatCell,
    HeatMap,
    IntervalPlot,
    IntervalRow,
    Panel,
    Plot,
    RankPlot,
    RankRow,
    Series,
    SmallCurve,
    SmallCurves,
    XYPlot,
)
from clau_doom.app.chart_rendering import chart_view


def lines(plot: Plot) -> list[str]:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(chart_view(plot))
    return [line.rstrip() for line in console.export_text().splitlines()]


def interval(value: float | None, low: float | None, high: float | None) -> IntervalRow:
    return IntervalRow(label="a", colour=Colour.RED, value=value, low=low, high=high, text="v")


def test_curve_is_a_sparkline_with_first_and_last_value() -> None:
    """Points without a line and curves without a label are omitted. Gaps are skipped."""
    curve = Series(label="mean", points=((0, 1.0), (1, None), (2, 3.0)), colour=Colour.RED)
    dots = Series(label="dots", points=((0, 1.0), (1, 2.0)), colour=Colour.RED, line=False)
    unnamed = Series(label="", points=((0, 1.0), (1, 2.0)), colour=Colour.RED)
    assert lines(XYPlot(label="x", panels=(Panel(label="y", series=(curve, dots, unnamed)),))) == [
        "mean  ▁█  1.00 to 3.00"
    ]


@pytest.mark.parametrize(
    ("row", "drawn"),
    [
        (interval(0.5, 0.0, 1.0), "a  ├───────────────●──────────────┤  v"),
        (interval(1.0, None, None), "a  ┊                              ●  v"),
        (interval(None, None, None), "a  ┊                                 v"),
    ],
)
def test_interval_is_a_line_with_ends(row: IntervalRow, drawn: str) -> None:
    """The reference is a dotted line. Missing values are omitted."""
    plot = IntervalPlot(label="x", rows=(row,), reference=0.0, bounds=(0.0, 1.0))
    assert lines(plot)[0] == drawn.rstrip()
    assert lines(plot)[1].split() == ["0", "1.00"]


def test_bars_have_lengths_in_proportion() -> None:
    """A full bar has the width of the axis, and each bar has its value."""
    plot = BarPlot(
        label="x",
        rows=(BarRow(label="a", value=1.0, text="1", strong=True), BarRow(label="b", value=0.5, text="2")),
        bounds=(0.0, 1.0),
    )
    assert [line.count("█") for line in lines(plot)] == [32, 16, 0]


def test_map_has_a_bar_for_each_filled_cell() -> None:
    """Empty cells are dots, the first row is at the bottom, and a constant map has full bars."""
    axis = GridAxis(label="x", low=0.0, high=1.0, cells=2)
    cells = (HeatCell(row=0, column=0, value=1.0), HeatCell(row=1, column=1, value=2.0))
    assert lines(HeatMap(x=axis, y=axis, cells=cells, value_label="f"))[:2] == ["·█", "▁·"]
    assert lines(HeatMap(x=axis, y=axis, cells=cells[:1], value_label="f"))[:2] == ["··", "█·"]


def test_each_small_curve_has_a_line() -> None:
    """Each curve has its title."""
    curves = tuple(SmallCurve(title=title, values=(0.0, 1.0), colour=Colour.RED) for title in ("a", "b"))
    assert lines(SmallCurves(curves=curves)) == ["a  ▁█", "b  ▁█"]


def test_ranks_have_a_bar_for_each_group() -> None:
    """Ranks 1 to 3 take 32 characters. Methods with a bar in the same column do not differ."""
    rows = tuple(RankRow(label=name, rank=rank, text=f"{rank}") for name, rank in (("a", 1.0), ("b", 2.0), ("c", 3.0)))
    drawn = lines(RankPlot(label="mean rank", rows=rows, difference=1.0, groups=((0, 1), (1, 2))))
    assert [line.index("●") for line in drawn[:3]] == [3, 19, 34]
    assert [line[37:39] for line in drawn[:3]] == ["┃ ", "┃┃", " ┃"]
    assert drawn[3].split() == ["1", "3"]
    assert drawn[4].split() == [f"├{'─' * 15}┤", "CD", "1.00"]
    assert drawn[5] == "mean rank"
