"""Tests of charts as SVG, with their legends."""

from xml.etree import ElementTree as ET

from clau_doom.analysis.charts import (
    MARKED,
    BarPlot,
    BarRow,
    Colour,
    GridAxis,
    HeatCell,
    HeatMap,
    IntervalPlot,
    IntervalRow,
    Level,
    Marker,
    Panel,
    Plot,
    Series,
    SmallCurve,
    SmallCurves,
    XYPlot,
)
from clau_doom.analysis.report.chart_svg import draw, legend


def drawn(plot: Plot) -> ET.Element:
    return ET.fromstring(draw(plot, "a chart"))


def texts(plot: Plot) -> list[str]:
    return [each.text or "" for each in drawn(plot).iter("text")]


def css(plot: Plot) -> list[str]:
    return [each.get("class") or "" for each in drawn(plot)]


def curve(points: int) -> XYPlot:
    series = Series(
        label="mean",
        points=tuple((at, float(at)) for at in range(points)),
        colour=Colour.BLUE,
        marker=Marker.DOT,
        band=((0, 0.0, 1.0), (1, 1.0, 2.0)),
        band_label="interval",
    )
    signal = Series(label="signal", points=((1, 1.0),), colour=Colour.RED, line=False, marker=Marker.RING)
    level = Level(label="limit", value=1.0, colour=Colour.GREY)
    return XYPlot(label="generation", panels=(Panel(label="fitness", series=(series, signal), levels=(level,)),))


def test_curve_has_line_band_limits_and_signals() -> None:
    """Each mark has a key in the legend, and both axes have labels."""
    assert {"ln c1", "bd c1", "hl c9", "dt c1", "rg c0"} <= {*css(curve(3))}
    assert [(key.mark, key.colour, key.label) for key in legend(curve(3))] == [
        ("line", "c1", "mean"),
        ("band", "c1", "interval"),
        ("ring", "c0", "signal"),
        ("dash", "c9", "limit"),
    ]
    assert {"generation", "fitness"} <= {*texts(curve(3))}


def test_long_curve_has_no_markers() -> None:
    """More markers than `MARKED` would hide the line."""
    assert "dt c1" in css(curve(MARKED))
    assert "dt c1" not in css(curve(MARKED + 1))


def test_panels_are_above_each_other() -> None:
    """Two panels have a common horizontal axis and their own labels."""
    panel = curve(3).panels[0]
    both = XYPlot(label="generation", panels=(panel, Panel(label="spread", series=panel.series)))
    assert texts(both).count("generation") == 1
    assert {"fitness", "spread"} <= {*texts(both)}


def test_intervals_have_names_values_and_a_reference() -> None:
    """A value without an interval is a dot, and a row without a value has only its name."""
    rows = (
        IntervalRow(label="a", colour=Colour.RED, value=-1.0, low=-2.0, high=1.0, text="-1.00", detail="seed 1"),
        IntervalRow(label="b", colour=Colour.GREY, value=2.0, low=None, high=None, text="2.00"),
        IntervalRow(label="c", colour=Colour.GREY, value=None, low=None, high=None, text=""),
    )
    plot = IntervalPlot(label="difference", rows=rows, reference=0.0)
    assert {"a", "seed 1", "b", "c", "\N{MINUS SIGN}1.00", "2.00", "difference"} <= {*texts(plot)}
    assert css(plot).count("wk c0") == 3
    assert css(plot).count("wk c9") == 0
    assert legend(plot) == ()


def test_single_values_are_a_histogram_or_dots() -> None:
    """Equal values are one bar, and each value of the other form is a dot."""
    row = IntervalRow(label="a", colour=Colour.RED, value=1.0, low=0.0, high=2.0, text="", values=(0.0, 1.0, 1.0))
    bars = IntervalPlot(label="x", rows=(row,), histogram=True, values_label="episodes", value_label="mean")
    dots = IntervalPlot(label="x", rows=(row,), values_label="run", value_label="mean")
    assert css(bars).count("fl pale c0") == 2
    assert [key.mark for key in legend(bars)] == ["bar", "dot"]
    assert css(dots).count("dt pale c0") == 1
    assert [(key.label, key.colour) for key in legend(dots)] == [("run", "pale c8"), ("mean", "c8")]


def test_limits_of_intervals_are_dashed_lines() -> None:
    """A margin of equivalence is within the axis, also if no interval reaches it."""
    row = IntervalRow(label="a", colour=Colour.RED, value=1.0, low=0.5, high=1.5, text="")
    plot = IntervalPlot(label="x", rows=(row,), reference=0.0, limits=(-9.0, 9.0), limits_label="margin")
    assert css(plot).count("hl c9") == 2
    assert {"8", "\N{MINUS SIGN}8"} <= {*texts(plot)} or {"5", "\N{MINUS SIGN}5"} <= {*texts(plot)}
    assert [(key.mark, key.label) for key in legend(plot)] == [("dash", "margin")]


def test_cut_ends_of_a_band_are_marked() -> None:
    """The band from -50 to 50 is larger than its axis, which `within` limits to the points. Other ends have no mark."""
    series = Series(
        label="mean", points=((0, 1.0), (1, 2.0)), colour=Colour.BLUE, band=((0, -50.0, 50.0), (1, 1.5, 2.5))
    )
    cut = XYPlot(label="x", panels=(Panel(label="y", series=(series,), within=1.0),))
    whole = XYPlot(label="x", panels=(Panel(label="y", series=(series,)),))
    assert (css(cut).count("wk c1"), css(whole).count("wk c1")) == (2, 0)
    assert [key.mark for key in legend(cut)] == ["line", "arrow"]
    assert [key.mark for key in legend(whole)] == ["line"]


def test_bars_maps_and_small_curves_are_drawn() -> None:
    """Each item has its mark."""
    bars = BarPlot(
        label="x",
        rows=(BarRow(label="a", value=1.0, text="1", strong=True), BarRow(label="b", value=0.5, text="2")),
        bounds=(0.0, 1.0),
    )
    assert (css(bars).count("fl c0"), css(bars).count("fl pale c0")) == (1, 1)
    axis = GridAxis(label="speed", low=0.0, high=1.0, cells=2)
    cells = (HeatCell(row=0, column=0, value=1.0, ringed=True), HeatCell(row=1, column=1, value=2.0))
    heat = HeatMap(x=axis, y=axis, cells=cells, value_label="fitness", ring_label="champion")
    assert css(heat).count("fl c0") == len(cells) + 20  # and the scale
    assert [key.label for key in legend(heat)] == ["champion"]
    small = SmallCurve(title="x" * 40, values=(0.0, 1.0), colour=Colour.RED, band=((0.0, 0.5), (0.5, 1.0)))
    curves = SmallCurves(curves=(small,), legend=(("line", Colour.RED, "mean"),))
    assert {"ln c0", "bd c0"} <= {*css(curves)}
    assert texts(curves) == ["x" * 23 + "\N{HORIZONTAL ELLIPSIS}"]
    assert [key.label for key in legend(curves)] == ["mean"]
