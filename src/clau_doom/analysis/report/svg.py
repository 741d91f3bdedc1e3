"""SVG charts: marks on a pair of axes, styled by CSS classes of the page.

A chart does not contain colours, fonts or ids. The page's style sheet defines the classes for light mode, dark mode and
print. Coordinates are in CSS pixels, rounded to a tenth, so that equal values give equal bytes on every machine.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from clau_doom.analysis.report.typographic_characters import typographic
from clau_doom.escaping import printable, printable_message
from clau_doom.number_format import tick_labels

__all__ = ["WIDTH", "Axis", "Picture", "axis_over", "finite", "sparkline"]

WIDTH = 720.0
"""Width of a chart in units. The page scales it."""

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """A linear scale from values to coordinates.

    Attributes:
        low: Value at the start.
        high: Value at the end.
        start: Coordinate of `low`.
        end: Coordinate of `high`.
        ticks: Labelled values.
        labels: Texts of the ticks.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def at(self, value: float) -> float:
        """Return the coordinate of a value. Values outside the axis are clipped."""
        part = (value - self.low) / (self.high - self.low)
        return self.start + min(max(part, 0.0), 1.0) * (self.end - self.start)


def finite(values: Iterable[float | None]) -> list[float]:
    """Return the finite values."""
    return [value for value in values if value is not None and math.isfinite(value)]


def axis_over(
    values: Iterable[float | None],
    start: float,
    end: float,
    *,
    count: int = 6,
    pad: float = 0.04,
    whole: bool = False,
    bounds: tuple[float | None, float | None] = (None, None),
) -> Axis:
    """Create an axis with round tick values.

    Args:
        values: Values that the axis must contain. Missing and infinite values are ignored.
        start: Coordinate of the lower end.
        end: Coordinate of the upper end.
        count: Approximate number of ticks.
        pad: Padding at each end, as a share of the range.
        whole: Whether the values are counts, so that ticks are whole numbers only.
        bounds: Fixed bounds of the axis. None: the range of the values.
    """
    held = finite(values) or [0.0]
    low, high = min(held), max(held)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        around = 0.5 if whole or 1e-3 <= abs(high) < 1e6 or high == 0.0 else 0.5 * abs(high)
        low, high = low - around, high + around
    reach = pad * (high - low)
    low = low - reach if bounds[0] is None else bounds[0]
    high = high + reach if bounds[1] is None else bounds[1]
    step = _step((high - low) / count)
    step = max(1.0, float(math.ceil(step))) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(index * step for index in range(first, last + 1))
    labels = tuple(map(typographic, tick_labels(ticks, step)))
    return Axis(low=low, high=high, start=start, end=end, ticks=ticks, labels=labels)


class Picture:
    """Builder of an SVG chart. CSS classes come from the page's style sheet."""

    def __init__(self, height: float, *, width: float = WIDTH) -> None:
        self._size = (width, height)
        self._parts: list[str] = []

    def frame(self, x: Axis, y: Axis, *, x_label: str = "", y_label: str = "") -> None:
        """Draw two axes: horizontal lines at the ticks of y, a base line, and labels."""
        left, right, base = x.start, x.end, y.start
        for value, label in zip(y.ticks, y.labels, strict=True):
            self.rule((left, y.at(value)), (right, y.at(value)), "grid")
            self.text((left - 8, y.at(value) + 4), label, "tick end")
        self.rule((left, base), (right, base), "base")
        for value, label in zip(x.ticks, x.labels, strict=True):
            self.text((x.at(value), base + 17), label, "tick mid")
        if x_label:
            self.text(((left + right) / 2, base + 35), x_label, "label mid")
        if y_label:
            self.text((max(left - 46, 2.0), y.end - 12), y_label, "label")

    def columns(self, x: Axis, top: float, base: float, *, x_label: str = "") -> None:
        """Draw the vertical grid lines of a chart with named rows."""
        for value, label in zip(x.ticks, x.labels, strict=True):
            self.rule((x.at(value), top), (x.at(value), base), "grid")
            self.text((x.at(value), base + 17), label, "tick mid")
        if x_label:
            self.text(((x.start + x.end) / 2, base + 36), x_label, "label mid")

    def ticks(self, x: Axis, y: Axis) -> None:
        """Draw the labels of two axes without lines."""
        for value, label in zip(x.ticks, x.labels, strict=True):
            self.text((x.at(value), y.start + 17.0), label, "tick mid")
        for value, label in zip(y.ticks, y.labels, strict=True):
            self.text((x.start - 8.0, y.at(value) + 4.0), label, "tick end")

    def line(self, points: Sequence[tuple[float, float | None]], css: str) -> None:
        """Draw a line through points. A missing y leaves a gap."""
        for part in _unbroken(points):
            self._parts.append(f'<path class="ln {css}" d="{_path(part)}"/>')

    def band(self, points: Sequence[tuple[float, float | None, float | None]], css: str) -> None:
        """Fill the area between two y values (x, low, high). A missing value leaves a gap."""
        lows = _unbroken([(x, None if high is None else low) for x, low, high in points])
        highs = _unbroken([(x, None if low is None else high) for x, low, high in points])
        for under, over in zip(lows, highs, strict=True):
            self._parts.append(f'<path class="bd {css}" d="{_path([*under, *reversed(over)])}Z"/>')

    def dots(self, points: Iterable[_Point], css: str, *, size: float = 6.0) -> None:
        """Draw round dots as one path of zero-length strokes, which is a tenth of the size of circles."""
        marks = "".join(f"M{_px(x)} {_px(y)}h.01" for x, y in points)
        if marks:
            self._parts.append(f'<path class="dt {css}" stroke-width="{_px(size)}" d="{marks}"/>')

    def ring(self, at: _Point, css: str, *, radius: float = 7.0) -> None:
        """Draw a ring around a point."""
        self._parts.append(f'<circle class="rg {css}" cx="{_px(at[0])}" cy="{_px(at[1])}" r="{_px(radius)}"/>')

    def arrow(self, at: _Point, css: str, *, upwards: bool) -> None:
        """Draw the head of an arrow whose tip is at a point."""
        height = 6 if upwards else -6
        place = (
            f"M{_px(at[0] - 4)} {_px(at[1] + height)}L{_px(at[0])} {_px(at[1])}L{_px(at[0] + 4)} {_px(at[1] + height)}"
        )
        self._parts.append(f'<path class="wk {css}" d="{place}" fill="none"/>')

    def rule(self, start: _Point, end: _Point, css: str) -> None:
        """Draw a straight line."""
        self._parts.append(f'<path class="{css}" d="{_path([start, end])}"/>')

    def box(self, corner: _Point, size: _Point, css: str, *, strength: float | None = None) -> None:
        """Fill a rectangle. Its opacity is `strength`."""
        faint = "" if strength is None else f' fill-opacity="{strength:.2f}"'
        place = f'x="{_px(corner[0])}" y="{_px(corner[1])}" width="{_px(size[0])}" height="{_px(size[1])}"'
        self._parts.append(f'<rect class="{css}" {place}{faint}/>')

    def whisker(self, axis: Axis, y: float, ends: tuple[float | None, float | None], value: float, css: str) -> None:
        """Draw a horizontal interval with its estimate."""
        low, high = ends
        if low is not None and high is not None:
            self._parts.append(f'<path class="wk {css}" d="{_path([(axis.at(low), y), (axis.at(high), y)])}"/>')
            for end in (low, high):
                self._parts.append(f'<path class="wk {css}" d="M{_px(axis.at(end))} {_px(y - 5)}v10"/>')
        self.dots([(axis.at(value), y)], css, size=7.5)

    def text(self, at: _Point, words: str, css: str = "tick") -> None:
        """Draw a text. The classes ``mid`` and ``end`` select the anchor of the text."""
        self._parts.append(f'<text class="{css}" x="{_px(at[0])}" y="{_px(at[1])}">{escape(printable(words))}</text>')

    def svg(self, alt: str) -> Markup:
        """Return the SVG of the chart.

        Args:
            alt: Description for readers who cannot see the chart.
        """
        width, height = (_px(value) for value in self._size)
        head = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(printable_message(alt))}">'
        return Markup(head + "".join(self._parts) + "</svg>")  # noqa: S704 - outside values are escaped above


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1.0 - 1e-9))


def sparkline(values: Sequence[float]) -> Markup:
    """Draw a small line without axes for a table cell."""
    x = axis_over([0.0, max(len(values) - 1.0, 1.0)], 2.0, 94.0, pad=0.0)
    y = axis_over(values, 16.0, 2.0, pad=0.0)
    path = _path([(x.at(float(at)), y.at(value)) for at, value in enumerate(values)])
    return Markup(f'<svg class="spark" viewBox="0 0 96 18" aria-hidden="true"><path class="ln c0" d="{path}"/></svg>')  # noqa: S704 - numbers only


def _unbroken(points: Sequence[tuple[float, float | None]]) -> list[list[_Point]]:
    """Split points at gaps into continuous stretches."""
    stretches: list[list[_Point]] = [[]]
    for x, y in points:
        if y is None or not math.isfinite(y):
            stretches.append([])
        else:
            stretches[-1].append((x, y))
    return [stretch for stretch in stretches if stretch]


def _path(points: Sequence[_Point]) -> str:
    return "M" + "L".join(f"{_px(x)} {_px(y)}" for x, y in points)


def _px(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
