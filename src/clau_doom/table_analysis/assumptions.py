"""What the F test takes for granted, and whether the residuals bear it out.

- Normal residuals: Shapiro and Wilk's test (Biometrika 52, 1965), as Royston made it for up to 5,000 values (Applied
  Statistics 44, 1995). Of more, the means are as good as normal whatever the values are, and nothing is tested.
  Where variances are unequal, residuals look long-tailed for that alone: then each is divided by its cell's standard
  deviation and tested again, in cells of 8 values and more, and this second answer counts.
- Equal variances: Brown and Forsythe's test (Journal of the American Statistical Association 69, 1974), which is
  Levene's about the medians. Blocks are left in: taken off, they would spread each cell's variance over all others.
- Independence: Durbin and Watson's statistic (Biometrika 37, 1950), the squared differences of neighbouring residuals
  over their squares. It is near 2 where neighbours in the table's order have nothing in common. It sees no other
  dependence: not that of rows which share a seed or an agent, and in a sorted table not even that of time.

A check that does not refute an assumption does not prove it; of few values, nothing is refuted.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.stattools import durbin_watson

from clau_doom.table_analysis.design import Design

__all__ = ["ALPHA", "Assumptions", "Check", "check_assumptions"]

ALPHA = 0.05
"""The p below which an assumption counts as refuted, and an effect as found."""

_MOST_FOR_NORMALITY = 5_000
_FEWEST_TO_SCALE = 8  # the deviation of fewer values takes too much of their shape away
_ALIKE, _UNALIKE = 1.5, 2.5  # a rule of thumb: Durbin and Watson's bounds come close to it for 50 to 100 values
_LIMIT = "it sees neighbours in the table's order alone, not rows that share a seed or an agent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One assumption, checked.

    Attributes:
        assumption: ``normality``, ``equal variances``, ``normality within groups`` or ``independence``.
        test: The test's name.
        statistic: What it computes, or None where it cannot be computed.
        p: How often chance alone gives a value as extreme, or None where none is computed.
        holds: False where the assumption is refuted, True where it is not, None where nothing could be tested.
        remark: What is to be said about it, or empty.
    """

    assumption: str
    test: str
    statistic: float | None
    p: float | None
    holds: bool | None
    remark: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumptions:
    """What the residuals say about the F test's assumptions.

    Attributes:
        normality: Of the residuals as they are.
        equal_variances: Of the cells.
        normality_within_groups: Of the residuals over their cell's standard deviation, where variances are unequal and
            the cells allow it, or None.
        independence: Of neighbours in the table.
    """

    normality: Check
    equal_variances: Check
    normality_within_groups: Check | None
    independence: Check

    @property
    def checks(self) -> tuple[Check, ...]:
        """All that were made, in order."""
        within = () if self.normality_within_groups is None else (self.normality_within_groups,)
        return self.normality, self.equal_variances, *within, self.independence

    @property
    def counting_normality(self) -> Check:
        """The check of normality that counts."""
        return self.normality_within_groups or self.normality

    @property
    def normal(self) -> bool:
        """Whether normality is not refuted."""
        return self.counting_normality.holds is not False

    @property
    def equal(self) -> bool:
        """Whether equal variances are not refuted."""
        return self.equal_variances.holds is not False


def check_assumptions(design: Design, residuals: NDArray[np.float64]) -> Assumptions:
    """Return what the residuals say about the assumptions.

    Args:
        design: The design.
        residuals: What its model leaves unexplained, in the table's order; shape (rows,).
    """
    variances = _equal_variances(design)
    return Assumptions(
        normality=_normality(residuals),
        equal_variances=variances,
        normality_within_groups=_normality_within(design, residuals) if variances.holds is False else None,
        independence=_independence(residuals),
    )


def _normality(residuals: NDArray[np.float64]) -> Check:
    name, test, count = "normality", "Shapiro-Wilk", len(residuals)
    if count > _MOST_FOR_NORMALITY:
        remark = f"not tested of {count} values: their means are as good as normal"
        return Check(assumption=name, test=test, statistic=None, p=None, holds=None, remark=remark)
    found = stats.shapiro(residuals)
    p = float(found.pvalue)
    return Check(assumption=name, test=test, statistic=float(found.statistic), p=p, holds=p >= ALPHA)


def _normality_within(design: Design, residuals: NDArray[np.float64]) -> Check | None:
    groups = design.groups(residuals)
    if min(len(group) for group in groups) < _FEWEST_TO_SCALE or any(float(np.ptp(group)) == 0.0 for group in groups):
        return None
    deviations = np.array([np.std(group, ddof=1) for group in groups])
    found = _normality(residuals / deviations[design.cells.codes])
    remark = found.remark or "residuals over their group's standard deviation"
    return replace(found, assumption="normality within groups", remark=remark)


def _equal_variances(design: Design) -> Check:
    name, test = "equal variances", "Brown-Forsythe"
    groups = design.groups()
    if max(len(group) for group in groups) < 3:
        remark = "not tested: two values a group say too little about their spread"
        return Check(assumption=name, test=test, statistic=None, p=None, holds=None, remark=remark)
    with np.errstate(divide="ignore", invalid="ignore"):  # values that are all equally far from their medians
        found = stats.levene(*groups, center="median")
    if not np.isfinite(found.statistic):
        remark = "not tested: the values of each group are equally far from its median"
        return Check(assumption=name, test=test, statistic=None, p=None, holds=None, remark=remark)
    p = float(found.pvalue)
    return Check(assumption=name, test=test, statistic=float(found.statistic), p=p, holds=p >= ALPHA)


def _independence(residuals: NDArray[np.float64]) -> Check:
    statistic = float(durbin_watson(residuals))
    holds = _ALIKE <= statistic <= _UNALIKE
    found = "alike" if statistic < _ALIKE else "opposed"
    remark = _LIMIT if holds else f"neighbouring rows are {found}, for which no p here allows; {_LIMIT}"
    return Check(
        assumption="independence", test="Durbin-Watson", statistic=statistic, p=None, holds=holds, remark=remark
    )
