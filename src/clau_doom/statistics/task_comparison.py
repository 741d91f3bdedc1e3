"""Comparison of methods over several tasks, from the scores of independent runs.

Aggregates and probabilities of improvement describe these tasks (see `rliable_aggregates`): their intervals cover the
chance of the runs. Tests of ranks and signed ranks take one score for each task, the mean of its runs, and describe a
population of tasks that these are drawn from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

from clau_doom.statistics.friedman import FriedmanTest, friedman_test
from clau_doom.statistics.mean_rank_comparisons import (
    ControlComparison,
    against_control,
    nemenyi_difference,
    nemenyi_p,
    undivided_groups,
)
from clau_doom.statistics.rliable_aggregates import (
    Aggregates,
    Estimate,
    PerformanceProfile,
    aggregate,
    optimality_gap,
    performance_profile,
    probabilities_of_improvement,
    thresholds_over,
)
from clau_doom.statistics.signed_rank_tests import Posterior, bayesian_signed_rank, wilcoxon_p

__all__ = [
    "FEW_TASKS",
    "MOST_METHODS",
    "MethodPair",
    "MethodSummary",
    "TaskComparison",
    "TaskScores",
    "compare_over_tasks",
]

MOST_METHODS = 20
"""Largest number of methods. All pairs are compared."""

FEW_TASKS = 10
"""Number of tasks below which rank tests have little power (Demšar 2006)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskScores:
    """Scores of runs, the higher the better.

    Attributes:
        methods: Names of the methods, two or more.
        tasks: Names of the tasks, two or more.
        runs: The scores of each method's runs on each task, one or more; by method, then by task.
        normalized: Whether the scores of all tasks share a scale on which 1 is a target.
    """

    methods: tuple[str, ...]
    tasks: tuple[str, ...]
    runs: tuple[tuple[tuple[float, ...], ...], ...]
    normalized: bool

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean score of the runs; shape (tasks, methods)."""
        return np.array([[float(np.mean(runs)) for runs in row] for row in self.runs]).T


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodSummary:
    """Scores of a method over all tasks.

    Attributes:
        method: Name of the method.
        runs: Number of its runs on all tasks.
        mean_rank: Mean rank over the tasks; 1 is the best.
        aggregates: Mean, median and interquartile mean.
        gap: Optimality gap, or None if the scores are not normalised.
        profile: Share of runs above each threshold. Its intervals are empty if those of the aggregates are withheld.
    """

    method: str
    runs: int
    mean_rank: float
    aggregates: Aggregates
    gap: Estimate | None
    profile: PerformanceProfile


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodPair:
    """Comparison of two methods.

    Attributes:
        first: Name of the first method.
        second: Name of the second.
        improvement: Probability that a run of the first is above one of the second on the same task, as a mean over
            tasks.
        rank_difference: Mean rank of the second less that of the first; above 0 if the first is better.
        p_nemenyi: Nemenyi's p-value, corrected for all pairs.
        p_wilcoxon: P-value of Wilcoxon's signed-rank test.
        p_wilcoxon_holm: The same after Holm's correction for all pairs.
        posterior: Probabilities of the Bayesian signed-rank test.
    """

    first: str
    second: str
    improvement: Estimate
    rank_difference: float
    p_nemenyi: float
    p_wilcoxon: float
    p_wilcoxon_holm: float
    posterior: Posterior


@dataclass(frozen=True, kw_only=True)
class TaskComparison:
    """Comparison of methods over tasks.

    Attributes:
        scores: The scores.
        methods: Summaries of the methods, in the order of the scores.
        friedman: Test of equal ranks.
        critical_difference: Nemenyi's critical difference of two mean ranks at 5 %.
        groups: Largest groups of methods without a significant difference of mean ranks, by ascending rank.
        pairs: All pairs of methods; with a control, the pairs with the control.
        control: Name of the control, or None.
        control_ranks: Comparisons of the mean ranks with the control's; empty without a control.
        margin: Largest difference of scores without practical meaning; 0 for none.
    """

    scores: TaskScores
    methods: tuple[MethodSummary, ...]
    friedman: FriedmanTest
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]
    pairs: tuple[MethodPair, ...]
    control: str | None
    control_ranks: tuple[ControlComparison, ...]
    margin: float


def compare_over_tasks(
    scores: TaskScores, rng: np.random.Generator, *, control: str | None = None, margin: float = 0.0
) -> TaskComparison:
    """Compare methods over tasks.

    Args:
        scores: The scores.
        rng: Generator of resamples, permutations and draws.
        control: Name of the method that the others are compared with. None: all pairs are compared.
        margin: Largest difference of scores without practical meaning, at least 0.
    """
    friedman = friedman_test(scores.means, rng)
    ranks, tasks = friedman.mean_ranks, len(scores.tasks)
    difference = nemenyi_difference(len(ranks), tasks)
    at = None if control is None else scores.methods.index(control)
    return TaskComparison(
        scores=scores,
        methods=_summaries(scores, ranks, rng),
        friedman=friedman,
        critical_difference=difference,
        groups=tuple(
            tuple(scores.methods[method] for method in group) for group in undivided_groups(ranks, difference)
        ),
        pairs=_holm(_pairs(scores, ranks, at, margin, rng)),
        control=control,
        control_ranks=() if at is None else against_control(ranks, tasks, at),
        margin=margin,
    )


def _summaries(scores: TaskScores, ranks: Sequence[float], rng: np.random.Generator) -> tuple[MethodSummary, ...]:
    thresholds = thresholds_over([value for row in scores.runs for runs in row for value in runs])
    found = []
    for method, row, rank in zip(scores.methods, scores.runs, ranks, strict=True):
        aggregates, profile = aggregate(row, rng), performance_profile(row, thresholds, rng)
        found.append(
            MethodSummary(
                method=method,
                runs=sum(map(len, row)),
                mean_rank=rank,
                aggregates=aggregates,
                gap=optimality_gap(row, rng) if scores.normalized else None,
                profile=replace(profile, low=(), high=()) if aggregates.mean.reason else profile,
            )
        )
    return tuple(found)


def _pairs(
    scores: TaskScores, ranks: Sequence[float], control: int | None, margin: float, rng: np.random.Generator
) -> list[MethodPair]:
    means, nemenyi = scores.means, nemenyi_p(ranks, len(scores.tasks))
    every = combinations(range(len(ranks)), 2)
    places = [*every] if control is None else [(each, control) for each in range(len(ranks)) if each != control]
    improvements = probabilities_of_improvement(scores.runs, places, rng)
    found = []
    for (first, second), improvement in zip(places, improvements, strict=True):
        differences = (means[:, first] - means[:, second]).tolist()
        p = wilcoxon_p(differences)
        found.append(
            MethodPair(
                first=scores.methods[first],
                second=scores.methods[second],
                improvement=improvement,
                rank_difference=ranks[second] - ranks[first],
                p_nemenyi=nemenyi[first][second],
                p_wilcoxon=p,
                p_wilcoxon_holm=p,
                posterior=bayesian_signed_rank(differences, rng, margin=margin),
            )
        )
    return found


def _holm(pairs: Sequence[MethodPair]) -> tuple[MethodPair, ...]:
    corrected = multipletests([pair.p_wilcoxon for pair in pairs], method="holm")[1].tolist()
    return tuple(replace(pair, p_wilcoxon_holm=p) for pair, p in zip(pairs, corrected, strict=True))
