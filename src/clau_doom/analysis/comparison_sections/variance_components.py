"""Variance of the fitness between seeds, between runs and between the episodes of a run."""

from collections.abc import Iterator, Sequence

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.condition_variance import BlockVariance, ConditionVariance
from clau_doom.analysis.document import Block, Cell, Column, Fixed, Measured, Paragraph, Section, Share, Table
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.number_format import decimals_of, fixed, percent
from clau_doom.statistics.variance_components import Component

__all__ = ["describe"]

_HALF_VARIANCE = 1.0 - 0.5**0.5  # reduction of the standard error by twice as many runs
_METHOD = (
    "Estimates by the analysis of variance (Searle, Casella and McCulloch 1992), with modified large-sample intervals "
    "for normal values (Burdick and Graybill 1992). Different estimates do not show that conditions differ in variance."
)


def describe(data: ComparisonData) -> Section:
    """Describe the variance components, and the gain from more runs or more episodes."""
    rows, seeds = data.comparison.variances, data.comparison.block_variance
    missing = Unavailable(missing="no condition has two runs")
    return Section(
        name="variance-components",
        title="Variance between runs and between episodes",
        blocks=tuple(_blocks(data, rows)) if rows else (missing,),
        data={"variance_components": rows or missing, "block_variance": seeds},
    )


def _blocks(data: ComparisonData, rows: Sequence[ConditionVariance]) -> Iterator[Block]:
    yield _table(data, rows)
    seeds = data.comparison.block_variance
    if isinstance(seeds, Unavailable):
        yield Paragraph(text=_gain(rows[-1]))
    else:
        yield _seed_table(data, seeds)
        yield Paragraph(text=_gain_of_contrast(seeds))


def _table(data: ComparisonData, rows: Sequence[ConditionVariance]) -> Table:
    unit, labels = _unit(data), {each.number: each.label for each in data.comparison.conditions}
    decimals = _decimals([each.components.within_units for each in rows])
    return Table(
        title="Variance components of the fitness of a held-out episode",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            Column("episodes"),
            Column("between runs"),
            Column("within runs"),
            Column("episode share"),
        ),
        rows=tuple(
            (
                "all conditions" if each.condition is None else labels[each.condition],
                each.runs,
                fixed(each.components.values, 0),
                _component(each.components.between_units),
                Fixed(each.components.within_units, decimals),
                _share(each.components.value_share),
            )
            for each in rows
        ),
        note=(
            f"Variances in {unit}, with 95 % intervals. The variance of a run's mean is the variance between runs plus "
            "the variance within runs, between episodes, over their number. The last column is the share of the second "
            f"part. The variance between the runs of a condition includes the variance between seeds. {_METHOD}"
        ),
    )


def _seed_table(data: ComparisonData, found: BlockVariance) -> Table:
    unit, parts = _unit(data), found.components
    total = parts.between_units.value + parts.within_units / parts.values
    rows: list[tuple[Cell, ...]] = [
        ("seeds", parts.block_df, _component(parts.between_blocks), "cancels"),
        ("runs of a seed", parts.unit_df, _component(parts.between_units), _part(parts.between_units.value, total)),
        ("episodes of a run", parts.value_df, parts.within_units / parts.values, _share(parts.value_share)),
    ]
    shared = (
        "All runs of a seed have the same held-out seeds. Their shared effect is in the first row and not in the third."
        if found.shared_episodes
        else "The runs of a seed have different held-out seeds."
    )
    return Table(
        title="Variance components of a run's mean, with seeds as blocks",
        columns=(
            Column("component", text=True),
            Column("df"),
            Column("variance [95 %]"),
            Column("share of a difference"),
        ),
        rows=tuple(rows),
        note=(
            f"Variances of a run's mean in {unit}. That of the episodes is divided by their number. Differences "
            "between conditions are tested within seeds, so that the component of the seeds cancels. "
            "Effects of a condition that differ between seeds are in the second row. The last column is the share of "
            f"the variance of a difference between conditions. {shared}"
        ),
    )


def _unit(data: ComparisonData) -> str:
    return f"{data.comparison.fitness}²"


def _decimals(values: Sequence[float]) -> int:
    """Return the decimals that show three significant digits of the smallest value above 0."""
    return max(decimals_of(min((each for each in values if each > 0.0), default=1.0)) + 1, 0)


def _component(found: Component) -> Measured:
    return Measured(value=found.value, low=found.low, high=found.high)


def _share(value: float | None) -> Share | None:
    return None if value is None else Share(value=value)


def _part(value: float, total: float) -> Share | None:
    return Share(value=value / total) if total > 0.0 else None


def _gain(last: ConditionVariance) -> str:
    found = last.gain_of_episodes
    if found is None:
        return "All episodes have the same fitness."
    return (
        f"Twice as many runs lower the standard error of a condition's mean by {percent(_HALF_VARIANCE)}. Twice as "
        f"many episodes of each run lower it by {percent(found)}."
    )


def _gain_of_contrast(found: BlockVariance) -> str:
    gain = found.gain_of_episodes
    if gain is None:
        return "The differences between conditions are equal for all seeds."
    return (
        "Twice as many seeds, with a run of each condition, lower the standard error of the tested difference by "
        f"{percent(_HALF_VARIANCE)}. Twice as many episodes of each run lower it by {percent(gain)}."
    )
