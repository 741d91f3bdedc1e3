"""Comparison of groups of values that may share blocks. The blocks choose the analysis, never the values.

A value of a group belongs to a block, such as the seed of a run. Values of one block are not independent.

| blocks of the groups | difference from the first group | test of all groups |
|---|---|---|
| the same in all groups | paired t test | Hotelling's T², or Greenhouse and Geisser's F (`complete_blocks`) |
| in no two groups the same | Welch's t test | Welch's ANOVA (Welch, Biometrika 38, 1951) |
| partly the same | mixed model with random blocks | F test of the same model |

The mixed model has equal variances in all groups. Its degrees of freedom are Kenward and Roger's (`mixed_models`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.oneway import anova_oneway

from clau_doom.errors import ConfigError
from clau_doom.statistics.complete_blocks import block_contrasts_test
from clau_doom.statistics.difference_tests import DifferenceTest, paired_test, welch_test
from clau_doom.statistics.intervals import Interval, concentration
from clau_doom.statistics.mixed_models import MixedModel, fit_mixed
from clau_doom.statistics.skewness import skewed

__all__ = ["BlockedComparison", "OverallTest", "SeedDesign", "compare_groups", "design_of"]

_MIXED = "mixed model"


class SeedDesign(StrEnum):
    """Relation of the blocks of the groups."""

    COMPLETE_BLOCKS = "complete blocks"
    """All groups have the same blocks."""
    INDEPENDENT = "independent"
    """No two groups have a block in common."""
    INCOMPLETE_BLOCKS = "incomplete blocks"
    """Some groups have some blocks in common."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OverallTest:
    """F test that the means of all groups are equal.

    Attributes:
        test: Name of the test.
        f: The F statistic, or None without a test.
        df: Numerator degrees of freedom, or None.
        residual_df: Denominator degrees of freedom, or None.
        p: P-value, or None.
        reason: The reason why there is no test, or empty.
    """

    test: str
    f: float | None = None
    df: float | None = None
    residual_df: float | None = None
    p: float | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockedComparison:
    """Comparison of groups with the first group.

    Attributes:
        design: Relation of the blocks.
        contrasts: Difference of each other group from the first, in order.
        overall: Test of all groups.
    """

    design: SeedDesign
    contrasts: tuple[DifferenceTest, ...]
    overall: OverallTest


_Groups = Sequence[Mapping[int, float]]


def design_of(blocks: Sequence[Iterable[int]]) -> SeedDesign:
    """Return the relation of the blocks of groups.

    Args:
        blocks: Blocks of each group; at least two groups.
    """
    found = [frozenset(each) for each in blocks]
    if len({*found}) == 1:
        return SeedDesign.COMPLETE_BLOCKS
    if all(ours.isdisjoint(theirs) for ours, theirs in combinations(found, 2)):
        return SeedDesign.INDEPENDENT
    return SeedDesign.INCOMPLETE_BLOCKS


def compare_groups(groups: _Groups) -> BlockedComparison:
    """Compare groups with the first group.

    Args:
        groups: Value by block, for each group; at least two groups with at least two values.
    """
    design = design_of(groups)
    contrasts, overall = _ANALYSES[design](groups)
    return BlockedComparison(design=design, contrasts=tuple(contrasts), overall=overall)


def _complete_blocks(groups: _Groups) -> tuple[list[DifferenceTest], OverallTest]:
    means = np.array([[each[block] for each in groups] for block in groups[0]])
    base, *others = means.T.tolist()
    name, found = "F test in complete blocks", block_contrasts_test(_against_first(len(groups)), means)
    overall = (
        OverallTest(test=name, reason="a difference between groups is equal in all blocks")
        if found is None
        else OverallTest(test=name, f=found.f, df=found.df, residual_df=found.residual_df, p=found.p)
    )
    return [paired_test(values, base) for values in others], overall


def _independent(groups: _Groups) -> tuple[list[DifferenceTest], OverallTest]:
    values, name = [[*each.values()] for each in groups], "Welch's ANOVA"
    contrasts = [welch_test(each, values[0]) for each in values[1:]]
    if reason := next(filter(None, map(concentration, values)), "") or skewed(values):
        return contrasts, OverallTest(test=name, reason=reason)
    found = anova_oneway(values, use_var="unequal")
    df, residual_df = map(float, found.df)
    f, p = float(found.statistic), float(found.pvalue)
    return contrasts, OverallTest(test=name, f=f, df=df, residual_df=residual_df, p=p)


def _incomplete_blocks(groups: _Groups) -> tuple[list[DifferenceTest], OverallTest]:
    model, failure = _fit(groups)
    reasons = [failure or concentration([*each.values()]) for each in groups]
    contrasts = [_mixed(model, groups, place, reasons[place] or reasons[0]) for place in range(1, len(groups))]
    if model is None or any(reasons):
        return contrasts, OverallTest(test=_MIXED, reason=next(filter(None, reasons)))
    found = model.test(_against_first(len(groups)))
    return contrasts, OverallTest(test=_MIXED, f=found.f, df=found.df, residual_df=found.residual_df, p=found.p)


def _fit(groups: _Groups) -> tuple[MixedModel | None, str]:
    """Return the model with a mean for each group and random blocks, or the reason why it cannot be fitted."""
    rows = [(place, block, value) for place, each in enumerate(groups) for block, value in each.items()]
    places, blocks, values = (np.array(column) for column in zip(*rows, strict=True))
    try:
        return fit_mixed(values, np.eye(len(groups))[places], [np.unique(blocks, return_inverse=True)[1]]), ""
    except ConfigError as error:
        return None, str(error)


def _mixed(model: MixedModel | None, groups: _Groups, place: int, reason: str) -> DifferenceTest:
    n = min(len(groups[0]), len(groups[place]))
    if model is None or reason:
        means = [float(np.mean([*groups[each].values()])) for each in (0, place)]
        difference = Interval(mean=means[1] - means[0], low=None, high=None, n=n, reason=reason)
        return DifferenceTest(test=_MIXED, difference=difference, standard_error=None, df=None, p=None)
    found = model.contrast(_against_first(len(groups))[place - 1])
    return DifferenceTest(
        test=_MIXED,
        difference=Interval(mean=found.estimate, low=found.low, high=found.high, n=n),
        standard_error=found.standard_error,
        df=found.df,
        p=found.p,
    )


def _against_first(count: int) -> NDArray[np.float64]:
    """Return the contrasts of all groups but the first with the first; shape (count - 1, count)."""
    return np.column_stack([-np.ones(count - 1), np.eye(count - 1)])


_ANALYSES = {
    SeedDesign.COMPLETE_BLOCKS: _complete_blocks,
    SeedDesign.INDEPENDENT: _independent,
    SeedDesign.INCOMPLETE_BLOCKS: _incomplete_blocks,
}
