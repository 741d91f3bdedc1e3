"""SVG drawings of critical-difference diagrams (Demšar, Journal of Machine Learning Research 7, 2006, figure 1)."""

from clau_doom.analysis.charts import Colour, RankPlot, RankRow
from clau_doom.analysis.report.svg import WIDTH, Axis, Picture
from clau_doom.analysis.report.typographic_characters import typographic
from clau_doom.number_format import number

__all__ = ["draw_ranks"]

_LEFT, _RIGHT = 190.0, WIDTH - 190.0  # the axis, between the names
_AXIS, _BAR, _ROW = 58.0, 9.0, 24.0  # height of the axis, distance of bars, distance of names
_SHORT = 26  # characters of a name that fit


def draw_ranks(plot: RankPlot) -> Picture:
    """Draw an axis of ranks, the critical difference above it, and below it a bar for each group and the methods.

    The better half of the methods is named on the left, the other on the right.
    """
    last = max(len(plot.rows), 2)
    ranks = range(1, last + 1)
    x = Axis(
        low=1.0,
        high=last,
        start=_LEFT,
        end=_RIGHT,
        ticks=tuple(map(float, ranks)),
        labels=tuple(map(str, ranks)),
    )
    half = (len(plot.rows) + 1) // 2
    top = _AXIS + 10.0 + _BAR * len(plot.groups)
    picture = Picture(top + 14.0 + _ROW * half + 26.0)
    _draw_axis(picture, x, plot)
    for at, row in enumerate(plot.rows):
        place = at if at < half else len(plot.rows) - 1 - at
        _draw_method(picture, x, row, top + 14.0 + _ROW * place, left=at < half)
    for at, (first, end) in enumerate(plot.groups):
        y = _AXIS + 10.0 + _BAR * at
        ends = [(x.at(plot.rows[first].rank) - 3.0, y), (x.at(plot.rows[end].rank) + 3.0, y)]
        picture.line([*ends], f"bar c{Colour.RED.value}")
    picture.text(((_LEFT + _RIGHT) / 2.0, top + 14.0 + _ROW * half + 18.0), plot.label, "label mid")
    return picture


def _draw_axis(picture: Picture, x: Axis, plot: RankPlot) -> None:
    picture.rule((x.start, _AXIS), (x.end, _AXIS), "ln thin c8")
    for tick, label in zip(x.ticks, x.labels, strict=True):
        picture.rule((x.at(tick), _AXIS - 5.0), (x.at(tick), _AXIS), "ln thin c8")
        picture.text((x.at(tick), _AXIS - 10.0), label, "tick mid")
    end = min(1.0 + plot.difference, x.high)
    picture.rule((x.start, 16.0), (x.at(end), 16.0), "ln thin c9")
    for at in (x.start, x.at(end)):
        picture.rule((at, 11.0), (at, 21.0), "ln thin c9")
    picture.text((x.at(end) + 10.0, 20.0), typographic(f"critical difference {number(plot.difference)}"), "tick")


def _draw_method(picture: Picture, x: Axis, row: RankRow, y: float, *, left: bool) -> None:
    at, edge = x.at(row.rank), _LEFT - 8.0 if left else _RIGHT + 8.0
    picture.line([(at, _AXIS), (at, y), (edge, y)], "thin c9")
    picture.dots([(at, _AXIS)], f"c{Colour.RED.value}")
    name = row.label if len(row.label) <= _SHORT else f"{row.label[: _SHORT - 1]}…"
    text = typographic(f"{name}  {row.text}")
    picture.text((edge - 4.0 if left else edge + 4.0, y + 4.0), text, "name end" if left else "name")
