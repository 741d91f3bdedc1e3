"""Tests of the learning curve on the validation seeds."""

from dataclasses import replace

import pytest

from clau_doom.analysis.charts import XYPlot
from clau_doom.analysis.document import Chart
from clau_doom.analysis.sections.validation import ValidationCurve, compute, describe
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.config import ExperimentConfig
from clau_doom.config.budget import BudgetConfig
from clau_doom.domain import AgentRef
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.snapshot import Snapshot
from tests.support.stored_runs import experiment_data, learning_run, snapshot_of


def _curve(snapshot: Snapshot) -> ValidationCurve:
    found = compute(experiment_data(snapshot))
    assert isinstance(found, ValidationCurve)
    return found


def test_curve_and_bias_by_hand() -> None:
    """Three generations of three episodes, whose best agents have 3 in training and 1, 2 and 3 on validation seeds.

    The mean height from 3 to 9 episodes is (1.5 + 2.5) / 2 = 2, and the mean bias (2 + 1 + 0) / 3 = 1.
    """
    found = _curve(learning_run("a", [1.0, 2.0, 3.0]))
    assert [(point.generation, point.episodes, point.training) for point in found.points] == [
        (0, 3, 3.0),
        (1, 6, 3.0),
        (2, 9, 3.0),
    ]
    assert [point.validation.mean for point in found.points if point.validation] == [1.0, 2.0, 3.0]
    assert found.points[1].agent == AgentRef(1, 1)
    assert (found.area, found.selection_bias) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("x", "xs", "area", "heading"),
    [
        (BudgetUnit.GENERATIONS, (0.0, 1.0, 2.0), 1.875, "best agent"),
        (BudgetUnit.TICS, (10.0, 40.0, 50.0), 1.6875, "tics"),
    ],
)
def test_axis_can_be_generations_or_tics(x: BudgetUnit, xs: tuple[float, ...], area: float, heading: str) -> None:
    """The values 1, 2 and 2.5 have the mean height (1.5 + 2.25) / 2, and (30 · 1.5 + 10 · 2.25) / 40 by tics."""
    data = replace(experiment_data(learning_run("a", [1.0, 2.0, 2.5], tics=(10, 30, 10))), x=x)
    (chart,) = describe(data).blocks
    assert isinstance(chart, Chart)
    assert isinstance(chart.plot, XYPlot)
    assert tuple(at for at, _ in chart.plot.panels[0].series[0].points) == xs
    assert chart.table.columns[1].heading == heading
    found = data.result(compute)
    assert isinstance(found, ValidationCurve)
    assert (found.x, found.area) == (x, area)


def test_budget_decides_the_default_axis() -> None:
    """Without a budget in episodes or tics, this curve is by episodes."""
    config = ExperimentConfig(generations=None, budget=BudgetConfig(tics=5000))
    data = experiment_data(learning_run("a", [1.0, 2.0], tics=(10, 30)))
    assert (data.axis().unit, data.axis(BudgetUnit.EPISODES).unit) == (BudgetUnit.GENERATIONS, BudgetUnit.EPISODES)
    with_budget = replace(data, stored=replace(data.stored, config=config))
    assert with_budget.axis(BudgetUnit.EPISODES).unit is with_budget.axis().unit is BudgetUnit.TICS
    assert replace(with_budget, x=BudgetUnit.GENERATIONS).axis().unit is BudgetUnit.GENERATIONS


def test_interval_is_over_the_validation_episodes() -> None:
    """For the values 1 to 5 it is 3 -+ qt(.9925, 4) = 4.087975 · 1.581139 / sqrt(5)."""
    found = _curve(snapshot_of("a", [[[9.0]]], {(0, 0): [1.0, 2.0, 3.0, 4.0, 5.0]}))
    interval = found.points[0].validation
    assert interval is not None
    assert interval.low == pytest.approx(0.109365, abs=1e-6)
    assert found.area is None


def test_missing_episodes_interrupt_the_curve() -> None:
    """An agent that failed on a validation seed has no value, and cannot be the champion so far."""
    snapshot = snapshot_of("a", [[[9.0], [1.0]], [[1.0], [8.0]]], {(0, 0): [1.0, 3.0], (1, 1): [2.0]})
    found = _curve(snapshot)
    assert [point.validation is None for point in found.points] == [False, True]
    assert [point.champion for point in found.points] == [2.0, 2.0]
    assert (found.area, found.selection_bias) == (2.0, 7.0)
    (chart,) = describe(experiment_data(snapshot)).blocks
    assert isinstance(chart, Chart)
    assert isinstance(chart.plot, XYPlot)
    assert chart.plot.panels[0].series[0].points == ((2.0, 2.0), (4.0, None))
    assert [row[4] for row in chart.table.rows][1] is None


def test_experiment_without_validation_states_the_reason() -> None:
    """Validation episodes are played at the end of the run."""
    section = describe(experiment_data(replace(learning_run("a", [1.0, 2.0]), judging={})))
    assert isinstance(section.blocks[0], Unavailable)
    assert section.data["validation_curve"] == section.blocks[0]
