"""Ranking of agents over several criteria."""

import shlex

from clau_doom.analysis.charts import BarPlot, BarRow
from clau_doom.analysis.document import Block, Chart, Column, Fixed, Marked, Section, Table, TextTable
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.ranking import rank_agents
from clau_doom.analysis.topsis import Criterion, Ranking
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import joined
from clau_doom.number_format import fixed, percent

__all__ = ["TITLE", "compute", "criteria_flag", "describe", "ranking_section"]

TITLE = "Ranking over several criteria"

_DRAWN = 20


def compute(data: ExperimentData) -> Ranking | Unavailable:
    """Rank the agents that played the same seeds."""
    return rank_agents(data.stored.snapshot, data.fitness, data.criteria)


def describe(data: ExperimentData) -> Section:
    """Describe the ranking of an experiment's agents."""
    return ranking_section(data.result(compute))


def ranking_section(ranking: Ranking | Unavailable) -> Section:
    """Describe a ranking of agents."""
    block: Block = ranking if isinstance(ranking, Unavailable) else _chart(ranking)
    return Section(name="multicriteria-ranking", title=TITLE, blocks=(block,), data={"ranking": ranking})


def criteria_flag(ranking: Ranking | Unavailable) -> str:
    """Return the command-line flag that requests a ranking, or an empty text."""
    if isinstance(ranking, Unavailable):
        return ""
    # Only the ratios of weights count. Dividing by the smallest weight gives shorter numbers.
    least = min(abs(criterion.weight) for criterion in ranking.criteria)
    text = ",".join(f"{criterion.name}:{criterion.weight / least:.12g}" for criterion in ranking.criteria)
    return f" --criteria {shlex.quote(text)}"


def _better(criterion: Criterion) -> str:
    return "more" if criterion.weight > 0 else "less"


def _chart(ranking: Ranking) -> Chart:
    criteria = joined(
        f"{each.name.replace('_', ' ')} ({_better(each)} is better, {percent(abs(each.weight))})"
        for each in ranking.criteria
    )
    drawn = f"The first {_DRAWN} of {len(ranking.rows):,} are drawn." if len(ranking.rows) > _DRAWN else ""
    return Chart(
        name="ranking",
        title="TOPSIS",
        caption=(
            f"TOPSIS over {ranking.basis} (Hwang and Yoon 1981). Closeness to the best value of each criterion: "
            f"{criteria}. A rank has no interval: use it for a selection, not for a publication."
        ),
        marks=drawn,
        alt="A bar for each agent's closeness; the table below has the numbers.",
        plot=BarPlot(
            label="closeness to the ideal",
            rows=tuple(
                BarRow(
                    label=f"{row.rank}. {row.name}",
                    value=row.closeness,
                    text=fixed(row.closeness, 3),
                    strong=row.rank == 1,
                )
                for row in ranking.rows[:_DRAWN]
            ),
            bounds=(0.0, 1.0),
        ),
        table=Table(
            title="Ranking",
            columns=(
                Column("rank"),
                Column("agent", text=True),
                Column("closeness"),
                *(Column(each.name.replace("_", " ")) for each in ranking.criteria),
            ),
            rows=tuple((row.rank, row.name, Marked(Fixed(row.closeness, 3)), *row.values) for row in ranking.rows),
        ),
        text_table=TextTable.INSTEAD,
    )
