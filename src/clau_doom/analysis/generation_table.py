"""Table of the training fitness of generations. It needs no statistics but intervals, so that `status` starts fast."""

from collections.abc import Sequence

from clau_doom.analysis.document import Column, Marked, Paragraph, Table
from clau_doom.analysis.result_tables import GenerationRow
from clau_doom.analysis.wording import measured, withheld
from clau_doom.domain.budget import BudgetUnit

__all__ = ["generations_table", "withheld_note"]


def generations_table(
    rows: Sequence[GenerationRow], experiment: str, unit: BudgetUnit, totals: Sequence[int | None]
) -> Table:
    """Describe generations as a table with the ids of the best agents.

    Args:
        rows: The generations.
        experiment: Id of the experiment.
        unit: Unit of the totals. The table has no further column for generations.
        totals: Amount up to the end of each generation, or None for an unknown one.
    """
    counted = unit is not BudgetUnit.GENERATIONS
    return Table(
        title="Fitness by generation",
        columns=(
            Column("generation"),
            *([Column(unit)] if counted else []),
            Column("failed"),
            Column("mean [95 %]"),
            Column("best [95 %]" if any(row.best_interval for row in rows) else "best"),
            Column("worst"),
            Column("best agent", text=True),
        ),
        rows=tuple(
            (
                row.index,
                *([totals[row.index]] if counted else []),
                Marked(f"{row.failed} of {row.agents}", "warning") if row.failed else f"0 of {row.agents}",
                measured(row.mean),
                Marked(measured(row.best_interval) or row.best_fitness),
                row.worst_fitness,
                row.best.agent_id(experiment) if row.best else None,
            )
            for row in rows
        ),
        spread=True,
    )


def withheld_note(rows: Sequence[GenerationRow]) -> tuple[Paragraph, ...]:
    """Return a note with the reasons why means and fitnesses have no interval, if there are any."""
    text = withheld(each for row in rows for each in (row.mean, row.best_interval))
    return (Paragraph(text=text, kind="note"),) if text else ()
