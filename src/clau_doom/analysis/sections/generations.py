"""Training fitness of each generation."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, Level, Marker, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Chart, Fact, Paragraph, Section, TextTable
from clau_doom.analysis.evolution_axis import totals_of
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.generation_table import generations_table, withheld_note
from clau_doom.analysis.racing_savings import racing_sentence
from clau_doom.analysis.result_tables import GenerationRow, ResultRow, generation_rows
from clau_doom.analysis.sections import held_out
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import count
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.experiment import RaceTally

__all__ = ["TITLE", "describe", "races", "rows_of"]

TITLE = "Fitness by generation"


def rows_of(data: ExperimentData) -> tuple[GenerationRow, ...]:
    """Compute the fitness of each finished generation."""
    return generation_rows(data.finished_generations, data.fitness)


def races(data: ExperimentData) -> RaceTally | Unavailable:
    """Count the episodes that racing saved."""
    return data.count_races()


def describe(data: ExperimentData) -> Section:
    """Describe the fitness of the generations and the episodes that racing saved."""
    rows, racing = data.result(rows_of), data.result(races)
    blocks: list[Block] = []
    if any(row.mean for row in rows):
        blocks += [_chart(data, rows), *withheld_note(rows)]
    else:
        blocks.append(Unavailable(missing="no generation with a fitness is finished yet"))
    if isinstance(racing, RaceTally):
        blocks.append(Paragraph(text=racing_sentence(racing)))
    return Section(
        name="generations",
        title=TITLE,
        blocks=tuple(blocks),
        facts=(_fact(data, rows),),
        data={"racing": racing, "generations": _json(data, rows)},
    )


def _fact(data: ExperimentData, rows: Sequence[GenerationRow]) -> Fact:
    budget, agents = data.stored.config.evolution_budget, count(sum(row.agents for row in rows), "agent")
    planned = f"of {budget.amount} planned"
    if budget.unit is not BudgetUnit.GENERATIONS:
        planned = budget.progress(data.stored.snapshot.summaries)
    return Fact(label="generations", value=str(len(rows)), detail=f"{planned}, {agents}")


def _chart(data: ExperimentData, rows: Sequence[GenerationRow]) -> Chart:
    results, unit = data.result(held_out.table_of), data.axis().unit
    levels = results.rows if results else ()
    agents = [row.agents for row in rows]
    n = f"{min(agents)} to {max(agents)}" if min(agents) < max(agents) else f"{agents[0]}"
    other = " Each generation plays other seeds." if data.stored.config.seeds == "per_generation" else ""
    held = f" Dashed: means of n = {levels[0].fitness.n} episodes on held-out seeds." if levels else ""
    return Chart(
        name="generations",
        title="Fitness in training",
        caption=(
            f"Mean training fitness ({data.fitness_name}) of each generation with its 95 % interval over its agents (n "
            f"= {n}; Student's t), and the fitness of its best agent with the interval over its episodes. The best "
            "agent was selected by these episodes, so that its fitness is biased upwards. The intervals of means "
            "describe the variation between agents, which are related, and not that between seeds or runs."
            f"{other} Seed {data.seed}."
        ),
        marks=held.strip(),
        alt=f"Mean and best fitness of {count(len(rows), 'generation')}; the table below has the numbers.",
        plot=_plot(data, rows, levels),
        table=generations_table(rows, data.id, unit, totals_of(data.stored.snapshot, unit)),
        text_table=TextTable.INSTEAD,
    )


def _plot(data: ExperimentData, rows: Sequence[GenerationRow], levels: Sequence[ResultRow]) -> XYPlot:
    axis = data.axis()
    placed = [(float(x), row) for x, row in zip(axis.places(data.stored.snapshot), rows, strict=True)]
    best = Series(
        label="best agent",
        points=tuple((x, row.best_fitness) for x, row in placed),
        colour=Colour.TEXT,
        marker=Marker.DOT,
        thin=True,
        size=4.5,
    )
    panel = Panel(
        label=data.fitness_name,
        series=(_mean_series(placed), best),
        levels=tuple(
            Level(
                label=f"held-out: {held_out.role_name(level.role)}",
                value=level.fitness.mean,
                colour=held_out.role_colour(level.role),
            )
            for level in levels
        ),
        height=290.0,
    )
    return XYPlot(label=axis.label, panels=(panel,))


def _mean_series(placed: Sequence[tuple[float, GenerationRow]]) -> Series:
    """Return the means of generations with their intervals as a series.

    Args:
        placed: The generations with their positions on the axis.
    """
    return Series(
        label="mean of the generation",
        points=tuple((x, row.mean.mean if row.mean else None) for x, row in placed),
        colour=Colour.RED,
        marker=Marker.DOT,
        band=tuple((x, row.mean.low if row.mean else None, row.mean.high if row.mean else None) for x, row in placed),
        band_label="its 95 % interval",
    )


def _json(data: ExperimentData, rows: Sequence[GenerationRow]) -> list[dict[str, object]]:
    snapshot = data.stored.snapshot
    totals = zip(totals_of(snapshot, BudgetUnit.EPISODES), totals_of(snapshot, BudgetUnit.TICS), strict=True)
    return [
        {
            "index": row.index,
            "episodes_total": episodes,
            "tics_total": tics,
            "best_agent": row.best,
            "best_fitness": row.best_fitness,
            "best_interval": row.best_interval,
            "mean_fitness": row.mean,
            "worst_fitness": row.worst_fitness,
            "worst_interval": row.worst_interval,
            "agents": row.agents,
            "failed": row.failed,
        }
        for row, (episodes, tics) in zip(rows, totals, strict=True)
    ]
