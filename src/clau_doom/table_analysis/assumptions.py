"""Diagnostics of the assumptions of the F test, computed from the residuals.

- Normal residuals: Shapiro and Wilk's test (Biometrika 52, 1965), extended by Royston to 5,000 values (Applied
  Statistics 44, 1995). Larger samples are not tested: by the central limit theorem their means are close to normal.
  Unequal variances alone make residuals look long-tailed. In that case each residual is divided by the standard
  deviation of its cell and tested again, in cells of at least 8 values. The second result counts.
- Equal variances: Brown and Forsythe's test (Journal of the American Statistical Association 69, 1974), Levene's
  test about the medians. Block effects are not subtracted, because that would mix the variances of the cells.
- Independence: Durbin and Watson's statistic (Biometrika 37, 1950), the sum of squared differences of
  neighbouring residuals over the sum of their squares. It is near 2 if neighbouring rows are uncorrelated. It does not
  detect other dependence: of rows that share a seed or an agent, or of time in a sorted table.

A check that does not reject an assumption does not prove it. Small samples rarely reject any.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.stattools import durbin_watson

from clau_doom.table_analysis.design import Design

__all__ = ["ALPHA", "Assumptions", "Check", "check_assumptions"]

ALPHA = 0.05
"""Significance level of the checks and of the effects."""

_MOST_FOR_NORMALITY = 5_000
_FEWEST_TO_SCALE = 8  # scaling by the deviation of fewer values removes too much of their shape
_LEAST, _MOST = 1.5, 2.5  # rule of thumb, close to Durbin and Watson's bounds for 50 to 100 values
_LIMIT = "it compares neighbouring rows only, not rows that share a seed or an agent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Result of the check of one assumption.

    Attributes:
        assumption: ``normality``, ``equal variances``, ``normality within groups`` or ``independence``.
        test: The test's name.
        statistic: The test statistic, or None if it cannot be computed.
        p: The p-value, or None if it is not computed.
        holds: False if the assumption is rejected, True if it is not, None if it was not tested.
        remark: A limitation or the reason why nothing was tested; may be empty.
    """

    assumption: str
    test: str
    statistic: float | None
    p: float | None
    holds: bool | None
    remark: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumptions:
    """Checks of the F test's assumptions.

    Attributes:
        normality: Normality of the residuals.
        equal_variances: Equal variances of the cells.
        normality_within_groups: Normality of the residuals divided by the standard deviation of their cell; None unless
            variances are unequal and each cell is large enough.
        independence: Independence of neighbouring rows.
    """

    normality: Check
    equal_variances: Check
    normality_within_groups: Check | None
    independence: Check

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks, in order."""
        within = () if self.normality_within_groups is None else (self.normality_within_groups,)
        return self.normality, self.equal_variances, *within, self.independence

    @property
    def counting_normality(self) -> Check:
        """The check of normality that decides: within groups if there is one."""
        return self.normality_within_groups or self.normality

    @property
    def normal(self) -> bool:
        """Whether normality is not rejected."""
        return self.counting_normality.holds is not False

    @property
    def equal(self) -> bool:
        """Whether equal variances are not rejected."""
        return self.equal_variances.holds is not False


def check_assumptions(design: Design, residuals: NDArray[np.float64]) -> Assumptions:
    """Check the assumptions of the F test.

    Args:
        design: The design.
        residuals: Residuals of its model, in the table's order; shape (rows,).
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
        remark = f"not tested: the means of {count} values are close to normal"
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
        remark = "not tested: two values in each group are too few to estimate a variance"
        return Check(assumption=name, test=test, statistic=None, p=None, holds=None, remark=remark)
    with np.errstate(divide="ignore", invalid="ignore"):  # all values are equally far from their medians
        found = stats.levene(*groups, center="median")
    if not np.isfinite(found.statistic):
        remark = "not tested: the values of each group are equally far from its median"
        return Check(assumption=name, test=test, statistic=None, p=None, holds=None, remark=remark)
    p = float(found.pvalue)
    return Check(assumption=name, test=test, statistic=float(found.statistic), p=p, holds=p >= ALPHA)


def _independence(residuals: NDArray[np.float64]) -> Check:
    statistic = float(durbin_watson(residuals))
    holds = _LEAST <= statistic <= _MOST
    found = "positively correlated" if statistic < _LEAST else "negatively correlated"
    remark = _LIMIT if holds else f"neighbouring rows are {found}, which the p-values ignore; {_LIMIT}"
    return Check(
        assumption="independence", test="Durbin-Watson", statistic=statistic, p=None, holds=holds, remark=remark
    )
