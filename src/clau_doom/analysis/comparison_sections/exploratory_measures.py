"""Exploratory comparison of the conditions in measures other than the fitness."""

from collections.abc import Sequence

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Block, Column, PValue, Section, Table
from clau_doom.analysis.exploratory_measures import ExploratoryContrast
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import measured, withheld
from clau_doom.number_format import decimals_of, fixed, number

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
            Column("mean of runs"),
            Column("baseline's mean"),
            Column("difference [95 %]"),
            Column("test", text=True),
            Column("p, uncorrected"),
        ),
        rows=tuple(
            (
                each.measure,
                labels[each.condition],
                _mean(each, each.mean),
                _mean(each, each.baseline_mean),
                None if each.constant else measured(each.result.difference),
                "constant" if each.constant else each.result.test,
                PValue(each.result.p),
            )
            for each in rows
        ),
        note=(
            "Exploratory: the p-values are not corrected for the number of tests. They are weak evidence, and suggest "
            "hypotheses for new runs. A run is the mean of its champion's held-out episodes. "
            f"{_tics(rows)}{_constants(rows)}{withheld(each.result.difference for each in rows if not each.constant)}"
        ).strip(),
    )


def _mean(contrast: ExploratoryContrast, value: float) -> str:
    """Return a mean with the decimals of the difference."""
    found = contrast.result.difference
    if found.low is None or found.high is None:
        return number(value)
    return fixed(value, decimals_of((found.high - found.low) / 2.0))


def _tics(rows: Sequence[ExploratoryContrast]) -> str:
    return "A tic is 1/35 s. " if any(each.measure == "tics" for each in rows) else ""


def _constants(rows: Sequence[ExploratoryContrast]) -> str:
    """Return a sentence for each measure that has one value in all runs."""
    values = {each.measure: number(each.mean) for each in rows if each.constant}
    return "".join(f"{name} is {value} in each run, and cannot differ. " for name, value in values.items())
