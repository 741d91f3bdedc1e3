"""Tables and charts of scores over tasks."""

from typing import cast

import numpy as np
import pytest

from clau_doom.analysis.charts import XYPlot
from clau_doom.analysis.document import Chart, Measured, Share, Table
from clau_doom.analysis.task_blocks import TaskTerms, aggregate_blocks, profile_blocks, score_blocks
from clau_doom.statistics.task_comparison import TaskComparison, TaskScores, compare_over_tasks

TERMS = TaskTerms(method="method", task="task", scale="Higher scores are better.")


def compared(*runs: list[list[float]], normalized: bool = True) -> TaskComparison:
    """Compare methods by the runs of each task."""
    scores = TaskScores(
        methods=tuple("abcdefgh"[: len(runs)]),
        tasks=tuple(f"t{at}" for at in range(len(runs[0]))),
        runs=tuple(tuple(map(tuple, row)) for row in runs),
        normalized=normalized,
    )
    return compare_over_tasks(scores, np.random.default_rng(1))


FIVE = [0.1, 0.2, 0.4, 0.3, 0.5]


def test_normalised_scores_have_an_optimality_gap() -> None:
    """By hand: task means 0.3 and 1.3; the runs of the second task are above 1, so that the gap is 0.7 / 2."""
    found = compared([FIVE, [1.0 + run for run in FIVE]], [FIVE, FIVE])
    table, chart = (cast("Table", aggregate_blocks(found, TERMS)[0]), cast("Chart", aggregate_blocks(found, TERMS)[1]))
    assert table.columns[-1].heading == "optimality gap [95 %]"
    mean, median, gap = (cast("Measured", cell) for cell in table.rows[0][3:])
    assert (mean.value, median.value, gap.value) == pytest.approx((0.8, 0.8, 0.35))
    assert mean.low is not None
    assert median.low is None
    assert gap.low is not None
    assert "a median over strata is biased for few scores" in table.note
    assert len(chart.table.rows) == 2


def test_other_scores_have_none() -> None:
    """Nor a remark on it."""
    (table, _) = aggregate_blocks(compared([FIVE, FIVE], [FIVE, FIVE], normalized=False), TERMS)
    assert cast("Table", table).columns[-1].heading == "median"
    assert "optimality" not in cast("Table", table).note


def test_unequal_numbers_of_runs_are_named() -> None:
    """A task with more runs has more weight in the interquartile mean."""
    (table, _) = aggregate_blocks(compared([FIVE, [*FIVE, 0.7]], [FIVE, FIVE]), TERMS)
    assert "A task with more runs has more weight" in cast("Table", table).note


def test_profiles_show_intervals_with_a_width_only() -> None:
    """At the lowest threshold all runs of b are above in each resample; few runs have no intervals at all."""
    (chart,) = profile_blocks(compared([FIVE, FIVE], [[0.2, 0.6, 0.7, 0.8, 0.9]] * 2), TERMS)
    first = cast("Chart", chart).table.rows[0]
    assert first[2] == Share(value=1.0)
    middle = cast("Share", cast("Chart", chart).table.rows[3][1])
    assert middle.low is not None
    (chart,) = profile_blocks(compared([[0.1], [0.2]], [[0.3], [0.4]]), TERMS)
    assert [column.heading for column in cast("Chart", chart).table.columns] == ["above", "a", "b"]
    assert cast("XYPlot", cast("Chart", chart).plot).panels[0].series[0].band == ()


def test_scores_of_each_task() -> None:
    """Means, with the number of runs."""
    (table,) = score_blocks(compared([[0.5], [1.0, 2.0]], [[3.0], [4.0]]), TERMS)
    assert cast("Table", table).rows == (("t0", "1", 0.5, 3.0), ("t1", "1 to 2", 1.5, 4.0))
