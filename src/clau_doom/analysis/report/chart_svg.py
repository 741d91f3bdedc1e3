"""SVG drawings of charts, with their legends."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from clau_doom.analysis.charts import (
    MARKED,
    BarPlot,
    Colour,
    GridAxis,
    HeatMap,
    IntervalPlot,
    IntervalRow,
    Marker,
    Panel,
    Plot,
    RankPlot,
    Series,
    SmallCurve,
    SmallCurves,
    XYPlot,
)
from clau_doom.analysis.report.rank_svg import draw_ranks
from clau_doom.analysis.report.svg import WIDTH, Axis, Picture, axis_over, finite
from clau_doom.analysis.report.typographic_characters import typographic
from clau_doom.analysis.report.view_models import Key
from clau_doom.number_format import number

__all__ = ["draw", "legend"]

_LEFT, _RIGHT, _TOP = 52.0, WIDTH - 12.0, 26.0
_BELOW, _BETWEEN = 44.0, 62.0  # space for labels
_NAMES, _VALUES = 196.0, WIDTH - 84.0  # ends of the axis between names and values
_SHORT = 30  # characters of a name that fit
_ROW, _TALL_ROW, _BAR_ROW = 34.0, 62.0, 24.0
_TALLEST, _BIN, _SIZES = 32.0, 6.0, 40  # bars of a histogram; with more distinct values, neighbours share a bar
_ACROSS, _CELL, _TITLE = 4, 92.0, 24  # small curves in a row, their height, characters of a title that fit
_NAMED = 16  # named points; with more, the names would overlap


def draw(plot: Plot, alt: str) -> Markup:
    """Draw a chart as SVG.

    Args:
        plot: Data of the chart.
        alt: Description for readers who cannot see the chart.
    """
    drawers: dict[type, Callable[[Any], Picture]] = {
        XYPlot: _draw_xy,
        IntervalPlot: _draw_intervals,
        BarPlot: _draw_bars,
        HeatMap: _draw_heat_map,
        SmallCurves: _draw_small_curves,
        RankPlot: draw_ranks,
    }
    return drawers[type(plot)](plot).svg(alt)


def legend(plot: Plot) -> tuple[Key, ...]:
    """Return the legend of a chart."""
    if isinstance(plot, XYPlot):
        return tuple(dict.fromkeys(key for panel in plot.panels for key in _panel_keys(panel)))
    if isinstance(plot, IntervalPlot):
        # The colours are those of the rows. The keys are about the marks.
        single = ("bar", _css(Colour.GREY)) if plot.histogram else ("dot", f"pale {_css(Colour.TEXT)}")
        estimate = _css(Colour.GREY if plot.histogram else Colour.TEXT)
        return (
            *([Key(mark=single[0], colour=single[1], label=plot.values_label)] if plot.values_label else []),
            *([Key(mark="dot", colour=estimate, label=plot.value_label)] if plot.value_label else []),
            *([Key(mark="dash", colour=_css(Colour.GREY), label=plot.limits_label)] if plot.limits_label else []),
        )
    if isinstance(plot, HeatMap):
        ringed = plot.ring_label and any(cell.ringed for cell in plot.cells)
        return (Key(mark="ring", colour=_css(Colour.TEXT), label=plot.ring_label),) if ringed else ()
    if isinstance(plot, SmallCurves):
        return tuple(Key(mark=mark, colour=_css(colour), label=label) for mark, colour, label in plot.legend)
    return ()


def _css(colour: Colour) -> str:
    return f"c{colour.value}" if colour < Colour.AGE_0 else f"a{colour - Colour.AGE_0}"


def _panel_keys(panel: Panel) -> list[Key]:
    keys = []
    for series in panel.series:
        mark = "line" if series.line else "ring" if series.marker is Marker.RING else "dot"
        if series.label:
            keys.append(Key(mark=mark, colour=_css(series.colour), label=series.label))
        if series.band_label:
            keys.append(Key(mark="band", colour=_css(series.colour), label=series.band_label))
    keys += [Key(mark="dash", colour=_css(level.colour), label=level.label) for level in panel.levels if level.label]
    y = _vertical_axis(panel, 1.0, 0.0)
    if any(_cuts(y, series) for series in panel.series):
        keys.append(Key(mark="arrow", colour=_css(Colour.TEXT), label="the band continues outside of the axis"))
    return keys


def _draw_xy(plot: XYPlot) -> Picture:
    xs = [x for panel in plot.panels for series in panel.series for x, *_ in (*series.points, *series.band)]
    x = axis_over(xs, _LEFT, _RIGHT, count=10 if plot.whole else 8, whole=plot.whole, pad=0.0 if plot.tight else 0.02)
    height = sum(panel.height for panel in plot.panels) + _BETWEEN * (len(plot.panels) - 1) + _TOP + _BELOW
    picture, top = Picture(height), _TOP
    for panel in plot.panels:
        base = top + panel.height
        y = _vertical_axis(panel, base, top)
        last = panel is plot.panels[-1]
        picture.frame(x, y, x_label=plot.label if last else "", y_label=panel.label)
        for series in panel.series:
            css = f"{_css(series.colour)} faint" if series.faint else _css(series.colour)
            picture.band([(x.at(at), _or_none(y, low), _or_none(y, high)) for at, low, high in series.band], css)
        for level in panel.levels:
            picture.rule((x.start, y.at(level.value)), (x.end, y.at(level.value)), f"hl {_css(level.colour)}")
        for series in panel.series:
            _draw_series(picture, x, y, series)
            for at, upwards in _cuts(y, series):
                picture.arrow((x.at(at), y.end if upwards else y.start), _css(series.colour), upwards=upwards)
        top = base + _BETWEEN
    return picture


def _vertical_axis(panel: Panel, base: float, top: float) -> Axis:
    values = finite([y for series in panel.series for _, y in series.points])
    ends = finite([end for series in panel.series for _, low, high in series.band for end in (low, high)])
    levels = [level.value for level in panel.levels]
    if panel.within is not None and values:
        # A much wider band would flatten the points.
        low, high = min(values + levels), max(values + levels)
        reach = panel.within * (high - low)
        ends = [end for end in ends if low - reach <= end <= high + reach]
    pad = 0.12 if any(series.names for series in panel.series) else 0.04
    bounds = (panel.low, panel.high)
    return axis_over([*values, *ends, *levels], base, top, pad=0.0 if None not in bounds else pad, bounds=bounds)


def _cuts(y: Axis, series: Series) -> list[tuple[float, bool]]:
    """Return the places of a band's ends outside of the axis, and whether they are above."""
    ends = [(x, end) for x, low, high in series.band for end in (low, high) if end is not None]
    return [(x, end > y.high) for x, end in ends if not y.low <= end <= y.high]


def _draw_series(picture: Picture, x: Axis, y: Axis, series: Series) -> None:
    css = _css(series.colour)
    places = [(x.at(at), _or_none(y, value)) for at, value in series.points]
    if series.line:
        picture.line(places, f"{css} thin" if series.thin else css)
    known = [(across, height) for across, height in places if height is not None]
    if series.marker is Marker.RING:
        for at in known:
            picture.ring(at, css, radius=series.size)
    elif series.marker is Marker.DOT and (not series.line or len(known) <= MARKED):
        picture.dots(known, css, size=series.size)
    if len(series.names) <= _NAMED:
        for place, ((across, height), name) in enumerate(zip(places, series.names, strict=False)):
            if height is not None:
                above = -12.0 if place % 2 == 0 else 20.0
                picture.text((max(across, x.start + 16.0), height + above), name, "tick mid")


def _or_none(axis: Axis, value: float | None) -> float | None:
    return None if value is None else axis.at(value)


def _draw_intervals(plot: IntervalPlot) -> Picture:
    rows = plot.rows
    values = [value for row in rows for value in (row.value, row.low, row.high, *row.values)]
    reference = [*plot.limits, *([] if plot.reference is None else [plot.reference])]
    pad = 0.0 if plot.bounds else 0.04
    x = axis_over([*values, *reference, *(plot.bounds or ())], _NAMES, _VALUES, count=7, pad=pad)
    many = len(rows) > MARKED // 3
    tall = plot.values_label or any(row.detail for row in rows)
    height = _TALL_ROW if plot.histogram else 24.0 if many else 44.0 if tall else _ROW
    base = 12.0 + height * len(rows)
    picture = Picture(base + _BELOW)
    picture.columns(x, 6.0, base, x_label=plot.label)
    if plot.reference is not None:
        picture.rule((x.at(plot.reference), 6.0), (x.at(plot.reference), base), "base")
    for limit in plot.limits:
        picture.rule((x.at(limit), 6.0), (x.at(limit), base), f"hl {_css(Colour.GREY)}")
    for at, row in enumerate(rows):
        _draw_interval_row(picture, x, plot, row, 12.0 + height * at + height / 2.0)
    return picture


def _draw_interval_row(picture: Picture, x: Axis, plot: IntervalPlot, row: IntervalRow, middle: float) -> None:
    css = _css(row.colour)
    if plot.histogram:
        middle += 13.0
        _draw_counts(picture, x, middle - 8.0, row.values, css)
    elif row.values:
        picture.dots([(x.at(value), middle - 9.0) for value in row.values], f"pale {css}", size=7.0)
        middle += 5.0
    if row.value is not None:
        picture.whisker(x, middle, (row.low, row.high), row.value, css)
        picture.text((_VALUES + 12.0, middle + 4.0), typographic(row.text), "value")
    name = row.label if len(row.label) <= _SHORT else f"{row.label[: _SHORT - 1]}…"
    picture.text((0.0, middle - 3.0 if row.detail else middle + 4.0), name, "name")
    if row.detail:
        picture.text((0.0, middle + 12.0), row.detail, "tick")


def _draw_counts(picture: Picture, x: Axis, base: float, values: Sequence[float], css: str) -> None:
    """Draw a histogram. The highest bar fills the available height."""
    fine = len(set(values)) > _SIZES
    counts = Counter(_BIN * round(x.at(value) / _BIN) if fine else x.at(value) for value in values)
    most = max(counts.values(), default=1)
    for at, many in sorted(counts.items()):
        height = max(_TALLEST * many / most, 1.5)
        picture.box((at - _BIN / 2.0 + 0.5, base - height), (_BIN - 1.0, height), f"fl pale {css}")


def _draw_bars(plot: BarPlot) -> Picture:
    x = axis_over([*plot.bounds], _NAMES, _VALUES, count=5, pad=0.0)
    base = 10.0 + _BAR_ROW * len(plot.rows)
    picture = Picture(base + _BELOW)
    picture.columns(x, 4.0, base, x_label=plot.label)
    for at, row in enumerate(plot.rows):
        y = 10.0 + _BAR_ROW * at
        css = "fl c0" if row.strong else "fl pale c0"
        picture.box((x.start, y + 4.0), (x.at(row.value) - x.start, 13.0), css)
        picture.text((0.0, y + 14.0), row.label, "small")
        picture.text((_VALUES + 12.0, y + 14.0), typographic(row.text), "value")
    return picture


def _draw_heat_map(plot: HeatMap) -> Picture:
    side = min(420.0 / plot.y.cells, (WIDTH - 190.0) / plot.x.cells)
    left, top = 64.0, _TOP
    base, right = top + side * plot.y.cells, left + side * plot.x.cells
    picture = Picture(base + _BELOW)
    picture.box((left, top), (right - left, base - top), "empty")
    values = [cell.value for cell in plot.cells]
    low, high = min(values), max(values)
    for cell in plot.cells:
        corner = (left + side * cell.column + 0.5, base - side * (cell.row + 1) + 0.5)
        picture.box(corner, (side - 1.0, side - 1.0), "fl c0", strength=_strength(cell.value, low, high))
        if cell.ringed:
            middle = (corner[0] + side / 2.0, corner[1] + side / 2.0)
            picture.ring(middle, _css(Colour.TEXT), radius=min(side / 2.0 - 2.0, 9.0))
    across, upwards = _grid_axis(plot.x, left, right), _grid_axis(plot.y, base, top)
    picture.ticks(across, upwards)
    picture.text(((left + right) / 2.0, base + 36.0), plot.x.label, "label mid")
    picture.text((18.0, top - 12.0), plot.y.label, "label")
    for step in range(20):
        value = high - (high - low) * step / 19.0
        place = (right + 28.0, top + 8.0 * step)
        picture.box(place, (14.0, 8.0), "fl c0", strength=_strength(value, low, high))
    picture.text((right + 49.0, top + 11.0), typographic(number(high)))
    picture.text((right + 49.0, top + 158.0), typographic(number(low)))
    picture.text((right + 28.0, top + 178.0), plot.value_label, "label")
    return picture


def _grid_axis(axis: GridAxis, start: float, end: float) -> Axis:
    return axis_over([axis.low, axis.high], start, end, pad=0.0, count=6)


def _strength(value: float, low: float, high: float) -> float:
    return 0.14 + 0.86 * ((value - low) / (high - low) if high > low else 1.0)


def _draw_small_curves(plot: SmallCurves) -> Picture:
    picture = Picture(_CELL * -(-len(plot.curves) // _ACROSS))
    for at, curve in enumerate(plot.curves):
        _draw_small_curve(picture, curve, left=(at % _ACROSS) * WIDTH / _ACROSS, top=(at // _ACROSS) * _CELL)
    return picture


def _draw_small_curve(picture: Picture, curve: SmallCurve, *, left: float, top: float) -> None:
    right, base, crest = left + WIDTH / _ACROSS - 18.0, top + 74.0, top + 24.0
    x = axis_over([0.0, float(max(len(curve.values) - 1, 1))], left, right, pad=0.0)
    y = axis_over([0.0, 1.0], base, crest, pad=0.0)
    title = curve.title if len(curve.title) <= _TITLE else f"{curve.title[: _TITLE - 1]}…"
    picture.text((left, top + 15.0), title, "small")
    for level in (0.0, 1.0):
        picture.rule((left, y.at(level)), (right, y.at(level)), "grid")
    css = _css(curve.colour)
    picture.band([(x.at(at), y.at(low), y.at(high)) for at, (low, high) in enumerate(curve.band)], css)
    places = [(x.at(at), y.at(value)) for at, value in enumerate(curve.values)]
    picture.line([*places], css)
    picture.dots(places[-1:], css)
