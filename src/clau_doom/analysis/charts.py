"""Charts as data: curves, intervals, bars, heat maps and grids of small curves.

A chart contains values and their meaning, without coordinates. A renderer selects the size, the ticks and the colours.
"""

from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "CYCLE",
    "MARKED",
    "BarPlot",
    "BarRow",
    "Colour",
    "GridAxis",
    "HeatCell",
    "HeatMap",
    "IntervalPlot",
    "IntervalRow",
    "Level",
    "Marker",
    "Panel",
    "Plot",
    "RankPlot",
    "RankRow",
    "Series",
    "SmallCurve",
    "SmallCurves",
    "XYPlot",
]

MARKED = 60
"""Maximum number of points of a curve with a marker at each point. More markers would hide the curve."""


class Colour(IntEnum):
    """Colours of the renderers' palettes. The last five are a scale from old to new."""

    RED = 0
    BLUE = 1
    AMBER = 2
    GREEN = 3
    PURPLE = 4
    TEAL = 5
    PINK = 6
    OLIVE = 7
    TEXT = 8
    GREY = 9
    AGE_0 = 10
    AGE_1 = 11
    AGE_2 = 12
    AGE_3 = 13
    AGE_4 = 14


CYCLE = tuple(Colour(number) for number in range(8))
"""Colours of items without a colour of their own, in order."""


class Marker(IntEnum):
    """Marker of a series' points."""

    NONE = 0
    DOT = 1
    RING = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Points of a panel.

    Attributes:
        label: Meaning of the series, for the legend. Empty: the legend omits the series.
        points: Points (x, y). A missing y interrupts the line.
        colour: Colour of the series.
        line: Whether a line connects the points.
        marker: Marker of the points.
        thin: Whether the line is thin.
        size: Diameter of the markers in CSS pixels.
        band: Area between two values for each x: (x, low, high). A missing value interrupts the area.
        band_label: Meaning of the band, for the legend.
        faint: Whether the band is faint, because other bands overlap it.
        names: Names of the points, drawn next to them. Empty: no names.
    """

    label: str
    points: tuple[tuple[float, float | None], ...]
    colour: Colour
    line: bool = True
    marker: Marker = Marker.NONE
    thin: bool = False
    size: float = 6.0
    band: tuple[tuple[float, float | None, float | None], ...] = ()
    band_label: str = ""
    faint: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A dashed horizontal line.

    Attributes:
        label: Meaning of the line, for the legend. Empty: the legend omits the line.
        value: Height of the line.
        colour: Colour of the line.
    """

    label: str
    value: float
    colour: Colour


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Series with a common vertical axis.

    Attributes:
        label: Label of the vertical axis.
        series: Series, drawn in order.
        levels: Horizontal lines.
        height: Height of the panel in CSS pixels.
        low: Lower bound of the vertical axis. None: the range of the values.
        high: Upper bound of the vertical axis, or None.
        within: Largest multiple of the points' range by which bands may extend the axis. None: no limit.
    """

    label: str
    series: tuple[Series, ...]
    levels: tuple[Level, ...] = ()
    height: float = 250.0
    low: float | None = None
    high: float | None = None
    within: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class XYPlot:
    """Panels above each other with a common horizontal axis.

    Attributes:
        label: Label of the horizontal axis.
        panels: Panels, from the top.
        whole: Whether the horizontal axis has whole numbers, such as generations.
        tight: Whether the horizontal axis ends at the first and the last value.
    """

    label: str
    panels: tuple[Panel, ...]
    whole: bool = True
    tight: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class IntervalRow:
    """An estimate with its interval.

    Attributes:
        label: Name of the row.
        colour: Colour of the row.
        value: The estimate, or None without one.
        low: Lower end of the interval, or None.
        high: Upper end of the interval, or None.
        text: The estimate as text.
        detail: Second line of the name.
        values: Single values that the estimate summarizes.
    """

    label: str
    colour: Colour
    value: float | None
    low: float | None
    high: float | None
    text: str
    detail: str = ""
    values: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IntervalPlot:
    """Estimates with their intervals in rows.

    Attributes:
        label: Label of the horizontal axis.
        rows: Rows, from the top.
        reference: Value with a vertical line, such as a difference of 0. None: no line.
        limits: Values with a dashed vertical line, such as a margin of equivalence.
        limits_label: Meaning of the dashed lines, for the legend.
        bounds: Ends of the axis. None: the range of the values.
        histogram: Whether single values are drawn as a histogram. Otherwise, each value is a dot.
        values_label: Meaning of the single values, for the legend.
        value_label: Meaning of the estimates, for the legend.
    """

    label: str
    rows: tuple[IntervalRow, ...]
    reference: float | None = None
    limits: tuple[float, ...] = ()
    limits_label: str = ""
    bounds: tuple[float, float] | None = None
    histogram: bool = False
    values_label: str = ""
    value_label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BarRow:
    """A bar.

    Attributes:
        label: Name of the bar.
        value: Length of the bar.
        text: The value as text.
        strong: Whether the bar is emphasized.
    """

    label: str
    value: float
    text: str
    strong: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BarPlot:
    """Horizontal bars.

    Attributes:
        label: Label of the horizontal axis.
        rows: Bars, from the top.
        bounds: Ends of the axis.
    """

    label: str
    rows: tuple[BarRow, ...]
    bounds: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class GridAxis:
    """An axis of equal cells.

    Attributes:
        label: Name of the quantity.
        low: Lower end of the first cell.
        high: Upper end of the last cell.
        cells: Number of cells.
    """

    label: str
    low: float
    high: float
    cells: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatCell:
    """A filled cell.

    Attributes:
        row: Index on the vertical axis, from the bottom.
        column: Index on the horizontal axis.
        value: Value of the cell.
        ringed: Whether the cell is emphasized.
    """

    row: int
    column: int
    value: float
    ringed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatMap:
    """Values of a grid's filled cells.

    Attributes:
        x: Horizontal axis.
        y: Vertical axis.
        cells: Filled cells, at least one.
        value_label: Name of the values.
        ring_label: Meaning of the emphasis, for the legend.
    """

    x: GridAxis
    y: GridAxis
    cells: tuple[HeatCell, ...]
    value_label: str
    ring_label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SmallCurve:
    """A small curve on a scale from 0 to 1.

    Attributes:
        title: Name of the curve.
        values: Values at x = 0, 1, 2, ...
        colour: Colour of the curve.
        band: (low, high) for each value. Empty: no band.
    """

    title: str
    values: tuple[float, ...]
    colour: Colour
    band: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SmallCurves:
    """A grid of small curves.

    Attributes:
        curves: Curves in order.
        legend: Meaning of the lines and the bands: (mark, colour, label). A mark is ``line`` or ``band``.
    """

    curves: tuple[SmallCurve, ...]
    legend: tuple[tuple[str, Colour, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RankRow:
    """A method of a critical-difference diagram.

    Attributes:
        label: Name of the method.
        rank: Mean rank of the method, from 1.
        text: The mean rank as text.
    """

    label: str
    rank: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RankPlot:
    """Critical-difference diagram: mean ranks on a line, with bars over groups without a significant difference.

    Attributes:
        label: Label of the axis.
        rows: Methods by ascending rank.
        difference: The critical difference of two mean ranks.
        groups: Groups of two or more methods without a significant difference, as the first and the last index.
    """

    label: str
    rows: tuple[RankRow, ...]
    difference: float
    groups: tuple[tuple[int, int], ...]


Plot = XYPlot | IntervalPlot | BarPlot | HeatMap | SmallCurves | RankPlot
