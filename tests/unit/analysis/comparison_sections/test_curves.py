"""Tests of the learning curves of compared conditions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from clau_doom.analysis.charts import Colour, Series, XYPlot
from clau_doom.analysis.comparison_sections.curves import describe
from clau_doom.analysis.document import Chart, Measured
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.snapshot import Snapshot
from tests.support.stored_runs import comparison_of, learning_run


def _charts(*conditions: Sequence[Snapshot]) -> list[Chart]:
    return [block for block in describe(comparison_of(*conditions)).blocks if isinstance(block, Chart)]


def _series(chart: Chart) -> tuple[Series, ...]:
    assert isinstance(chart.plot, XYPlot)
    return chart.plot.panels[0].series


def test_condition_of_five_runs_has_a_band_over_runs() -> None:
    """The curve is the mean of the runs' validation fitness by training episodes. The runs are not drawn."""
    runs = [learning_run(f"a{seed}", [1.0, float(seed)], seed=seed) for seed in range(1, 6)]
    validation, training = _charts(runs)
    (series,) = _series(validation)
    assert (series.label, series.points) == ("mutation = 0.0", ((2.0, 1.0), (4.0, 3.0)))
    assert series.band[0] == (2.0, None, None)
    _, low, high = series.band[1]
    assert low is not None
    assert high is not None
    assert (low, high) == pytest.approx((1.036757, 4.963243), abs=1e-6)  # R: 3 ± qt(.975, 4) · √(2.5 / 5)
    assert _series(training)[0].points == ((2.0, 1.0), (4.0, 1.0))
    assert "all 5 values are equal" in validation.caption


def test_few_runs_are_thin_lines_without_a_band() -> None:
    """The reason is in the caption. A second condition has another colour, and its only run is its mean."""
    validation, _ = _charts(
        [learning_run("a1", [1.0, 2.0]), learning_run("a2", [3.0, 6.0], seed=2)], [learning_run("b1", [0.0, 1.0])]
    )
    one, two, mean, other = _series(validation)
    assert [(each.label, each.thin) for each in (one, two, mean)] == [("", True), ("", True), ("mutation = 0.0", False)]
    assert (two.points, mean.points) == (((2.0, 3.0), (4.0, 6.0)), ((2.0, 2.0), (4.0, 4.0)))
    assert (mean.colour, other.colour) == (Colour.RED, Colour.BLUE)
    assert {mean.colour, one.colour} == {Colour.RED}
    assert all(low is None for _, low, _ in mean.band)
    assert "An estimate without an interval: 1 of at least 5 values; 2 of at least 5 values." in validation.caption


def test_table_and_json_have_the_points_and_the_runs() -> None:
    """A table has one row for each condition and generation. JSON has the runs too."""
    data = comparison_of([learning_run("a1", [1.0, 2.0])], [learning_run("b1", [0.0], played=3)])
    section = describe(data)
    validation = section.blocks[0]
    assert isinstance(validation, Chart)
    assert validation.table.rows == (
        ("mutation = 0.0", 1, 0, 2, Measured(value=1.0, low=None, high=None)),
        ("mutation = 0.0", 1, 1, 4, Measured(value=2.0, low=None, high=None)),
        ("mutation = 0.1", 1, 0, 3, Measured(value=0.0, low=None, high=None)),
    )
    assert section.data["curves"] == data.condition_curves
    assert [run.experiment for curve in data.condition_curves for run in curve.runs] == ["a1", "b1"]


def test_generations_beyond_the_shortest_run_are_mentioned() -> None:
    """The mean of fewer runs would change its meaning."""
    (validation, _) = _charts([learning_run("a1", [1.0, 2.0]), learning_run("a2", [3.0], seed=2, played=2)])
    assert len(validation.table.rows) == 1
    assert validation.table.note == "The means of a condition end where its first run ends."


def test_axis_can_be_generations_or_tics() -> None:
    """By tics, the runs differ in the ends of their generations: the table has no generations then."""
    runs = [learning_run("a1", [1.0, 2.0], tics=(100, 150)), learning_run("a2", [3.0, 6.0], seed=2, tics=(80, 120))]
    data = comparison_of(runs)
    by_tics, _ = (block for block in describe(replace(data, x=BudgetUnit.TICS)).blocks if isinstance(block, Chart))
    assert isinstance(by_tics.plot, XYPlot)
    assert by_tics.plot.label == "tics of training episodes"
    one, two, mean = _series(by_tics)
    assert one.points == ((100.0, 1.0), (250.0, 1.0), (250.0, 2.0))
    assert two.points == ((80.0, 3.0), (200.0, 3.0), (200.0, 6.0))
    assert mean.points == ((100.0, 2.0), (200.0, 2.0), (200.0, 3.5))
    assert mean.band == ((100.0, None, None), (200.0, None, None), (200.0, None, None))
    assert [column.heading for column in by_tics.table.columns] == ["condition", "runs", "tics", "mean [95 %]"]
    assert [row[2] for row in by_tics.table.rows] == [100, 200]
    by_generation, _ = (
        block for block in describe(replace(data, x=BudgetUnit.GENERATIONS)).blocks if isinstance(block, Chart)
    )
    assert isinstance(by_generation.plot, XYPlot)
    assert by_generation.plot.label == "generation"
    assert _series(by_generation)[2].points == ((0.0, 2.0), (1.0, 4.0))
    assert [column.heading for column in by_generation.table.columns][2:] == ["generation", "mean [95 %]"]


def test_runs_without_a_common_position_are_drawn_without_a_mean() -> None:
    """One run ends before the other one has finished a generation. No row and no point has an invented value."""
    data = comparison_of([learning_run("a1", [1.0]), learning_run("a2", [1.0], seed=2, played=9)])
    validation = describe(data).blocks[0]
    assert isinstance(validation, Chart)
    assert validation.table.rows == ()
    assert [each.points for each in _series(validation)] == [((1.0, 1.0),), ((9.0, 1.0),), ()]
