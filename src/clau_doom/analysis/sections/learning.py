"""Learning curve over the generations, and trend of the last ones."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, Level, Marker, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Chart, Column, Paragraph, PValue, Section, Table
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.learning import LearningCurve, Plateau, Verdict, fit_learning_curve, judge_plateau
from clau_doom.analysis.result_tables import GenerationRow
from clau_doom.analysis.sections import generations
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import measured
from clau_doom.number_format import fixed, number, p_relation
from clau_doom.statistics.interval_format import interval

__all__ = ["TITLE", "curve_of", "describe", "plateau_of"]

TITLE = "Learning curve and plateau"

_STEPS = 120  # of the drawn curve
_VERDICTS = {
    Verdict.RISING: "fitness was still rising: more generations may increase it further",
    Verdict.FALLING: "fitness was falling",
    Verdict.PLATEAU: "fitness had reached a plateau: there is no trend, and a relevant one is ruled out",
    Verdict.UNDECIDED: "the trend is undecided: there is no significant trend, and none is ruled out",
}


def curve_of(data: ExperimentData) -> LearningCurve | Unavailable:
    """Fit a learning curve to the means of the generations."""
    return fit_learning_curve(*_means(data))


def plateau_of(data: ExperimentData) -> Plateau | Unavailable:
    """Test the trend of the last generations."""
    return judge_plateau(*_means(data))


def _means(data: ExperimentData) -> tuple[list[float], list[float]]:
    rows = [[each.fitness for each in row if each.fitness is not None] for row in data.finished_generations]
    fitted = [(index, sum(row) / len(row)) for index, row in enumerate(rows) if row]
    return [float(index) for index, _ in fitted], [mean for _, mean in fitted]


def describe(data: ExperimentData) -> Section:
    """Describe the learning curve and the plateau."""
    curve, plateau = data.result(curve_of), data.result(plateau_of)
    blocks: list[Block] = [curve] if isinstance(curve, Unavailable) else [_chart(data, curve)]
    summary: tuple[str, ...] = ()
    if isinstance(plateau, Unavailable):
        blocks.append(plateau)
    else:
        sentence = _plateau_sentence(plateau, len(data.finished_generations) - 1)
        blocks += [Paragraph(text=sentence), _plateau_table(plateau)]
        summary = (sentence,)
    return Section(
        name="learning",
        title=TITLE,
        blocks=tuple(blocks),
        summary=summary,
        data={"learning_curve": curve, "plateau": plateau},
    )


def _plateau_sentence(plateau: Plateau, last: int) -> str:
    test = f"Mann-Kendall S = {plateau.trend.s}, {p_relation(plateau.trend.p)}"
    slope = f"Sen's slope {interval(plateau.slope)} per generation"
    return f"Over generations {plateau.since} to {last}, {_VERDICTS[plateau.verdict]} ({slope}; {test})."


def _chart(data: ExperimentData, curve: LearningCurve) -> Chart:
    rows = [row for row in data.result(generations.rows_of) if row.mean]
    return Chart(
        name="learning",
        title="Asymptotic regression",
        caption=(
            f"Least-squares fit of {curve.model} to the means of n = {curve.n} generations. Fitness tends to "
            f"{interval(curve.asymptote)}, from {interval(curve.start)} with tau = "
            f"{interval(curve.tau)} generations; R² = {fixed(curve.r_squared, 2)}. Intervals are those of the "
            "linearised model. Successive generations are related, so that the intervals are rather too narrow than "
            f"too wide. Seed {data.seed}."
        ),
        alt="Means of the generations with the fitted curve and its asymptote; the table below has the numbers.",
        plot=XYPlot(label="generation", panels=(_panel(data, rows, curve),)),
        table=_curve_table(rows, curve),
    )


def _panel(data: ExperimentData, rows: Sequence[GenerationRow], curve: LearningCurve) -> Panel:
    first, last = rows[0].index, rows[-1].index
    grid = [first + (last - first) * at / _STEPS for at in range(_STEPS + 1)]
    asymptote = curve.asymptote
    return Panel(
        label=f"mean {data.fitness_name}",
        series=(
            Series(
                label="",
                points=(),
                colour=Colour.BLUE,
                line=False,
                band=tuple((float(at), asymptote.low, asymptote.high) for at in (first, last)),
                band_label="95 % interval of the asymptote",
            ),
            Series(label="fitted curve", points=tuple((at, curve.at(at)) for at in grid), colour=Colour.RED),
            Series(
                label="mean of the generation",
                points=tuple((row.index, row.mean.mean if row.mean else None) for row in rows),
                colour=Colour.TEXT,
                line=False,
                marker=Marker.DOT,
            ),
        ),
        levels=(Level(label="asymptote", value=asymptote.value, colour=Colour.BLUE),),
        within=1.0,
    )


def _curve_table(rows: Sequence[GenerationRow], curve: LearningCurve) -> Table:
    return Table(
        title="Means and fitted values",
        columns=(Column("generation"), Column("mean"), Column("fitted"), Column("residual")),
        rows=tuple(
            (row.index, row.mean.mean, curve.at(float(row.index)), row.mean.mean - curve.at(float(row.index)))
            for row in rows
            if row.mean
        ),
        note=f"Standard deviation of the residuals: {number(curve.residual)}.",
        spread=True,
    )


def _plateau_table(plateau: Plateau) -> Table:
    return Table(
        title="Trend of the last generations",
        columns=(
            Column("verdict", text=True),
            Column("since generation"),
            Column("n"),
            Column("Sen's slope [95 %]"),
            Column("S"),
            Column("z"),
            Column("p"),
            Column("gain before"),
        ),
        rows=(
            (
                plateau.verdict.value,
                plateau.since,
                plateau.trend.n,
                measured(plateau.slope),
                plateau.trend.s,
                plateau.trend.z,
                PValue(plateau.trend.p),
                plateau.gain,
            ),
        ),
        note=(
            "Rising or falling: p < 0.05. Plateau: no trend, and the upper end of the slope would add less than a "
            "tenth of the gain before. Undecided: neither."
        ),
    )
