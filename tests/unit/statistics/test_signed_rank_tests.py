"""Signed-rank tests against R, baycomp and hand calculation."""

import csv
from pathlib import Path

import numpy as np
import pytest

from clau_doom.statistics.signed_rank_tests import Posterior, bayesian_signed_rank, wilcoxon_p
from tests.unit.statistics.test_friedman import DEMSAR_SCORES

DATA = Path(__file__).parents[2] / "data/uci_accuracies.csv"


def posterior(differences: list[float], margin: float = 0.0) -> Posterior:
    return bayesian_signed_rank(differences, np.random.default_rng(1), margin=margin)


def uci_differences() -> list[float]:
    """Accuracy of naive Bayes less that of J48, in percent, on 54 data sets."""
    with DATA.open() as file:
        return [float(row["nbc"]) - float(row["j48"]) for row in csv.DictReader(file)]


def test_wilcoxon_of_few_values_is_exact() -> None:
    """R 4.2.2: wilcox.test(c(.1, .05, -.04, .3, -.01, .22)), p = 0.15625."""
    assert wilcoxon_p([0.1, 0.05, -0.04, 0.3, -0.01, 0.22]) == pytest.approx(0.15625)


def test_wilcoxon_of_demsar() -> None:
    """Demšar 2006, section 3.1.3: T = 12 with the rank of the zero split.

    z = (12 - 52.5) / √(14 · 15 · 29 / 24) = -2.542, so that p = 0.0110.
    """
    p = wilcoxon_p((DEMSAR_SCORES[:, 0] - DEMSAR_SCORES[:, 1]).tolist())
    assert p == pytest.approx(0.0110, abs=1e-4)


def test_equal_scores_do_not_differ() -> None:
    """Differences of 0 have no test statistic."""
    assert wilcoxon_p([0.0, 0.0]) == 1.0


def test_the_published_example_of_baycomp() -> None:
    """The README of baycomp: two_on_multiple(nbc, j48, rope=1) = (0.23124, 0.00666, 0.7621); the manual: 0.23014.

    The Monte-Carlo errors of ours and of theirs are 0.0019 each.
    """
    found = posterior(uci_differences(), margin=1.0)
    assert found.better == pytest.approx(0.23124, abs=0.009)
    assert found.equivalent == pytest.approx(0.00666, abs=0.002)
    assert found.worse == pytest.approx(0.7621, abs=0.009)
    assert found.better + (found.equivalent or 0.0) + found.worse == pytest.approx(1.0)


def test_without_a_margin() -> None:
    """Baycomp 1.0.3: SignedRankTest.probs(nbc, j48), mean of three seeds (0.22426, 0.77574)."""
    found = posterior(uci_differences())
    assert found.equivalent is None
    assert (found.better, found.worse) == pytest.approx((0.22426, 0.77574), abs=0.009)


def test_few_tasks() -> None:
    """Baycomp 1.0.3, means of eight seeds: with rope=0.04 (0.65404, 0.33527, 0.01070), without (0.87685, 0.12315)."""
    differences = [0.1, 0.05, -0.05, 0.3, -0.01]
    found = posterior(differences, margin=0.04)
    assert (found.better, found.equivalent, found.worse) == pytest.approx((0.65404, 0.33527, 0.01070), abs=0.008)
    assert posterior(differences).better == pytest.approx(0.87685, abs=0.006)


def test_a_single_better_task_is_better_than_the_prior() -> None:
    """By hand: with weights w0 of 0 and w1 of 1, better = 1 - w0² / 2 is always above one half."""
    assert posterior([1.0]).better == 1.0
    assert posterior([0.5], margin=1.0).equivalent == 1.0


def test_opposite_differences_are_even() -> None:
    """By symmetry."""
    assert posterior([1.0, -1.0]).better == pytest.approx(0.5, abs=0.01)


def test_equal_methods_are_even() -> None:
    """By hand: all sums are 0 and count half. With a margin, the methods are equivalent in each draw."""
    assert posterior([0.0, 0.0, 0.0]) == Posterior(better=0.5, equivalent=None, worse=0.5)
    assert posterior([0.0, 0.0, 0.0], margin=0.1) == Posterior(better=0.0, equivalent=1.0, worse=0.0)
