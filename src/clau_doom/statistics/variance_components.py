"""Variance components of repeated values: nested in units of groups, or in units of complete blocks.

The estimates equate the mean squares of the analysis of variance to their expectations, with the coefficients for
unequal sizes (Searle, Casella and McCulloch, "Variance Components", 1992, section 3.6). They assume that the components
are equal in all groups. A negative estimate is replaced by 0.

The 95 % interval of a component that is a difference of two mean squares is the modified large-sample interval (Ting,
Burdick, Graybill, Jeyaratnam and Lu, "Confidence intervals on linear combinations of variance components that are
unrestricted in sign", Journal of Statistical Computation and Simulation 35, 1990; Burdick and Graybill, "Confidence
Intervals on Variance Components", 1992, section 3.3). It assumes normal values, and is approximate for unequal sizes.

In complete blocks, each block has one unit of each group. The variance of a unit's mean is the sum of the variances
between blocks, between the units of a block, and between the values over their number. The first part is equal for all
units of a block, so that it cancels in differences between groups.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from clau_doom.statistics.intervals import CONFIDENCE

__all__ = [
    "BlockComponents",
    "Component",
    "VarianceComponents",
    "block_components",
    "component_interval",
    "nested_components",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """Estimated variance component with its 95 % interval.

    Attributes:
        value: The variance, at least 0.
        low: Lower end of the interval, at least 0.
        high: Upper end of the interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class VarianceComponents:
    """Variance between the units of a group, and between the values of a unit.

    Attributes:
        between_units: Variance between the units of a group.
        within_units: Variance between the values of a unit.
        unit_df: Degrees of freedom between units.
        value_df: Degrees of freedom within units.
        values: Harmonic mean of the numbers of values of the units.
        value_share: Share of the values' component in the variance of a unit's mean, 0 to 1. None without variance.
    """

    between_units: Component
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
        return _reduction(self.value_share, factor)


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockComponents:
    """Variance between blocks, between the units of a block, and between the values of a unit.

    Attributes:
        between_blocks: Variance that the means of a block's units have in common.
        between_units: Variance between the units of a block without the groups' differences.
        within_units: Variance between the values of a unit, without effects that the units of a block share.
        block_df: Degrees of freedom between blocks.
        unit_df: Degrees of freedom between the units of blocks.
        value_df: Degrees of freedom of the values.
        values: Harmonic mean of the numbers of values of the units.
        value_share: Share of the values' component in the variance of a difference between two groups, 0 to 1. None
            without variance.
    """

    between_blocks: Component
    between_units: Component
    within_units: float
    block_df: int
    unit_df: int
    value_df: int
    values: float
    value_share: float | None

    def reduction(self, factor: float) -> float | None:
        """Return the reduction of the standard error of a difference by more values of each unit, 0 to 1.

        Args:
            factor: Factor of the number of values of each unit, above 0. The number of blocks stays the same.
        """
        return _reduction(self.value_share, factor)


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
    between = _component(squares / unit_df, unit_df, within, value_df, coefficient / unit_df)
    values = _harmonic_mean([len(unit) for unit in units])
    return VarianceComponents(
        between_units=between,
        within_units=within,
        unit_df=unit_df,
        value_df=value_df,
        values=values,
        value_share=_share(within / values, between.value),
    )


def block_components(blocks: Sequence[Sequence[Sequence[float]]], *, shared: bool) -> BlockComponents:
    """Estimate the components of complete blocks.

    Args:
        blocks: Values of each unit of each block; at least two blocks. Each block has one unit of each group, in the
            same order; at least two. A unit has at least two values.
        shared: Whether the values with the same number of all units of a block belong together, such as episodes on
            the same seed. Their common part is then not a part of the values' variance.

    Raises:
        ValueError: There are fewer than two blocks, groups or values of a unit, or a block lacks a unit. The units of a
            block have different numbers of shared values.
    """
    groups = len(blocks[0]) if blocks else 0
    if min(len(blocks), groups) < 2 or any(len(block) != groups for block in blocks):
        raise ValueError("complete blocks need two blocks and two groups, and one unit of each group in each block")
    units = [[np.asarray(unit, dtype=np.float64) for unit in block] for block in blocks]
    sizes = [len(unit) for block in units for unit in block]
    if min(sizes) < 2 or (shared and any(len({len(unit) for unit in block}) > 1 for block in units)):
        raise ValueError("the units of a block need two values each, and equal numbers of shared values")
    means = np.array([[unit.mean() for unit in block] for block in units])
    residuals = means - means.mean(axis=0) - means.mean(axis=1, keepdims=True) + means.mean()
    block_df, unit_df = len(blocks) - 1, (len(blocks) - 1) * (groups - 1)
    block_square = groups * float(((means.mean(axis=1) - means.mean()) ** 2).sum()) / block_df
    unit_square = float((residuals**2).sum()) / unit_df
    within, value_df = _values_square(units, shared=shared)
    values = _harmonic_mean(sizes)
    between = _component(unit_square, unit_df, within / values, value_df, 1.0)
    return BlockComponents(
        between_blocks=_component(block_square, block_df, unit_square, unit_df, groups),
        between_units=between,
        within_units=within,
        block_df=block_df,
        unit_df=unit_df,
        value_df=value_df,
        values=values,
        value_share=_share(within / values, between.value),
    )


def component_interval(
    larger: float, larger_df: int, smaller: float, smaller_df: int, coefficient: float
) -> tuple[float, float]:
    """Return the modified large-sample interval of a component, with ends of at least 0.

    Args:
        larger: Mean square with the expectation `smaller`'s plus the coefficient times the component.
        larger_df: Degrees of freedom of `larger`.
        smaller: Mean square without the component.
        smaller_df: Degrees of freedom of `smaller`.
        coefficient: Coefficient of the component, above 0.
    """
    alpha = (1.0 - CONFIDENCE) / 2.0
    upper_f, lower_f = (float(stats.f.isf(tail, larger_df, smaller_df)) for tail in (alpha, 1.0 - alpha))
    g1, g2 = (1.0 - df / float(stats.chi2.isf(alpha, df)) for df in (larger_df, smaller_df))
    h1, h2 = (df / float(stats.chi2.ppf(alpha, df)) - 1.0 for df in (larger_df, smaller_df))
    g12 = ((upper_f - 1.0) ** 2 - (g1 * upper_f) ** 2 - h2**2) / upper_f
    h12 = ((1.0 - lower_f) ** 2 - (h1 * lower_f) ** 2 - g2**2) / lower_f
    below = (g1 * larger) ** 2 + (h2 * smaller) ** 2 + g12 * larger * smaller
    above = (h1 * larger) ** 2 + (g2 * smaller) ** 2 + h12 * larger * smaller
    estimate = larger - smaller
    low, high = estimate - math.sqrt(max(below, 0.0)), estimate + math.sqrt(max(above, 0.0))
    return max(low / coefficient, 0.0), max(high / coefficient, 0.0)


def _values_square(units: Sequence[Sequence[NDArray[np.float64]]], *, shared: bool) -> tuple[float, int]:
    """Return the mean square of the values of units, and its degrees of freedom."""
    squares, df = 0.0, 0
    for block in units:
        deviations = [unit - unit.mean() for unit in block]
        if shared:
            common = np.mean(deviations, axis=0)
            deviations = [each - common for each in deviations]
            df += (len(block) - 1) * (len(common) - 1)
        else:
            df += sum(len(each) - 1 for each in deviations)
        squares += math.fsum(float((each**2).sum()) for each in deviations)
    return squares / df, df


def _component(larger: float, larger_df: int, smaller: float, smaller_df: int, coefficient: float) -> Component:
    low, high = component_interval(larger, larger_df, smaller, smaller_df, coefficient)
    return Component(value=max(0.0, (larger - smaller) / coefficient), low=low, high=high)


def _harmonic_mean(sizes: Sequence[int]) -> float:
    return len(sizes) / math.fsum(1.0 / size for size in sizes)


def _share(part: float, rest: float) -> float | None:
    return part / (part + rest) if part + rest > 0.0 else None


def _reduction(share: float | None, factor: float) -> float | None:
    return None if share is None else 1.0 - math.sqrt(1.0 - share * (1.0 - 1.0 / factor))
