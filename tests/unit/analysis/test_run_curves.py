"""Tests of the learning curves of runs and conditions."""

import math

import pytest

from clau_doom.analysis.run_curves import RunCurve, condition_curve, run_curve
from tests.support.stored_runs import REWARD, snapshot_of


def test_curve_has_the_validation_fitness_of_the_best_agent() -> None:
    """The best agents have the training fitness 9 and 6. Their validation fitness is lower, and independent of it."""
    training = [[[1.0, 3.0], [8.0, 10.0]], [[6.0, 6.0], [4.0, 4.0]]]
    curve = run_curve(snapshot_of("a", training, {(0, 1): [2.0, 4.0], (1, 0): [5.0, 5.0]}), REWARD)
    assert curve == RunCurve(
        experiment="a",
        seed=1,
        episodes=(4, 8),
        training=(5.5, 5.0),
        champion=(3.0, 5.0),
        champion_error=(None, None),
        validation=(3.0, 5.0),
    )


def test_validation_of_a_genome_counts_for_later_copies() -> None:
    """A genome is validated once. An elite with the same genome has the validation fitness of its first agent."""
    training = [[[1.0], [9.0]], [[2.0], [8.0]]]
    curve = run_curve(snapshot_of("a", training, {(0, 1): [2.0, 4.0]}), REWARD)
    assert (curve.validation, curve.champion) == ((3.0, 3.0), (3.0, 3.0))


def test_training_episodes_of_failed_and_dropped_agents_count() -> None:
    """The budget is the number of played episodes, and agents may play fewer than others."""
    curve = run_curve(snapshot_of("a", [[[1.0, 2.0, 3.0], [0.0]], [[1.0], []]], {}), REWARD)
    assert curve.episodes == (4, 5)


def test_agent_with_missing_validation_episodes_has_no_value() -> None:
    """The mean would cover other seeds."""
    training = [[[1.0], [9.0]], [[8.0], [2.0]]]
    curve = run_curve(snapshot_of("a", training, {(0, 1): [2.0, 4.0], (1, 0): [5.0]}), REWARD)
    assert (curve.validation, curve.champion) == ((3.0, None), (3.0, 3.0))


def test_champion_has_the_standard_error_of_its_measurement() -> None:
    """The halves 1, 5 and 2, 6 have the standard error 2 each: their mean has sqrt(2² + 2²) / 2."""
    curve = run_curve(snapshot_of("a", [[[1.0]]], {(0, 0): [1.0, 2.0, 5.0, 6.0]}), REWARD)
    assert curve.champion == (3.5,)
    assert curve.champion_error == pytest.approx((math.sqrt(2.0),))


def _curve(*values: float | None, episodes: tuple[int, ...] = (10, 20)) -> RunCurve:
    training = tuple(1.0 if value is None else value / 2 for value in values)
    return RunCurve(
        experiment="x",
        seed=1,
        episodes=episodes,
        training=training,
        champion=values,
        champion_error=(None,) * len(values),
        validation=(None,) * len(values),
    )


def test_mean_over_runs_at_the_same_generation() -> None:
    """The interval of five runs with the values 1 to 5 is 3 -+ qt(.975, 4) = 2.776445 · 1.581139 / sqrt(5)."""
    curve = condition_curve(2, [_curve(float(value), 7.0, episodes=(10, 18 + value)) for value in range(1, 6)])
    first, second = curve.points
    assert first.champion is not None
    assert (first.generation, first.episodes, first.champion.mean) == (0, 10.0, 3.0)
    reach = 2.7764451052 * math.sqrt(2.5) / math.sqrt(5)
    assert first.champion.low == pytest.approx(3.0 - reach)
    assert first.champion.high == pytest.approx(3.0 + reach)
    assert first.training.mean == 1.5
    assert (second.episodes, second.training.mean) == (21.0, 3.5)
    assert curve.condition == 2


def test_few_runs_have_no_interval() -> None:
    """Four runs have a mean only."""
    (point, _) = condition_curve(0, [_curve(float(value), 1.0) for value in range(4)]).points
    assert point.champion is not None
    assert (point.champion.mean, point.champion.low) == (1.5, None)
    assert point.champion.reason == "4 of at least 5 values"


def test_means_cover_all_runs() -> None:
    """Generations that a run has not finished, or without a value of a run, have no mean: the runs would differ."""
    short, gap = _curve(3.0, episodes=(10,)), _curve(None, 1.0)
    assert [point.generation for point in condition_curve(0, [short, _curve(1.0, 2.0)]).points] == [0]
    points = condition_curve(0, [gap, _curve(1.0, 2.0)]).points
    assert points[0].champion is None
    assert points[0].training.mean == 0.75
    assert points[1].champion is not None
