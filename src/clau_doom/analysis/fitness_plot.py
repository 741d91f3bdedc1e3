"""Plot of the training fitness of the generations with the held-out results.

This module uses matplotlib's objects instead of pyplot, which has global figures and a global backend. The file does
not contain a date, so that equal values give equal bytes.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from clau_doom.analysis.result_tables import GenerationRow, ResultRow
from clau_doom.escaping import printable
from clau_doom.number_format import number_in_interval

__all__ = ["FORMATS", "FitnessFigure", "fitness_figure"]

FORMATS = ("png", "svg")
"""File formats of `FitnessFigure.write`, by suffix."""

_INK, _FAINT, _GRID, _PANEL = "#1f2430", "#6b7280", "#e5e7eb", "#f6f6f7"
_EVOLVED = "#b3261e"
_ROLES = {"champion": _EVOLVED, "generation 0": "#b7791f", "random": "#4b5563"}
_SHORT = {"generation 0": "best of\ngeneration 0", "random": "random\nplay"}
_DPI = 160
_NOTEBOOK_DPI = 100
_MARKED = 60  # with more generations, dots would hide the line


class FitnessFigure(Figure):
    """A matplotlib figure that notebooks show as an image, and that is not registered with pyplot."""

    def write(self, path: Path) -> None:
        """Write the figure to a file.

        Args:
            path: Path of the file. The suffix, one of `FORMATS`, decides the format.

        Raises:
            ValueError: The suffix is not one of `FORMATS`.
            OSError: The file cannot be written.
        """
        kind = path.suffix.removeprefix(".").lower()
        if kind not in FORMATS:
            raise ValueError(f"{str(path)!r} is not a {' or '.join(f'.{form}' for form in FORMATS)} file")
        with _style():
            # A date would make files of equal figures differ. PNG files have a date only on request.
            self.savefig(path, format=kind, dpi=_DPI, metadata={"Date": None} if kind == "svg" else None)

    def _repr_png_(self) -> bytes:
        """Return the image that Jupyter shows."""
        image = BytesIO()
        with _style():
            self.savefig(image, format="png", dpi=_NOTEBOOK_DPI)
        return image.getvalue()


def fitness_figure(
    generations: Sequence[GenerationRow],
    results: Sequence[ResultRow] = (),
    *,
    places: Sequence[int] = (),
    axis: str = "generation",
    title: str,
    subtitle: str = "",
    fitness: str = "fitness",
) -> FitnessFigure:
    """Draw the training fitness of the generations and the held-out results.

    Args:
        generations: Generations to draw. A generation without any fitness leaves a gap.
        results: Held-out results, drawn as levels with intervals.
        places: Position of each generation on the horizontal axis. Empty: its number.
        axis: Label of the horizontal axis.
        title: Title of the figure.
        subtitle: Line below the title.
        fitness: Label of the vertical axis.

    Raises:
        ValueError: All generations lack a fitness.
    """
    if not any(row.best is not None for row in generations):
        raise ValueError("no generation has a fitness yet")
    xs = list(places) or [row.index for row in generations]
    with _style():
        figure = FitnessFigure(figsize=(9.0, 4.9), facecolor="white")
        curve, levels = _panels(figure, results)
        _draw_generations(curve, xs, generations)
        for row in results:
            colour, mean = _ROLES[row.role], row.fitness.mean
            curve.axhline(mean, color=colour, linewidth=1.0, linestyle=(0, (5, 4)), alpha=0.75, zorder=1)
        _draw_levels(levels, results)
        _set_axes(curve, xs, axis=axis, fitness=fitness)
        _set_titles(figure, title=title, subtitle=subtitle)
    return figure


def _style() -> AbstractContextManager[None]:
    """Return a context with the font size of the figure, and with reproducible ids of SVG elements."""
    return mpl.rc_context({"font.size": 11, "svg.hashsalt": "clau-doom"})


def _panels(figure: Figure, results: Sequence[ResultRow]) -> tuple[Axes, Axes]:
    """Create the axes of the curve and, with the same vertical axis, the axes of the held-out results."""
    ratios = (1.0, 0.05 + 0.105 * len(results))
    left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": ratios, "wspace": 0.03})
    figure.subplots_adjust(left=0.09, right=0.985 if results else 1.04, top=0.775, bottom=0.115)
    right.set_visible(bool(results))
    for axes in (left, right):
        axes.grid(axis="y", color=_GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0, pad=6, colors=_FAINT)
        axes.spines["bottom"].set_color(_FAINT)
    right.set_facecolor(_PANEL)
    return left, right


def _draw_generations(axes: Axes, xs: Sequence[int], rows: Sequence[GenerationRow]) -> None:
    marker = "o" if len(rows) <= _MARKED else None
    means = [row.mean for row in rows]
    axes.fill_between(
        xs,
        [_or_gap(mean.low if mean else None) for mean in means],
        [_or_gap(mean.high if mean else None) for mean in means],
        color=_EVOLVED,
        alpha=0.18,
        linewidth=0,
        label="95 % interval of the mean over agents",
    )
    centres = [_or_gap(mean.mean if mean else None) for mean in means]
    axes.plot(xs, centres, color=_EVOLVED, linewidth=2.4, marker=marker, markersize=3.5, label="mean of the generation")
    best = [_or_gap(row.best_fitness) for row in rows]
    # The best agent was selected by the drawn fitness, which is therefore biased upwards.
    axes.plot(xs, best, color=_INK, linewidth=1.2, marker=marker, markersize=3.5, label="best agent, biased upwards")


def _draw_levels(axes: Axes, results: Sequence[ResultRow]) -> None:
    for place, row in enumerate(results):
        colour, interval = _ROLES[row.role], row.fitness
        if interval.low is not None and interval.high is not None:
            axes.vlines(place, interval.low, interval.high, color=colour, linewidth=1.8)
            axes.hlines((interval.low, interval.high), place - 0.14, place + 0.14, color=colour, linewidth=1.8)
        axes.plot([place], [interval.mean], color=colour, marker="o", markersize=6)
        top = interval.mean if interval.high is None else interval.high
        text = number_in_interval(interval.mean, interval.low, interval.high)
        label = axes.annotate(text, (place, top), xytext=(0, 6), textcoords="offset points")
        label.set(color=colour, fontweight="bold", ha="center", fontsize=10.5)
    axes.set_xlim(-0.6, max(len(results), 1) - 0.4)
    axes.set_xticks(range(len(results)), [_SHORT.get(row.role, row.role) for row in results], fontsize=8.5)
    axes.set_title("on held-out seeds", fontsize=9.5, color=_FAINT)


def _set_axes(axes: Axes, xs: Sequence[int], *, axis: str, fitness: str) -> None:
    axes.set_xlabel(axis, color=_FAINT)
    axes.set_ylabel(printable(fitness), color=_FAINT, parse_math=False)
    axes.set_title("in training", fontsize=9.5, color=_FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.margins(y=0.12)
    # Half of the distance between two generations, so that the first and the last marker are not cut off.
    margin = (xs[-1] - xs[0]) / (len(xs) - 1) / 2 if len(xs) > 1 else 0.5
    axes.set_xlim(xs[0] - margin, xs[-1] + margin)


def _set_titles(figure: Figure, *, title: str, subtitle: str) -> None:
    # Names may contain dollar signs, which do not mark formulas.
    figure.text(0.015, 0.945, printable(title), fontsize=15, fontweight="bold", color=_INK, parse_math=False)
    figure.text(0.015, 0.897, printable(subtitle), fontsize=10, color=_FAINT, parse_math=False)
    figure.legend(
        frameon=False, loc="upper left", bbox_to_anchor=(0.003, 0.885), ncols=3, fontsize=9.5, labelcolor=_INK
    )


def _or_gap(value: float | None) -> float:
    return float("nan") if value is None else value
