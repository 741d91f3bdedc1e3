"""Diagnostics of a design: normality, equal variances, saturation, and independence along an order.

They describe the data and do not select the test.

- Normality: Shapiro and Wilk's test (Biometrika 52, 1965; Royston, Applied Statistics 44, 1995) of the residuals, each
  divided by the standard deviation of its cell if each cell has at least 8 values.
- Equal variances: Brown and Forsythe's test (Journal of the American Statistical Association 69, 1974).
- Skewness of the residuals, each divided by the standard deviation of its cell (without blocks).
- Sample size: a warning if the smallest cell has fewer than 10 values (without blocks).
- Saturation: the largest share of values in a cell that equal the largest value of the response, or the smallest.
- Independence, only along a column that gives the order: Durbin and Watson's statistic (Biometrika 37, 1950) of the
  residuals in that order, with a p-value from random orders.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from clau_doom.statistics.skewness import most_skewed, pooled_skewness
from clau_doom.table_analysis.design import Design
from clau_doom.table_analysis.linear_models import fit
from clau_doom.table_analysis.permutation import PERMUTATIONS, permutation_generator

__all__ = ["Diagnostic", "diagnose"]

_MOST_FOR_NORMALITY = 5_000
_FEWEST_TO_SCALE = 8  # scaling by the deviation of fewer values removes too much of their shape
_SATURATED = 0.5
_ENOUGH = 10  # values in a cell; with fewer, simulated rates of false positives at 5 % reach 13 %


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One diagnostic.

    Attributes:
        name: ``normality``, ``equal variances``, ``skewness``, ``sample size``, ``saturation``, ``independence`` or
            ``homogeneity of slopes``.
        method: Name of the test or measure.
        statistic: Its value, or None if it cannot be computed.
        p: The p-value, or None.
        remark: What it means for the analysis, or why it was not computed; may be empty.
    """

    name: str
    method: str
    statistic: float | None
    p: float | None
    remark: str = ""


def diagnose(design: Design, order: NDArray[np.float64] | None = None) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a design.

    Args:
        design: The design.
        order: A value for each row by which rows are ordered, or None; shape (rows,).
    """
    found = [_normality(design), _equal_variances(design), _saturation(design)]
    if design.block is None:
        found += [_skewness(design), *_sample_size(design)]
    return (*found, _independence(design, order)) if order is not None else tuple(found)


def _residuals(design: Design) -> NDArray[np.float64]:
    if design.covariates:
        return fit(replace(design, block=None)).residuals
    means = np.array([group.mean() for group in design.groups(design.centred)])
    return np.asarray(design.centred - means[design.cells.codes], dtype=np.float64)


def _groups(design: Design) -> tuple[NDArray[np.float64], ...]:
    """Return the values of each cell; with covariates the residuals."""
    return design.groups(_residuals(design) if design.covariates else design.centred)


def _normality(design: Design) -> Diagnostic:
    residuals, groups = _residuals(design), _groups(design)
    remark = "residuals"
    if min(map(len, groups)) >= _FEWEST_TO_SCALE and all(float(np.ptp(group)) > 0.0 for group in groups):
        deviations = np.array([np.std(group, ddof=1) for group in groups])
        residuals, remark = residuals / deviations[design.cells.codes], "residuals over the deviation of their cell"
    if len(residuals) > _MOST_FOR_NORMALITY:
        remark = f"not tested above {_MOST_FOR_NORMALITY} values"
        return Diagnostic(name="normality", method="Shapiro-Wilk", statistic=None, p=None, remark=remark)
    if len(residuals) < 3 or float(np.ptp(residuals)) == 0.0:
        return Diagnostic(name="normality", method="Shapiro-Wilk", statistic=None, p=None, remark="too few values")
    found = stats.shapiro(residuals)
    return Diagnostic(
        name="normality",
        method="Shapiro-Wilk",
        statistic=float(found.statistic),
        p=float(found.pvalue),
        remark=remark,
    )


def _equal_variances(design: Design) -> Diagnostic:
    name, method, groups = "equal variances", "Brown-Forsythe", _groups(design)
    if max(len(group) for group in groups) < 3:
        remark = "two values in each cell are too few"
        return Diagnostic(name=name, method=method, statistic=None, p=None, remark=remark)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = stats.levene(*groups, center="median")
    if not np.isfinite(found.statistic):
        remark = "all values of a cell are equally far from its median"
        return Diagnostic(name=name, method=method, statistic=None, p=None, remark=remark)
    return Diagnostic(name=name, method=method, statistic=float(found.statistic), p=float(found.pvalue))


def _skewness(design: Design) -> Diagnostic:
    groups = _groups(design)
    n = min(map(len, groups))
    remark = f"means are compared up to {most_skewed(n):.2f} with {n} values in a cell"
    return Diagnostic(
        name="skewness", method="pooled over cells", statistic=pooled_skewness(groups), p=None, remark=remark
    )


def _sample_size(design: Design) -> Iterator[Diagnostic]:
    n = min(map(len, design.groups()))
    if n < _ENOUGH:
        remark = f"{n} values: p is too small if values are skewed and spreads differ; collect at least {_ENOUGH}"
        yield Diagnostic(name="sample size", method="smallest cell", statistic=None, p=None, remark=remark)


def _saturation(design: Design) -> Diagnostic:
    bounds = (float(design.values.max()), float(design.values.min()))
    share = max(float(np.mean(group == bound)) for group in design.groups() for bound in bounds)
    remark = ""
    if share >= _SATURATED:
        remark = f"{100 * share:.0f} % of a cell are at the response's limit: its mean and variance say little"
    return Diagnostic(name="saturation", method="share at a limit", statistic=share, p=None, remark=remark)


def _independence(design: Design, order: NDArray[np.float64]) -> Diagnostic:
    residuals = _residuals(design)[np.argsort(order, kind="stable")]
    rng = permutation_generator()
    observed = _durbin_watson(residuals)
    drawn = np.array([_durbin_watson(rng.permutation(residuals)) for _ in range(PERMUTATIONS)])
    below, above = int((drawn <= observed).sum()), int((drawn >= observed).sum())
    p = min(1.0, 2 * (1 + min(below, above)) / (1 + PERMUTATIONS))
    return Diagnostic(name="independence", method="Durbin-Watson", statistic=observed, p=p)


def _durbin_watson(residuals: NDArray[np.float64]) -> float:
    return float((np.diff(residuals) ** 2).sum() / (residuals**2).sum())
