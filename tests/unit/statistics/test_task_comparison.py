"""Comparison of methods over tasks."""

import numpy as np
import pytest

from clau_doom.statistics.task_comparison import TaskScores, compare_over_tasks
from tests.unit.statistics.test_friedman import DEMSAR_SCORES
from tests.unit.statistics.test_rliable_aggregates import atari


def demsar() -> TaskScores:
    return TaskScores(
        methods=("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"),
        tasks=tuple(f"data set {number}" for number in range(1, 15)),
        runs=tuple(tuple((value,) for value in column) for column in DEMSAR_SCORES.T.tolist()),
        normalized=False,
    )


def atari_scores() -> TaskScores:
    runs = {method: atari(method) for method in ("TWM", "DIAMOND")}
    return TaskScores(
        methods=tuple(runs),
        tasks=tuple(map(str, range(26))),
        runs=tuple(tuple(map(tuple, strata)) for strata in runs.values()),
        normalized=True,
    )


def test_all_pairs_of_demsar() -> None:
    """Demšar 2006: mean ranks and the critical difference; Holm over six signed-rank tests, by R's p.adjust rule."""
    found = compare_over_tasks(demsar(), np.random.default_rng(1))
    assert [each.mean_rank for each in found.methods] == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert found.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"),)
    assert (found.control_ranks, found.margin) == ((), 0.0)
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    assert len(pairs) == 6
    pair = pairs["C4.5", "C4.5+m+cf"]
    assert pair.rank_difference == pytest.approx(-1.179, abs=1e-3)
    assert pair.p_nemenyi == pytest.approx(0.0741847950725, rel=1e-5)
    smallest = min(found.pairs, key=lambda each: each.p_wilcoxon)
    assert smallest.p_wilcoxon_holm == pytest.approx(6 * smallest.p_wilcoxon)


def test_one_run_of_each_task_has_no_intervals() -> None:
    """Resamples of one run do not vary. The aggregates are withheld, the tests over tasks are not."""
    found = compare_over_tasks(demsar(), np.random.default_rng(1))
    assert {each.aggregates.mean.reason for each in found.methods} == {"1 of at least 5 values in a stratum"}
    assert {pair.improvement.low for pair in found.pairs} == {None}
    assert [each.gap for each in found.methods] == [None] * 4


def test_a_control_limits_the_pairs() -> None:
    """Three comparisons with the control, in its favour below 0."""
    found = compare_over_tasks(demsar(), np.random.default_rng(1), control="C4.5")
    assert [(pair.first, pair.second) for pair in found.pairs] == [
        ("C4.5+m", "C4.5"),
        ("C4.5+cf", "C4.5"),
        ("C4.5+m+cf", "C4.5"),
    ]
    assert [each.method for each in found.control_ranks] == [1, 2, 3]
    assert found.pairs[0].rank_difference == pytest.approx(3.143 - 2.000, abs=1e-3)


def test_the_published_table_of_runs() -> None:
    """Aggregates of both agents, as in `test_rliable_aggregates`, and their comparison over 26 games."""
    found = compare_over_tasks(atari_scores(), np.random.default_rng(1), margin=0.05)
    assert [each.aggregates.iqm.value for each in found.methods] == pytest.approx([0.459, 0.641], abs=5e-4)
    assert [each.gap.value for each in found.methods if each.gap] == pytest.approx([0.513, 0.480], abs=5e-4)
    assert [each.runs for each in found.methods] == [130, 130]
    (pair,) = found.pairs
    assert (pair.first, pair.second) == ("TWM", "DIAMOND")
    assert pair.improvement.value == pytest.approx(1 - 0.64692308, rel=1e-7)
    assert pair.posterior.equivalent is not None
    # R 4.2.2: wilcox.test of the 26 differences of means, exact.
    assert pair.p_wilcoxon == pytest.approx(0.0271958112717, rel=1e-6)
    assert len(found.methods[0].profile.thresholds) == 101
