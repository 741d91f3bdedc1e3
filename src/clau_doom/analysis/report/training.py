"""Sections about training: fitness by generation, learning curve, control charts and diversity."""

from collections.abc import Sequence

from clau_doom.analysis.control_charts import ChartPoint, ControlChart
from clau_doom.analysis.experiment_analysis import ExperimentAnalysis
from clau_doom.analysis.genome_encoding import Diversity
from clau_doom.analysis.held_out_results import ROLE_NAMES
from clau_doom.analysis.learning import LearningCurve, Plateau, Verdict
from clau_doom.analysis.racing import racing_sentence
from clau_doom.analysis.report.document import Block, Figure, Key, Paragraph, Section, Table, gap
from clau_doom.analysis.report.svg import WIDTH, Axis, Picture, axis_over
from clau_doom.analysis.report.typography import NONE, chance, count, interval, number, p_equals, place, runs, short
from clau_doom.analysis.summary import GenerationRow, ResultRow
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain.experiment import RaceTally

__all__ = ["charts_section", "diversity_section", "fitness_section", "learning_section", "plateau_sentence"]

COLOURS = {"champion": "c0", "generation 0": "c2", "random": "c9"}
"""CSS classes of the roles' colours."""

_LEFT, _RIGHT, _TOP = 52.0, WIDTH - 12.0, 26.0
_MARKED = 60  # with more generations, dots would hide the line


def fitness_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with fitness by generation."""
    rows = analysis.generations
    blocks: list[Block] = []
    if any(row.mean for row in rows):
        blocks = [_fitness_figure(analysis, rows)]
    else:
        blocks = [gap(Unavailable(missing="no generation is finished with a fitness yet: there is no curve to draw"))]
    if isinstance(analysis.racing, RaceTally):
        sentence = racing_sentence(analysis.racing)
        blocks.append(Paragraph(text=f"{sentence[0].upper()}{sentence[1:]}."))
    return Section(anchor="fitness", title="Fitness through the generations", blocks=tuple(blocks))


def _fitness_figure(analysis: ExperimentAnalysis, rows: Sequence[GenerationRow]) -> Figure:
    levels = analysis.results.rows if analysis.results else ()
    heights: list[float | None] = [row.best_fitness for row in rows]
    heights += [end for row in rows if row.mean for end in (row.mean.low, row.mean.high, row.mean.mean)]
    heights += [level.fitness.mean for level in levels]
    x, y = generations_axis(rows), axis_over(heights, 316.0, _TOP)
    picture = Picture(360.0)
    picture.frame(x, y, x_label="generation", y_label=analysis.fitness)
    for level in levels:
        at = y.at(level.fitness.mean)
        picture.rule((x.start, at), (x.end, at), f"hl {COLOURS.get(level.role, 'c9')}")
    _draw_means(picture, x, y, rows, "c0")
    best = [(x.at(row.index), None if row.best_fitness is None else y.at(row.best_fitness)) for row in rows]
    picture.line(best, "c8 thin")
    if len(rows) <= _MARKED:
        picture.dots([(at, height) for at, height in best if height is not None], "c8", size=4.5)
    return Figure(
        anchor="fig-fitness",
        title="Fitness in training",
        caption=_fitness_caption(analysis, rows),
        alt=f"Mean and best fitness of {count(len(rows), 'generation')}; the numbers are in the table below.",
        picture=picture.svg("Fitness through the generations"),
        table=_generations_table(rows),
        keys=(
            Key(mark="line", colour="c0", label="mean of the generation"),
            Key(mark="band", colour="c0", label="its 95 % interval"),
            Key(mark="line", colour="c8", label="best agent"),
            *(_level_key(level) for level in levels),
        ),
    )


def generations_axis(rows: Sequence[GenerationRow], right: float = _RIGHT) -> Axis:
    """Return the horizontal axis of generations."""
    return axis_over([float(row.index) for row in rows], _LEFT, right, count=10, whole=True, pad=0.02)


def _draw_means(picture: Picture, x: Axis, y: Axis, rows: Sequence[GenerationRow], colour: str) -> None:
    picture.band([(x.at(row.index), *_ends(y, row)) for row in rows], colour)
    means = [(x.at(row.index), y.at(row.mean.mean) if row.mean else None) for row in rows]
    picture.line(means, colour)
    if len(rows) <= _MARKED:
        picture.dots([(at, height) for at, height in means if height is not None], colour)


def _ends(y: Axis, row: GenerationRow) -> tuple[float | None, float | None]:
    if row.mean is None or row.mean.low is None or row.mean.high is None:
        return None, None
    return y.at(row.mean.low), y.at(row.mean.high)


def _level_key(level: ResultRow) -> Key:
    return Key(
        mark="dash", colour=COLOURS.get(level.role, "c9"), label=f"held out: {ROLE_NAMES.get(level.role, level.role)}"
    )


def _fitness_caption(analysis: ExperimentAnalysis, rows: Sequence[GenerationRow]) -> str:
    agents = [row.agents for row in rows]
    each = f"{min(agents)} to {max(agents)}" if min(agents) < max(agents) else f"{agents[0]}"
    text = (
        f"Mean fitness ({analysis.fitness}) of the agents of each generation with Student's t interval over its agents "
        f"(n = {each}), and the best agent's. The best is picked for being high, luck included: it promises too much."
    )
    if analysis.results:
        levels = analysis.results.rows
        text += f" Dashed: means on held-out seeds (n = {levels[0].fitness.n} episodes), which nothing was chosen on."
    return f"{text} Experiment seed {analysis.seed}."


def _generations_table(rows: Sequence[GenerationRow]) -> Table:
    return Table(
        title="Fitness by generation",
        columns=(
            "generation",
            "agents",
            "failed",
            "mean",
            "95 % interval",
            "best",
            "best: 95 %",
            "worst",
            "best agent",
        ),
        rows=tuple(
            (
                str(row.index),
                str(row.agents),
                str(row.failed),
                number(row.mean.mean if row.mean else None),
                interval(row.mean).partition(" ")[2] or NONE,
                number(row.best_fitness),
                interval(row.best_interval).partition(" ")[2] or NONE,
                number(row.worst_fitness),
                place(row.best) if row.best else NONE,
            )
            for row in rows
        ),
        words=(8,),
        note="The interval of the best agent is over its few episodes, and luck helped to choose it.",
    )


def learning_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the learning curve and the trend of the last generations."""
    blocks: list[Block] = []
    if isinstance(analysis.curve, Unavailable):
        blocks.append(gap(analysis.curve))
    else:
        blocks.append(_curve_figure(analysis, analysis.curve))
    if isinstance(analysis.plateau, Unavailable):
        blocks.append(gap(analysis.plateau))
    else:
        blocks.append(Paragraph(text=plateau_sentence(analysis.plateau, len(analysis.generations) - 1)))
        blocks.append(_plateau_table(analysis.plateau))
    return Section(anchor="learning", title="Learning curve and plateau", blocks=tuple(blocks))


def plateau_sentence(plateau: Plateau, last: int) -> str:
    """Describe the trend of the last generations in a sentence."""
    said = {
        Verdict.RISING: "fitness was still rising: more generations may gain more",
        Verdict.FALLING: "fitness was falling",
        Verdict.PLATEAU: "fitness had reached a plateau: no trend is found, and none of a size that matters is left",
        Verdict.UNDECIDED: "it is undecided whether fitness still rose: no trend is found, and none is ruled out",
    }[plateau.verdict]
    slope = interval(plateau.slope)
    test = f"Mann–Kendall S = {plateau.trend.s}, {p_equals(plateau.trend.p)}"  # noqa: RUF001 - two names
    return f"Over generations {plateau.since} to {last} {said} (Sen's slope {slope} a generation; {test})."


def _curve_figure(analysis: ExperimentAnalysis, curve: LearningCurve) -> Figure:
    rows = [row for row in analysis.generations if row.mean]
    fitted = [(row.index, curve.at(float(row.index))) for row in rows]
    ends = (curve.asymptote.low, curve.asymptote.high)
    heights = [row.mean.mean for row in rows if row.mean] + [height for _, height in fitted]
    span = max(heights) - min(heights)
    # A much wider interval would flatten the data. Ends beyond twice the span of the data are not shown.
    shown = [end for end in ends if end is not None and min(heights) - span <= end <= max(heights) + span]
    x, y = generations_axis(analysis.generations), axis_over([*heights, curve.asymptote.value, *shown], 276.0, _TOP)
    picture = Picture(320.0)
    picture.frame(x, y, x_label="generation", y_label=f"mean {analysis.fitness}")
    if ends[0] is not None and ends[1] is not None:
        low, high = y.at(ends[0]), y.at(ends[1])
        picture.band([(x.start, low, high), (x.end, low, high)], "c1")
    picture.rule((x.start, y.at(curve.asymptote.value)), (x.end, y.at(curve.asymptote.value)), "hl c1")
    steps = 120
    grid = [rows[0].index + (rows[-1].index - rows[0].index) * at / steps for at in range(steps + 1)]
    picture.line([(x.at(at), y.at(curve.at(at))) for at in grid], "c0")
    picture.dots([(x.at(row.index), y.at(row.mean.mean)) for row in rows if row.mean], "c8")
    return Figure(
        anchor="fig-learning",
        title="Asymptotic regression",
        caption=(
            f"Generations' means and the curve {curve.model} by least squares over n = {curve.n} generations: fitness "
            f"tends to {interval(curve.asymptote)} and covers all but 1/e of the way in {interval(curve.tau)} "
            f"generations; R² = {short(curve.r_squared, 2)}. Intervals are of the linearised model; generations "
            f"descend from each other, so that they are too narrow rather than too wide. Seed {analysis.seed}."
        ),
        alt="The generations' means with the fitted curve and its asymptote; the numbers are in the table below.",
        picture=picture.svg("Asymptotic regression through the generations' means"),
        table=_curve_table(rows, curve),
        keys=(
            Key(mark="dot", colour="c8", label="mean of the generation"),
            Key(mark="line", colour="c0", label="fitted curve"),
            Key(mark="dash", colour="c1", label="asymptote"),
            Key(mark="band", colour="c1", label="its 95 % interval"),
        ),
    )


def _curve_table(rows: Sequence[GenerationRow], curve: LearningCurve) -> Table:
    parameters = (("asymptote", curve.asymptote), ("start", curve.start), ("tau, generations", curve.tau))
    told = "; ".join(f"{name} {interval(value)}" for name, value in parameters)
    return Table(
        title="Means and fitted values",
        columns=("generation", "mean", "fitted", "residual"),
        rows=tuple(
            (
                str(row.index),
                number(row.mean.mean),
                number(curve.at(float(row.index))),
                number(row.mean.mean - curve.at(float(row.index))),
            )
            for row in rows
            if row.mean
        ),
        words=(),
        note=f"{told}; standard deviation of the residuals {number(curve.residual)}.",
    )


def _plateau_table(plateau: Plateau) -> Table:
    return Table(
        title="The last generations",
        columns=("verdict", "since generation", "n", "Sen's slope [95 %]", "S", "z", "p", "gained before"),
        rows=(
            (
                plateau.verdict.value,
                str(plateau.since),
                str(plateau.trend.n),
                interval(plateau.slope),
                str(plateau.trend.s),
                number(plateau.trend.z),
                chance(plateau.trend.p),
                number(plateau.gain),
            ),
        ),
        note=(
            "Rising or falling: p < 0.05. A plateau: no trend, and even the upper end of the slope, kept up over the "
            "window, would add less than a tenth of what was gained before. Undecided: neither."
        ),
    )


def charts_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the control charts."""
    chart = analysis.chart
    blocks: tuple[Block, ...] = (gap(chart),) if isinstance(chart, Unavailable) else (_chart_figure(analysis, chart),)
    return Section(anchor="control", title="Control charts", blocks=blocks)


def _chart_figure(analysis: ExperimentAnalysis, chart: ControlChart) -> Figure:
    points = chart.points
    x = axis_over([float(point.generation) for point in points], _LEFT, _RIGHT, count=10, whole=True, pad=0.02)
    picture = Picture(470.0)
    met = {signal.generation for signal in chart.signals}
    upper = axis_over([end for point in points for end in (point.mean, point.mean_low, point.mean_high)], 226.0, _TOP)
    picture.frame(x, upper, y_label=f"mean {analysis.fitness}")
    picture.rule((x.start, upper.at(chart.centre)), (x.end, upper.at(chart.centre)), "hl c8")
    _draw_chart(picture, x, upper, [(p, p.mean, p.mean_low, p.mean_high, p.generation in met) for p in points])
    spreads = [end for point in points for end in (point.spread, point.spread_low, point.spread_high)]
    lower = axis_over(spreads, 426.0, 300.0, count=4)
    name = "range R" if chart.spread == "R" else "standard deviation s"
    picture.frame(x, lower, x_label="generation", y_label=name)
    _draw_chart(picture, x, lower, [(p, p.spread, p.spread_low, p.spread_high, p.spread_signals) for p in points])
    beyond = [point.generation for point in points if point.spread_signals]
    return Figure(
        anchor="fig-control",
        title=f"x̄ and {chart.spread} charts of the generations",
        caption=(
            f"Shewhart charts with limits at three standard errors around {number(chart.centre)}, sigma = "
            f"{number(chart.sigma)} within generations (n beside each point in the table). Ringed: a Western Electric "
            f"rule is met on the upper chart ({runs(sorted(met)) or 'nowhere'}), or the spread is beyond its limits "
            f"({runs(beyond) or 'nowhere'}). Evolution is meant to leave the state of control: below the centre early, "
            "above it late. What deserves a look is a signal after a plateau, or in the spread."
        ),
        alt="Two control charts over the generations; the numbers are in the table below.",
        picture=picture.svg(f"x-bar and {chart.spread} charts of the generations"),
        table=_chart_table(chart),
        keys=(
            Key(mark="line", colour="c8", label="generation"),
            Key(mark="band", colour="c9", label="within the limits"),
            Key(mark="ring", colour="c0", label="signal"),
        ),
    )


def _draw_chart(
    picture: Picture, x: Axis, y: Axis, rows: Sequence[tuple[ChartPoint, float, float, float, bool]]
) -> None:
    picture.band([(x.at(p.generation), y.at(low), y.at(high)) for p, _, low, high, _ in rows], "c9")
    places = [(x.at(p.generation), y.at(value)) for p, value, _, _, _ in rows]
    picture.line([*places], "c8 thin")
    picture.dots(places, "c8", size=5.0)
    for at, (*_, signalled) in zip(places, rows, strict=True):
        if signalled:
            picture.ring(at, "c0", radius=7.0 if len(rows) <= _MARKED else 4.0)


def _chart_table(chart: ControlChart) -> Table:
    rules: dict[int, list[str]] = {}
    for signal in chart.signals:
        rules.setdefault(signal.generation, []).append(f"{signal.rule} {'above' if signal.above else 'below'}")
    spread = chart.spread
    return Table(
        title="Points and limits",
        columns=("generation", "n", "mean", "limits", spread, f"limits of {spread}", "rules met"),
        rows=tuple(
            (
                str(point.generation),
                str(point.n),
                number(point.mean),
                f"{number(point.mean_low)} to {number(point.mean_high)}",
                number(point.spread),
                f"{number(point.spread_low)} to {number(point.spread_high)}" + (" *" if point.spread_signals else ""),
                ", ".join(rules.get(point.generation, [])) or NONE,
            )
            for point in chart.points
        ),
        words=(6,),
        note=(
            "Rules: 1, one point beyond 3 sigma; 2, two of three beyond 2 sigma; 3, four of five beyond 1 sigma; 4, "
            "eight on one side. * the spread is beyond its limits."
        ),
    )


def diversity_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the diversity of agents."""
    rows = analysis.diversity
    blocks: tuple[Block, ...] = (gap(rows),) if isinstance(rows, Unavailable) else (_diversity_figure(analysis, rows),)
    return Section(anchor="diversity", title="Diversity", blocks=blocks)


def _diversity_figure(analysis: ExperimentAnalysis, rows: Sequence[Diversity]) -> Figure:
    x = generations_axis(analysis.generations)
    y = axis_over([row.distance for row in rows] + [1.0 / 3.0], 206.0, _TOP, bounds=(0.0, None))
    picture = Picture(250.0)
    picture.frame(x, y, x_label="generation", y_label="mean distance")
    picture.rule((x.start, y.at(1.0 / 3.0)), (x.end, y.at(1.0 / 3.0)), "hl c9")
    places = [(x.at(row.generation), y.at(row.distance)) for row in rows]
    picture.line([*places], "c1")
    if len(rows) <= _MARKED:
        picture.dots(places, "c1")
    first, last = rows[0], rows[-1]
    return Figure(
        anchor="fig-diversity",
        title="How different agents are",
        caption=(
            f"Mean distance of two agents of a generation (Gower 1971: genes in shares of their range, choices 0 or "
            f"1), {short(first.distance, 3)} in generation {first.generation}, {short(last.distance, 3)} in "
            f"{last.generation}. All agents of each generation are measured, so that there is no interval. "
            f"Seed {analysis.seed}."
        ),
        alt="The mean distance of two agents by generation; the numbers are in the table below.",
        picture=picture.svg("Diversity through the generations"),
        table=Table(
            title="Diversity by generation",
            columns=("generation", "mean distance"),
            rows=tuple((str(row.generation), short(row.distance, 4)) for row in rows),
            words=(),
        ),
        keys=(
            Key(mark="line", colour="c1", label="mean distance"),
            Key(mark="dash", colour="c9", label="1/3: drawn uniformly, without choices"),
        ),
    )
