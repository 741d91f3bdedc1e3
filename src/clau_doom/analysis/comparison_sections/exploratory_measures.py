"""Exploratory comparison of the conditions in measures other than the fitness."""

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Block, Column, PValue, Section, Table
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import measured, withheld

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the differences of the conditions in other measures, with uncorrected p-values."""
    rows = data.comparison.exploratory_contrasts
    block: Block = _table(data) if rows else Unavailable(missing="the conditions are not compared")
    return Section(
        name="exploratory-measures",
        title="Other measures (exploratory)",
        blocks=(block,),
        data={"exploratory_contrasts": rows},
    )


def _table(data: ComparisonData) -> Table:
    rows = data.comparison.exploratory_contrasts
    labels = {each.number: each.label for each in data.comparison.conditions}
    return Table(
        title=f"Differences from {labels[0]} in other measures, exploratory",
        columns=(
            Column("measure", text=True),
            Column("condition", text=True),
            Column("difference [95 %]"),
            Column("test", text=True),
            Column("p, uncorrected"),
        ),
        rows=tuple(
            (
                each.measure,
                labels[each.condition],
                measured(each.result.difference),
                each.result.test,
                PValue(each.result.p),
            )
            for each in rows
        ),
        note=(
            "Exploratory: the p-values are not corrected for the number of tests. They suggest hypotheses for new runs "
            "and are not evidence. A run is the mean of its champion's held-out episodes. "
            f"{withheld(each.result.difference for each in rows)}"
        ).strip(),
    )
