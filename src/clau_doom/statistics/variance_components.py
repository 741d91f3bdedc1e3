"""Variance components of nested values: groups, units in groups, and repeated values of each unit.

The estimates equate the mean squares of the analysis of variance to their expectations, with the coefficients for
unequal sizes (Searle, Casella and McCulloch, "Variance Components", 1992, section 3.6). They assume that the components
are equal in all groups. A negative estimate is replaced by 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["VarianceComponents", "nested_components"]


@dataclass(frozen=True, kw_only=True, slots=True)
class VarianceComponents:
    """Variance between the units of a group, and between the values of a unit.

    Attributes:
        between_units: Variance between the units of a group, at least 0.
        within_units: Variance between the values of a unit.
        unit_df: Degrees of freedom between units.
        value_df: Degrees of freedom within units.
        values: Harmonic mean of the numbers of values of the units.
        value_share: Share of the values' component in the variance of a unit's mean, 0 to 1. None without variance.
    """

    between_units: float
    within_units: float
    unit_df: int
    value_df: int
    values: float
    value_share: float | None

    def reduction(self, factor: float) -> float | None:
        """Return the reduction of a group mean's standard error by more values of each unit, 0 to 1.

        Args:
            factor: Factor of the number of values of each unit, above 0. The number of units stays the same.
        """
        if self.value_share is None:
            return None
        return 1.0 - math.sqrt(1.0 - self.value_share * (1.0 - 1.0 / factor))


def nested_components(groups: Sequence[Sequence[Sequence[float]]]) -> VarianceComponents:
    """Estimate the components.

    Args:
        groups: Values of each unit of each group. A group has at least two units, a unit at least two values.

    Raises:
        ValueError: A group has one unit, or a unit has one value.
    """
    units = [np.asarray(unit, dtype=np.float64) for group in groups for unit in group]
    if not groups or any(len(group) < 2 for group in groups) or any(len(unit) < 2 for unit in units):
        raise ValueError("variance components need two units in each group and two values of each unit")
    unit_df, value_df = len(units) - len(groups), sum(len(unit) - 1 for unit in units)
    within = math.fsum(float(((unit - unit.mean()) ** 2).sum()) for unit in units) / value_df
    squares, coefficient = 0.0, 0.0
    for group in groups:
        sizes, means = np.array([len(unit) for unit in group]), np.array([np.mean(unit) for unit in group])
        squares += float((sizes * (means - np.average(means, weights=sizes)) ** 2).sum())
        coefficient += float(sizes.sum() - (sizes**2).sum() / sizes.sum())
    between = max(0.0, (squares / unit_df - within) / (coefficient / unit_df))
    values = len(units) / math.fsum(1.0 / len(unit) for unit in units)
    total = between + within / values
    return VarianceComponents(
        between_units=between,
        within_units=within,
        unit_df=unit_df,
        value_df=value_df,
        values=values,
        value_share=within / values / total if total > 0.0 else None,
    )
