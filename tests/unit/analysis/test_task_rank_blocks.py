"""Texts and tables of tests over tasks."""

from typing import cast

import numpy as np
import pytest

from clau_doom.analysis.charts import RankPlot
from clau_doom.analysis.document import Block, Chart, Paragraph, Table
from clau_doom.analysis.task_blocks import TaskTerms
from clau_doom.analysis.task_rank_blocks import friedman_sentence, pair_blocks, pair_sentences, rank_blocks
from clau_doom.statistics.task_comparison import TaskComparison, TaskScores, compare_over_tasks

TERMS = TaskTerms(method="method", task="task", scale="Higher scores are better.")


def compared(scores: list[list[float]], control: str | None = None, margin: float = 0.0) -> TaskComparison:
    """Compare methods with one run of each task; a row has the scores of a task."""
    methods = tuple("abcdefgh"[: len(scores[0])])
    runs = tuple(tuple((row[at],) for row in scores) for at in range(len(methods)))
    tasks = tuple(map(str, range(len(scores))))
    found = TaskScores(methods=methods, tasks=tasks, runs=runs, normalized=False)
    return compare_over_tasks(found, np.random.default_rng(1), control=control, margin=margin)


def texts(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Paragraph)]


def headings(block: Block) -> list[str]:
    return [column.heading for column in cast("Table", block).columns]


CLEAR = [[1.0, 2.0 + task, 3.0 + 2 * task] for task in range(12)]
"""Twelve tasks that rank c above b above a."""


def test_methods_in_the_same_order_on_all_tasks_differ() -> None:
    """χ² = 24 of at most 24 by hand; F is infinite, and the p-value comes from permutations."""
    found = compared(CLEAR)
    assert friedman_sentence(found, TERMS) == (
        "The ranks of the methods differ over 12 tasks: χ²(2) = 24.00, p < 0.001 by Friedman's test with permutations."
    )
    table, chart = rank_blocks(found, TERMS)
    assert cast("Table", table).title == "Tests of equal ranks"
    assert headings(table) == ["test", "statistic", "df", "p"]
    assert cast("Table", table).rows[1][1] == "infinite"
    plot = cast("Chart", chart).plot
    assert isinstance(plot, RankPlot)
    assert [(row.label, row.text) for row in plot.rows] == [("c", "1.00"), ("b", "2.00"), ("a", "3.00")]
    # The critical difference is 2.343 · √(12 / 72) = 0.957, less than 1: no two methods are joined.
    assert plot.difference == pytest.approx(0.957, abs=1e-3)
    assert plot.groups == ()
    assert [row[2] for row in cast("Chart", chart).table.rows] == ["1", "2", "3"]


def test_sentences_name_the_better_method() -> None:
    """The first method of a pair is ahead or behind."""
    ahead, behind, _ = (*pair_sentences(compared([[2.0, 1.0 - task, 3.0 + task] for task in range(12)])),)
    assert ahead.startswith("a is ahead of b: p = 0.001 by Wilcoxon's signed-rank test, Holm-corrected;")
    assert behind.startswith("a is behind c: ")
    assert behind.endswith("; a run of a is above with a probability of 0 %.")


def test_equal_scores_show_no_difference() -> None:
    """Neither over all methods nor in pairs."""
    found = compared([[1.0, 1.0]] * 6)
    assert friedman_sentence(found, TERMS).startswith("No difference of the methods' ranks is shown over 6 tasks: ")
    assert pair_sentences(found)[0].startswith("No difference between a and b is shown: p = 1.000")


def test_few_tasks_have_warnings() -> None:
    """Five tasks: the smallest p-value of a signed-rank test is 2 / 2⁵ = 0.0625; six tasks allow 0.031."""
    five, six = compared(CLEAR[:5], control="a"), compared([row[:2] for row in CLEAR[:6]])
    assert "5 tasks: below 10 tasks" in texts(rank_blocks(five, TERMS))[0]
    assert texts(pair_blocks(five, TERMS)) == [
        "With 5 tasks and 2 comparisons, the corrected p-value of Wilcoxon's test cannot be below 0.05."
    ]
    assert texts(pair_blocks(six, TERMS)) == []


def test_a_control_has_z_tests_instead_of_nemenyi() -> None:
    """Both kinds of comparisons keep Wilcoxon's test; a margin adds the probability of equivalence."""
    tests, chances = pair_blocks(compared(CLEAR, control="b", margin=0.5), TERMS)
    assert headings(tests) == ["compared", "ranks ahead", "z", "p, ranks, Holm", "p, Wilcoxon", "p, Holm"]
    assert headings(chances)[2:] == ["first better", "equivalent", "second better"]
    better = "First better: the posterior probability that differences of the mean scores"
    assert f"{better} above 0.500 in its favour prevail on tasks like these" in cast("Table", chances).note
    tests, chances = pair_blocks(compared(CLEAR), TERMS)
    assert headings(tests) == ["compared", "ranks ahead", "p, Nemenyi", "p, Wilcoxon", "p, Holm"]
    assert headings(chances)[2:] == ["first better", "second better"]
    assert f"{better} in its favour prevail on tasks like these" in cast("Table", chances).note


def test_two_methods_have_the_sign_test() -> None:
    """The note names the test with more power."""
    (table, *_) = rank_blocks(compared([row[:2] for row in CLEAR]), TERMS)
    assert "With two methods it is the sign test" in cast("Table", table).note
    (table, *_) = rank_blocks(compared(CLEAR), TERMS)
    assert "sign test" not in cast("Table", table).note
