"""Variance of the fitness between runs and between the episodes of a run."""

from collections.abc import Sequence

from clau_doom.analysis.comparison import ConditionVariance
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Block, Column, Paragraph, Section, Share, Table
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.number_format import fixed, percent

__all__ = ["describe"]

_HALF_VARIANCE = 1.0 - 0.5**0.5  # reduction of the standard error by twice as many runs


def describe(data: ComparisonData) -> Section:
    """Describe the variance components, and the gain from more runs or more episodes."""
    rows = data.comparison.variances
    labels = {each.number: each.label for each in data.comparison.conditions}
    missing = Unavailable(missing="no condition has two runs")
    blocks: tuple[Block, ...] = (_table(rows, labels), Paragraph(text=_gain(rows[-1]))) if rows else (missing,)
    return Section(
        name="variance-components",
        title="Variance between runs and between episodes",
        blocks=blocks,
        data={"variance_components": rows or missing},
    )


def _table(rows: Sequence[ConditionVariance], labels: dict[int, str]) -> Table:
    return Table(
        title="Variance components of the fitness of a held-out episode",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            Column("episodes"),
            Column("between runs"),
            Column("between episodes"),
            Column("share of episodes"),
        ),
        rows=tuple(
            (
                "all conditions" if each.condition is None else labels[each.condition],
                each.runs,
                fixed(each.components.values, 0),
                each.components.between_units,
                each.components.within_units,
                None if each.components.value_share is None else Share(value=each.components.value_share),
            )
            for each in rows
        ),
        note=(
            "Episodes are nested in runs, and runs in conditions. Estimates by the analysis of variance (Searle, "
            "Casella and McCulloch 1992). The variance of a run's mean is the variance between runs plus the variance "
            "between episodes over their number. The last column is the share of the second part. Few runs give "
            "imprecise estimates."
        ),
    )


def _gain(last: ConditionVariance) -> str:
    found = last.gain_of_episodes
    if found is None:
        return "All episodes have the same fitness."
    return (
        f"Twice as many runs lower the standard error of a condition's mean by {percent(_HALF_VARIANCE)}. Twice as "
        f"many episodes of each run lower it by {percent(found)}."
    )
