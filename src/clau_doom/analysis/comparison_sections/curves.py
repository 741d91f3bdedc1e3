"""Learning curves of the compared conditions, over their runs."""

from collections.abc import Callable, Iterator, Sequence

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

_CHAMPION = (
    "Mean over the runs of each condition, at each generation: fitness on the validation seeds of the champion so far. "
    "This agent is chosen among the generations' best agents as the run chooses, but with half of the validation "
    "episodes. The other half measures it, so that luck does not raise the curve. The value is the mean of both "
    "directions. The run chooses with all validation episodes, so that its champion can be another agent."
)
_TRAINING = (
    "Mean over the runs of each condition, at each generation: mean training fitness of the generation's agents. It "
    "describes the population and not its best agent."
)

_BAND = "The band is the pointwise 95 % interval over runs by Student's t (1908)."


def describe(data: ComparisonData) -> Section:
    """Describe the champion so far and the training fitness of each condition by training episodes."""
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
    series = [each for curve in curves for each in _series(curve, data.label(curve.condition), mean, values)]
    return Chart(
        name=name,
        title=title,
        caption=f"{caption} {_BAND} {reasons}".strip(),
        marks="Thin: the runs of a condition that has no band." if any(each.thin for each in series) else "",
        alt="A curve for each condition; the table below has the numbers.",
        plot=XYPlot(
            label="training episodes", panels=(Panel(label=label, series=tuple(series), height=310.0, within=1.0),)
        ),
        table=_table(data, title, mean),
    )


def _series(curve: ConditionCurve, label: str, mean: _MeanOf, values: _ValuesOf) -> Iterator[Series]:
    """Yield the runs, if they have no band, and the mean of a condition."""
    colour = condition_colour(curve.condition)
    found = [(point.episodes, mean(point)) for point in curve.points]
    band = tuple((x, each.low, each.high) for x, each in found if each is not None)
    if all(low is None for _, low, _ in band) and len(curve.runs) > 1:
        for run in curve.runs:
            points = tuple(zip(map(float, run.episodes), values(run), strict=True))
            yield Series(label="", points=points, colour=colour, thin=True)
    yield Series(
        label=label,
        points=tuple((x, None if each is None else each.mean) for x, each in found),
        colour=colour,
        marker=Marker.NONE,
        band=band,
        faint=True,
    )


def _table(data: ComparisonData, title: str, mean: _MeanOf) -> Table:
    curves = data.condition_curves
    longer = [curve for curve in curves if max(len(run.episodes) for run in curve.runs) > len(curve.points)]
    points = [(curve, point) for curve in curves for point in curve.points]
    cells = measured_column([mean(point) for _, point in points])
    return Table(
        title=f"{title}, means over runs with 95 % intervals",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            Column("generation"),
            Column("episodes"),
            Column("mean [95 %]"),
        ),
        rows=tuple(
            (
                data.label(curve.condition),
                len(curve.runs),
                point.generation,
                round(point.episodes),
                cell,
            )
            for (curve, point), cell in zip(points, cells, strict=True)
        ),
        note="Generations that a run of the condition has not finished are left out." if longer else "",
        spread=True,
    )
