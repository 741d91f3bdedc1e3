"""Comparisons of the mean ranks of methods over tasks, after Friedman's test.

After Demšar, "Statistical comparisons of classifiers over multiple data sets", Journal of Machine Learning Research 7,
2006. With N tasks and k methods a mean rank has the standard error √(k (k + 1) / (6 N)) of a difference.

- **Nemenyi** ("Distribution-free multiple comparisons", Princeton 1963): all pairs, by the studentized range. Two mean
  ranks differ significantly if they are at least the critical difference apart.
- **With a control**: a z test of each other method, with the step-down correction of Holm ("A simple sequentially
  rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979), and the step-up one of Hochberg ("A
  sharper Bonferroni procedure for multiple tests of significance", Biometrika 75, 1988). The critical difference of
  Bonferroni and Dunn belongs to Bonferroni's correction.

The difference of two mean ranks depends on the other methods as well (Benavoli, Corani and Mangili, "Should we really
use post-hoc tests based on mean-ranks?", Journal of Machine Learning Research 17, 2016). `signed_rank_tests` compares
two methods by their own scores only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from clau_doom.statistics.studentized_range import quantile, tail_probability

__all__ = [
    "ControlComparison",
    "against_control",
    "bonferroni_dunn_difference",
    "nemenyi_difference",
    "nemenyi_p",
    "undivided_groups",
]

_ALPHA = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlComparison:
    """Comparison of a method's mean rank with that of the control.

    Attributes:
        method: Index of the method.
        z: Difference of the mean ranks, control less method, over its standard error; above 0 if the method is better.
        p: Two-sided p-value.
        p_holm: P-value after Holm's correction for all comparisons with the control.
        p_hochberg: P-value after Hochberg's correction.
    """

    method: int
    z: float
    p: float
    p_holm: float
    p_hochberg: float


def nemenyi_p(mean_ranks: Sequence[float], tasks: int) -> tuple[tuple[float, ...], ...]:
    """Return Nemenyi's p-value of each pair of methods, as a symmetric matrix with ones on its diagonal."""
    ranks = np.asarray(mean_ranks)
    # The studentized range has the standard error of one mean, the difference that of two.
    ranges = np.abs(ranks[:, None] - ranks) / _standard_error(len(ranks), tasks) * np.sqrt(2.0)
    found = tail_probability(ranges.ravel(), len(ranks), np.full(ranges.size, np.inf))
    return tuple(tuple(row) for row in np.minimum(found, 1.0).reshape(ranges.shape).tolist())


def nemenyi_difference(methods: int, tasks: int) -> float:
    """Return Nemenyi's critical difference of two mean ranks at 5 %."""
    (largest,) = quantile(1.0 - _ALPHA, methods, np.array([np.inf])).tolist()
    return float(largest) / math.sqrt(2.0) * _standard_error(methods, tasks)


def bonferroni_dunn_difference(methods: int, tasks: int, *, alpha: float = _ALPHA) -> float:
    """Return the critical difference of a mean rank from that of the control, with Bonferroni's correction.

    Args:
        methods: Number of methods, with the control.
        tasks: Number of tasks.
        alpha: Significance level of all comparisons with the control together.
    """
    return float(stats.norm.isf(alpha / (2 * (methods - 1)))) * _standard_error(methods, tasks)


def against_control(mean_ranks: Sequence[float], tasks: int, control: int) -> tuple[ControlComparison, ...]:
    """Compare each other method's mean rank with that of the control.

    Args:
        mean_ranks: Mean rank of each method.
        tasks: Number of tasks.
        control: Index of the control.
    """
    error = _standard_error(len(mean_ranks), tasks)
    others = [method for method in range(len(mean_ranks)) if method != control]
    zs = [(mean_ranks[control] - mean_ranks[method]) / error for method in others]
    ps = [2.0 * float(stats.norm.sf(abs(z))) for z in zs]
    holm, hochberg = (multipletests(ps, method=name)[1].tolist() for name in ("holm", "simes-hochberg"))
    return tuple(
        ControlComparison(method=method, z=z, p=p, p_holm=by_holm, p_hochberg=by_hochberg)
        for method, z, p, by_holm, by_hochberg in zip(others, zs, ps, holm, hochberg, strict=True)
    )


def undivided_groups(mean_ranks: Sequence[float], difference: float) -> tuple[tuple[int, ...], ...]:
    """Return the largest groups of methods whose mean ranks are less than a critical difference apart.

    Args:
        mean_ranks: Mean rank of each method.
        difference: The critical difference.

    Returns:
        Indices of the methods of each group by ascending rank. A method that differs from all others is a group.
    """
    order = sorted(range(len(mean_ranks)), key=lambda method: mean_ranks[method])
    found: list[tuple[int, ...]] = []
    for start, first in enumerate(order):
        group = tuple(method for method in order[start:] if mean_ranks[method] - mean_ranks[first] < difference)
        if not found or group[-1] != found[-1][-1]:
            found.append(group)
    return tuple(found)


def _standard_error(methods: int, tasks: int) -> float:
    return math.sqrt(methods * (methods + 1) / (6.0 * tasks))
