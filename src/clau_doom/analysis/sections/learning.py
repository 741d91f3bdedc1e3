"""Learning curve over the generations, and its state at the last one."""

from collections.abc import Sequence

import numpy as np

from clau_doom.analysis.charts import Colour, Level, Marker, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Chart, Column, Paragraph, Section, Table
from clau_doom.analysis.evolution_axis import EvolutionAxis, totals_of
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.learning import LearningCurve, Verdict, fit_learning_curve
from clau_doom.analysis.result_tables import GenerationRow
from clau_doom.analysis.sections import generations
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.number_format import fixed, number, percent_with_interval
from clau_doom.statistics.interval_format import interval

__all__ = ["TITLE", "curve_of", "describe"]

TITLE = "Learning curve"

_STEPS = 120  # of the drawn curve
_STATES = {
    Verdict.RISING: "was still rising",
    Verdict.FALLING: "was still falling",
    Verdict.LEVELLED: "had levelled off",
}


def curve_of(data: ExperimentData) -> LearningCurve | Unavailable:
    """Fit a learning curve to the means of the generations."""
    rows = [[each.fitness for each in row if each.fitness is not None] for row in data.finished_generations]
    fitted = [(index, sum(row) / len(row)) for index, row in enumerate(rows) if row]
    return fit_learning_curve([float(index) for index, _ in fitted], [mean for _, mean in fitted])


def describe(data: ExperimentData) -> Section:
    """Describe the learning curve, and its state at the last generation."""
    curve = data.result(curve_of)
    blocks: list[Block] = [curve] if isinstance(curve, Unavailable) else [_chart(data, curve)]
    summary: tuple[str, ...] = ()
    if isinstance(curve, LearningCurve):
        sentence = _sentence(curve, len(data.finished_generations) - 1)
        blocks.append(Paragraph(text=sentence))
        summary = () if curve.verdict is Verdict.UNDECIDED else (sentence,)
    return Section(name="learning", title=TITLE, blocks=tuple(blocks), summary=summary, data={"learning_curve": curve})


def _sentence(curve: LearningCurve, last: int) -> str:
    left = curve.remaining
    share = percent_with_interval(left.value, left.low, left.high)
    if curve.verdict is Verdict.UNDECIDED:
        return (
            f"The data do not show whether the learning curve had levelled off at generation {last}: the share of its "
            f"change that was still to come is {share}."
        )
    return (
        f"At generation {last}, the learning curve of this run {_STATES[curve.verdict]}: {share} of its change from "
        "generation 0 to its asymptote was still to come."
    )


def _chart(data: ExperimentData, curve: LearningCurve) -> Chart:
    rows = [row for row in data.result(generations.rows_of) if row.mean]
    axis = data.axis()
    return Chart(
        name="learning",
        title="Asymptotic regression",
        caption=_caption(data, curve),
        alt="Means of the generations with the fitted curve and its asymptote; the table below has the numbers.",
        plot=XYPlot(label=axis.label, panels=(_panel(data, rows, curve),)),
        table=_curve_table(rows, curve, axis, totals_of(data.stored.snapshot, axis.unit)),
    )


def _caption(data: ExperimentData, curve: LearningCurve) -> str:
    limits = "The best curve is a straight line, so that no asymptote is determined"
    if curve.asymptote is not None:
        withheld = f" (no interval: {curve.asymptote.reason})" if curve.asymptote.reason else ""
        limits = f"Its asymptote is {interval(curve.asymptote)}{withheld}, its tau {interval(curve.tau)} generations"
    return (
        f"Fit of {curve.model} to the means of n = {curve.n} generations. {limits}; R² = {fixed(curve.r_squared, 2)}. "
        "The intervals are of 95 %, by the profile of the squares. They allow for residuals of successive generations "
        f"with a correlation of {fixed(curve.correlation, 2)}. The curve describes one run and assumes that fitness "
        f"follows this formula. Seed {data.seed}."
    )


def _panel(data: ExperimentData, rows: Sequence[GenerationRow], curve: LearningCurve) -> Panel:
    places = data.axis().places(data.stored.snapshot)
    first, last = rows[0].index, rows[-1].index
    grid = np.linspace(first, last, _STEPS + 1)
    # The model is in generations. Between their ends, the axis is linear.
    xs = np.interp(grid, range(len(places)), places)
    asymptote = curve.asymptote
    band: tuple[Series, ...] = ()
    if asymptote is not None and asymptote.low is not None:
        band = (
            Series(
                label="",
                points=(),
                colour=Colour.BLUE,
                line=False,
                band=tuple((float(places[at]), asymptote.low, asymptote.high) for at in (first, last)),
                band_label="95 % interval of the asymptote",
            ),
        )
    return Panel(
        label=f"mean {data.fitness_name}",
        series=(
            *band,
            Series(
                label="fitted curve",
                points=tuple((x, curve.at(at)) for x, at in zip(xs.tolist(), grid.tolist(), strict=True)),
                colour=Colour.RED,
            ),
            Series(
                label="mean of the generation",
                points=tuple((places[row.index], row.mean.mean if row.mean else None) for row in rows),
                colour=Colour.TEXT,
                line=False,
                marker=Marker.DOT,
            ),
        ),
        levels=(Level(label="asymptote", value=asymptote.value, colour=Colour.BLUE),) if band and asymptote else (),
        within=1.0,
    )


def _curve_table(
    rows: Sequence[GenerationRow], curve: LearningCurve, axis: EvolutionAxis, totals: Sequence[int]
) -> Table:
    further = [] if axis.counts_generations else [Column(axis.unit)]
    return Table(
        title="Means and fitted values",
        columns=(Column("generation"), *further, Column("mean"), Column("fitted"), Column("residual")),
        rows=tuple(
            (
                row.index,
                *([totals[row.index]] if further else []),
                row.mean.mean,
                curve.at(float(row.index)),
                row.mean.mean - curve.at(float(row.index)),
            )
            for row in rows
            if row.mean
        ),
        note=f"Standard deviation of the residuals: {number(curve.residual)}.",
        spread=True,
    )
