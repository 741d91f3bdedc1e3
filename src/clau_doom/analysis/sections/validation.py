"""Best agents of the generations on the validation seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.analysis.charts import Colour, Marker, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Chart, Column, Section, Table, TextTable
from clau_doom.analysis.evolution_axis import EvolutionAxis
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.run_curves import run_curve, validated_fitness
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import measured, withheld
from clau_doom.domain import AgentRef
from clau_doom.domain.budget import BudgetUnit
from clau_doom.number_format import number
from clau_doom.statistics.anytime_performance import mean_height
from clau_doom.statistics.intervals import Interval, mean_interval

__all__ = ["TITLE", "ValidatedBest", "ValidationCurve", "compute", "describe"]

TITLE = "Best agents on validation seeds"


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidatedBest:
    """Best agent of a generation.

    Attributes:
        generation: Number of the generation, from 0.
        episodes: Training episodes of agents with a fitness, up to the end of the generation.
        tics: Tics of these episodes.
        x: Position on the axis of the curve.
        agent: The best agent.
        training: Training fitness of the agent, which selected it.
        validation: Mean fitness on the validation seeds with its interval over episodes. None if an episode is missing.
        champion: Cross-validated fitness of the champion so far (see `run_curves`), or None.
    """

    generation: int
    episodes: int
    tics: int
    x: int
    agent: AgentRef
    training: float
    validation: Interval | None
    champion: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationCurve:
    """Learning curve on the validation seeds.

    Attributes:
        points: Best agent of each finished generation.
        x: Unit of the axis.
        area: Mean height of the curve of the champion so far over the axis. None if a value is missing, and for one
            generation.
        selection_bias: Mean over the generations of training minus validation fitness.
    """

    points: tuple[ValidatedBest, ...]
    x: BudgetUnit
    area: float | None
    selection_bias: float


def compute(data: ExperimentData) -> ValidationCurve | Unavailable:
    """Compute the validation fitness of each generation's best agent."""
    snapshot, axis = data.stored.snapshot, data.axis(BudgetUnit.EPISODES)
    curve = run_curve(snapshot, data.fitness)
    points = tuple(
        ValidatedBest(
            generation=summary.index,
            episodes=episodes,
            tics=tics,
            x=axis.place(spent),
            agent=summary.best,
            training=summary.best_fitness,
            validation=mean_interval(played) if played else None,
            champion=champion,
        )
        for summary, spent, episodes, tics, champion, played in zip(
            snapshot.summaries,
            curve.spent(axis.unit),
            curve.episodes,
            curve.tics,
            curve.champion,
            validated_fitness(snapshot, data.fitness),
            strict=True,
        )
    )
    gaps = [point.training - point.validation.mean for point in points if point.validation is not None]
    if not gaps:
        return Unavailable(missing="the best agents of the generations have not played the validation seeds yet")
    return ValidationCurve(points=points, x=axis.unit, area=_area(points), selection_bias=math.fsum(gaps) / len(gaps))


def describe(data: ExperimentData) -> Section:
    """Describe the learning curve on the validation seeds."""
    found = data.result(compute)
    blocks: tuple[Block, ...] = (found,) if isinstance(found, Unavailable) else (_chart(data, found),)
    return Section(name="validation", title=TITLE, blocks=blocks, data={"validation_curve": found})


def _area(points: Sequence[ValidatedBest]) -> float | None:
    values = [point.champion for point in points if point.champion is not None]
    if len(values) < len(points) or points[0].x == points[-1].x:
        return None
    return mean_height([point.x for point in points], values, points[0].x, points[-1].x)


def _chart(data: ExperimentData, found: ValidationCurve) -> Chart:
    n = max(point.validation.n for point in found.points if point.validation is not None)
    area = (
        "" if found.area is None else f" Its mean height, the area under the learning curve, is {number(found.area)}."
    )
    reasons = withheld(point.validation for point in found.points)
    return Chart(
        name="validation",
        title=TITLE,
        caption=(
            f"Mean fitness ({data.fitness_name}) of each generation's best agent over n = {n} validation episodes, "
            "with its 95 % interval. The training fitness selected the agent and is therefore biased upwards: training "
            f"minus validation is {number(found.selection_bias)} on average. Champion so far: one half of the "
            "validation episodes chooses the best of these agents, and the other half measures it, so that luck does "
            f"not raise the curve.{area} {reasons}".strip()
        ),
        alt="Validation and training fitness of each generation's best agent; the table below has the numbers.",
        plot=_plot(data, found),
        table=_table(found),
        text_table=TextTable.INSTEAD,
    )


def _plot(data: ExperimentData, found: ValidationCurve) -> XYPlot:
    known = [(float(point.x), point.validation) for point in found.points]
    validation = Series(
        label="on validation seeds",
        points=tuple((x, None if each is None else each.mean) for x, each in known),
        colour=Colour.RED,
        marker=Marker.DOT,
        band=tuple((x, each.low, each.high) for x, each in known if each is not None),
        band_label="its 95 % interval",
    )
    champion = Series(
        label="champion so far",
        points=tuple((float(point.x), point.champion) for point in found.points),
        colour=Colour.BLUE,
    )
    training = Series(
        label="in training",
        points=tuple((float(point.x), point.training) for point in found.points),
        colour=Colour.TEXT,
        marker=Marker.DOT,
        thin=True,
        size=4.5,
    )
    panel = Panel(label=f"{data.fitness_name} of the best agent", series=(validation, champion, training), height=290.0)
    return XYPlot(label=EvolutionAxis(found.x).label, panels=(panel,))


def _table(found: ValidationCurve) -> Table:
    counted = not EvolutionAxis(found.x).counts_generations
    return Table(
        title=TITLE,
        columns=(
            Column("generation"),
            *([Column(found.x)] if counted else []),
            Column("best agent", text=True),
            Column("in training"),
            Column("validation [95 %]"),
            Column("champion so far"),
        ),
        rows=tuple(
            (
                point.generation,
                *([point.x] if counted else []),
                point.agent,
                point.training,
                measured(point.validation),
                point.champion,
            )
            for point in found.points
        ),
        spread=True,
    )
