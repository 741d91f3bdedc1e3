"""Friedman's test of methods over tasks, on the ranks of the methods within each task.

- Friedman, "The use of ranks to avoid the assumption of normality", Journal of the American Statistical Association 32,
  1937. With N tasks, k methods and mean ranks R_j, χ² = 12 N / (k (k + 1)) · Σ (R_j - (k + 1) / 2)², divided by
  1 - Σ (t³ - t) / (N k (k² - 1)) for groups of t tied scores, as in R's `friedman.test`.
- Iman and Davenport, "Approximations of the critical region of the Friedman statistic", Communications in Statistics
  A9, 1980: F = (N - 1) χ² / (N (k - 1) - χ²) with k - 1 and (k - 1) (N - 1) degrees of freedom. It is less
  conservative than the chi-squared distribution, and recommended by Demšar, "Statistical comparisons of classifiers
  over multiple data sets", Journal of Machine Learning Research 7, 2006.
- The permutation test counts the arrangements of the scores within tasks whose χ² is at least the observed one. It is
  exact with any number of tasks; with more than `PERMUTATIONS` arrangements they are drawn at random.

`scipy.stats.friedmanchisquare` has no F, wants three methods, and returns NaN if all scores of each task are tied.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["PERMUTATIONS", "FriedmanTest", "friedman_chi_squared", "friedman_test", "iman_davenport"]

PERMUTATIONS = 9_999
"""Largest number of arrangements in the permutation test."""

_BATCH = 1_000  # arrangements in memory at a time

_Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class FriedmanTest:
    """Result of Friedman's test.

    Attributes:
        mean_ranks: Mean rank of each method over the tasks; 1 is the highest score.
        tasks: Number of tasks.
        chi_squared: The statistic, corrected for ties.
        uncorrected: The statistic without the correction, as in Demšar's equation.
        df: Degrees of freedom of the chi-squared distribution.
        p_chi_squared: P-value from the chi-squared distribution, for many tasks.
        p: P-value of the permutation test.
        f: Iman and Davenport's F, or None if all tasks rank the methods alike.
        f_df: Its degrees of freedom.
        p_f: P-value of F, or None.
        kendall_w: Kendall's coefficient of concordance, from 0 (no agreement between tasks) to 1.
    """

    mean_ranks: tuple[float, ...]
    tasks: int
    chi_squared: float
    uncorrected: float
    df: int
    p_chi_squared: float
    p: float
    f: float | None
    f_df: tuple[int, int]
    p_f: float | None
    kendall_w: float


def friedman_test(scores: _Values, rng: np.random.Generator) -> FriedmanTest:
    """Test whether methods have equal ranks over tasks.

    Args:
        scores: One score for each task and method, the higher the better; shape (tasks, methods), two of each at least.
        rng: Generator of the permutations.
    """
    tasks, methods = scores.shape
    ranks = np.asarray(stats.rankdata(-scores, axis=1), dtype=np.float64)
    mean_ranks = ranks.mean(axis=0)
    uncorrected, chi_squared = friedman_chi_squared(ranks)
    f, p_f = iman_davenport(chi_squared, tasks, methods)
    return FriedmanTest(
        mean_ranks=tuple(mean_ranks.tolist()),
        tasks=tasks,
        chi_squared=chi_squared,
        uncorrected=uncorrected,
        df=methods - 1,
        p_chi_squared=float(stats.chi2.sf(chi_squared, methods - 1)),
        p=_permutation_p(ranks, rng),
        f=f,
        f_df=(methods - 1, (methods - 1) * (tasks - 1)),
        p_f=p_f,
        kendall_w=chi_squared / (tasks * (methods - 1)),
    )


def friedman_chi_squared(ranks: _Values) -> tuple[float, float]:
    """Return Friedman's statistic without and with the correction for ties; 0 if all scores of each task are tied.

    Args:
        ranks: Rank of each method within each task; shape (tasks, methods), two methods at least.
    """
    tasks, methods = ranks.shape
    deviations = ranks.mean(axis=0) - (methods + 1) / 2.0
    uncorrected = 12.0 * tasks / (methods * (methods + 1)) * float((deviations**2).sum())
    untied = 1.0 - _ties(ranks) / (tasks * methods * (methods**2 - 1))
    return uncorrected, uncorrected / untied if untied > 0.0 else 0.0


def iman_davenport(chi_squared: float, tasks: int, methods: int) -> tuple[float | None, float | None]:
    """Return Iman and Davenport's F and its p-value; None for both if all tasks rank the methods alike."""
    rest = tasks * (methods - 1) - chi_squared
    if rest <= 1e-9 * chi_squared:
        return None, None
    f = (tasks - 1) * chi_squared / rest
    return f, float(stats.f.sf(f, methods - 1, (methods - 1) * (tasks - 1)))


def _ties(ranks: _Values) -> int:
    """Return the sum of t³ - t over all groups of t tied ranks of a task."""
    return sum(int((counts**3 - counts).sum()) for row in ranks for _, counts in [np.unique(row, return_counts=True)])


def _permutation_p(ranks: _Values, rng: np.random.Generator) -> float:
    def spread(*columns: _Values, axis: int) -> _Values:
        found: _Values = np.sum([column.sum(axis=axis) ** 2 for column in columns], axis=0)
        return found

    found = stats.permutation_test(
        tuple(ranks.T),
        spread,
        permutation_type="samples",
        vectorized=True,
        n_resamples=PERMUTATIONS,
        batch=_BATCH,
        alternative="greater",
        rng=rng,
    )
    return float(found.pvalue)
