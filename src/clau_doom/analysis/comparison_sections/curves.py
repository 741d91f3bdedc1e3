"""Learning curves of the compared conditions, over their runs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, cast

from clau_doom.analysis.charts import Marker, Panel, Series, XYPlot
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.document import Chart, Column, Section, Table
from clau_doom.analysis.run_curves import ConditionCurve, MeanPoint, RunCurve
from clau_doom.analysis.wording import measured_column, withheld
from clau_doom.statistics.intervals import Interval

__all__ = ["describe"]

_MeanOf = Callable[[MeanPoint], Interval | None]
_ValuesOf = Callable[[RunCurve], Sequence[float | None]]
_Point = TypeVar("_Point", bound=tuple[float | None, ...])

_CHAMPION = (
    "Mean over the runs of each condition: fitness on the validation seeds of the champion so far. "
    "This agent is chosen among the generations' best agents as the run chooses, but with half of the validation "
    "episodes. The other half measures it, so that luck does not raise the curve. The value is the mean of both "
    "directions. The run chooses with all validation episodes, so that its champion can be another agent."
)
_TRAINING = (
    "Mean over the runs of each condition: mean training fitness of the generation's agents. It describes the "
    "population and not its best agent."
)

_STEPS = "At each position, a run has the values of its last finished generation."
_BAND = "The band is the pointwise 95 % interval over runs by Student's t (1908)."


def describe(data: ComparisonData) -> Section:
    """Describe the champion so far and the training fitness of each condition."""
    fitness = data.comparison.fitness
    return Section(
        name="curves",
        title="Learning curves over runs",
        blocks=(
            _chart(
                data,
                name="curves",
                title="Champion so far, on validation seeds",
                caption=_CHAMPION,
                label=f"mean {fitness} on validation seeds",
                mean=lambda point: point.champion,
                values=lambda run: run.champion,
            ),
            _chart(
                data,
                name="training-curves",
                title="All agents of the generation, in training",
                caption=_TRAINING,
                label=f"mean {fitness} in training",
                mean=lambda point: point.training,
                values=lambda run: run.training,
            ),
        ),
        data={"curves": data.condition_curves},
    )


def _chart(
    data: ComparisonData,
    *,
    name: str,
    title: str,
    caption: str,
    label: str,
    mean: _MeanOf,
    values: _ValuesOf,
) -> Chart:
    curves = data.condition_curves
    reasons = withheld(found for curve in curves for point in curve.points if (found := mean(point)) is not None)
    series = [each for curve in curves for each in _series(data, curve, mean, values)]
    return Chart(
        name=name,
        title=title,
        caption=f"{caption} {_STEPS} {_BAND} {reasons}".strip(),
        marks="Thin: the runs of a condition that has no band." if any(each.thin for each in series) else "",
        alt="A curve for each condition; the table below has the numbers.",
        plot=XYPlot(
            label=data.axis.label, panels=(Panel(label=label, series=tuple(series), height=310.0, within=1.0),)
        ),
        table=_table(data, title, mean),
    )


def _series(data: ComparisonData, curve: ConditionCurve, mean: _MeanOf, values: _ValuesOf) -> Iterator[Series]:
    """Yield the runs, if they have no band, and the mean of a condition."""
    colour = condition_colour(curve.condition)
    drawn = _as_steps if _stepped(data) else _as_given
    found = [(float(point.x), mean(point)) for point in curve.points]
    band = tuple((x, each.low, each.high) for x, each in found if each is not None)
    if all(low is None for _, low, _ in band) and len(curve.runs) > 1:
        for run in curve.runs:
            xs = [float(data.axis.place(spent)) for spent in run.spent(curve.x)]
            yield Series(label="", points=drawn(zip(xs, values(run), strict=True)), colour=colour, thin=True)
    yield Series(
        label=data.label(curve.condition),
        points=drawn((x, None if each is None else each.mean) for x, each in found),
        colour=colour,
        marker=Marker.NONE,
        band=drawn(band),
        faint=True,
    )


def _stepped(data: ComparisonData) -> bool:
    """Return whether a condition has runs that differ in the ends of their generations."""
    return any(point.generation is None for curve in data.condition_curves for point in curve.points)


def _as_given(points: Iterable[_Point]) -> tuple[_Point, ...]:
    return tuple(points)


def _as_steps(points: Iterable[_Point]) -> tuple[_Point, ...]:
    """Return the corners of a step function: each value holds until the next position."""
    corners: list[_Point] = []
    for point in points:
        if corners:
            corners.append(cast("_Point", (point[0], *corners[-1][1:])))
        corners.append(point)
    return tuple(corners)


def _table(data: ComparisonData, title: str, mean: _MeanOf) -> Table:
    points = [(curve, point) for curve in data.condition_curves for point in curve.points]
    cells = measured_column([mean(point) for _, point in points])
    numbered = data.axis.counts_generations or all(point.generation is not None for _, point in points)
    return Table(
        title=f"{title}, means over runs with 95 % intervals",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            *([Column("generation")] if numbered else []),
            *([] if data.axis.counts_generations else [Column(data.axis.unit)]),
            Column("mean [95 %]"),
        ),
        rows=tuple(
            (
                data.label(curve.condition),
                len(curve.runs),
                *([point.generation] if numbered else []),
                *([] if data.axis.counts_generations else [point.x]),
                cell,
            )
            for (curve, point), cell in zip(points, cells, strict=True)
        ),
        note=_note(data),
        spread=True,
    )


def _note(data: ComparisonData) -> str:
    if all(len({run.spent(curve.x)[-1] for run in curve.runs}) == 1 for curve in data.condition_curves):
        return ""
    return "The means of a condition end where its first run ends."
