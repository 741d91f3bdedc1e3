"""Tests of the learning curves of runs and conditions."""

import itertools
import math

import pytest

from clau_doom.analysis.evolution_axis import EvolutionAxis
from clau_doom.analysis.run_curves import GRID, RunCurve, condition_curve, run_curve
from clau_doom.domain.budget import BudgetUnit
from tests.support.stored_runs import REWARD, snapshot_of

GENERATIONS, EPISODES, TICS = (EvolutionAxis(unit) for unit in BudgetUnit)


def test_curve_has_the_validation_fitness_of_the_best_agent() -> None:
    """The best agents have the training fitness 9 and 6. Their validation fitness is lower, and independent of it."""
    training = [[[1.0, 3.0], [8.0, 10.0]], [[6.0, 6.0], [4.0, 4.0]]]
    validation = {(0, 1): [2.0, 4.0], (1, 0): [5.0, 5.0]}
    curve = run_curve(snapshot_of("a", training, validation, tics=(700, 600)), REWARD)
    assert curve == RunCurve(
        experiment="a",
        seed=1,
        episodes=(4, 8),
        tics=(700, 1300),
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


def test_training_episodes_of_dropped_agents_count() -> None:
    """The amount is counted as in a budget: agents may play fewer episodes, and failed agents do not count."""
    curve = run_curve(snapshot_of("a", [[[1.0, 2.0, 3.0], [0.0]], [[1.0], []]], {}), REWARD)
    assert curve.episodes == curve.spent(BudgetUnit.EPISODES) == (4, 5)
    assert curve.spent(BudgetUnit.GENERATIONS) == (1, 2)


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


def _curve(
    *values: float | None, episodes: tuple[int, ...] = (10, 20), tics: tuple[int, ...] | None = None
) -> RunCurve:
    training = tuple(1.0 if value is None else value / 2 for value in values)
    return RunCurve(
        experiment="x",
        seed=1,
        episodes=episodes,
        tics=tics or tuple(10 * each for each in episodes),
        training=training,
        champion=values,
        champion_error=(None,) * len(values),
        validation=(None,) * len(values),
    )


@pytest.mark.parametrize(("axis", "xs"), [(GENERATIONS, [0, 1]), (EPISODES, [10, 20]), (TICS, [100, 200])])
def test_mean_over_runs_at_the_same_generation(axis: EvolutionAxis, xs: list[int]) -> None:
    """The interval of five runs with the values 1 to 5 is 3 -+ qt(.975, 4) = 2.776445 · 1.581139 / sqrt(5)."""
    curve = condition_curve(2, [_curve(float(value), 7.0) for value in range(1, 6)], axis)
    first, second = curve.points
    assert first.champion is not None
    assert (first.generation, first.champion.mean) == (0, 3.0)
    reach = 2.7764451052 * math.sqrt(2.5) / math.sqrt(5)
    assert first.champion.low == pytest.approx(3.0 - reach)
    assert first.champion.high == pytest.approx(3.0 + reach)
    assert first.training.mean == 1.5
    assert (second.generation, second.training.mean) == (1, 3.5)
    assert [point.x for point in curve.points] == xs
    assert (curve.condition, curve.x) == (2, axis.unit)


def test_runs_with_other_ends_of_generations_are_step_functions() -> None:
    """By hand: the runs end their generations after 10, 25, 40 and after 20, 30 episodes.

    All runs have finished a generation at 20, and the second run ends at 30. At 20, the first run still has the value
    of its generation 0, 1. Training fitness is half of the champion's.
    """
    one = _curve(1.0, 3.0, 9.0, episodes=(10, 25, 40))
    other = _curve(5.0, 7.0, episodes=(20, 30))
    points = condition_curve(0, [one, other], EPISODES).points
    found = [(point.x, point.generation, point.champion and point.champion.mean) for point in points]
    assert found == [(20, 0, 3.0), (25, None, 4.0), (30, 1, 5.0)]
    assert [point.training.mean for point in points] == [1.5, 2.0, 2.5]


def test_many_different_ends_are_replaced_by_equal_distances() -> None:
    """90 generations of 10 and of 11 tics have more than 100 ends from 11 to 900, and the runs grow by 1 in each."""
    values = [float(at) for at in range(90)]
    runs = [
        _curve(*values, episodes=tuple(range(1, 91)), tics=tuple(step * (at + 1) for at in range(90)))
        for step in (10, 11)
    ]
    points = condition_curve(0, runs, TICS).points
    assert len(points) == GRID == 100
    assert (points[0].x, points[-1].x) == (11, 900)
    assert {after.x - before.x for before, after in itertools.pairwise(points)} <= {8, 9, 10}
    middle = points[50]  # at 460 tics, the runs have finished the generations 45 and 40
    assert middle.champion is not None
    assert (middle.x, middle.generation, middle.champion.mean) == (460, None, 42.5)
    assert len(condition_curve(0, runs, EPISODES).points) == 90


def test_runs_without_a_common_position_have_no_mean() -> None:
    """One run ends before the other one has finished a generation."""
    curve = condition_curve(0, [_curve(1.0, 2.0), _curve(1.0, episodes=(30,))], EPISODES)
    assert (curve.points, len(curve.runs)) == ((), 2)


def test_few_runs_have_no_interval() -> None:
    """Four runs have a mean only."""
    (point, _) = condition_curve(0, [_curve(float(value), 1.0) for value in range(4)], EPISODES).points
    assert point.champion is not None
    assert (point.champion.mean, point.champion.low) == (1.5, None)
    assert point.champion.reason == "4 of at least 5 values"


def test_means_cover_all_runs() -> None:
    """Generations that a run has not finished, or without a value of a run, have no mean: the runs would differ."""
    short, gap = _curve(3.0, episodes=(10,)), _curve(None, 1.0)
    assert [point.generation for point in condition_curve(0, [short, _curve(1.0, 2.0)], EPISODES).points] == [0]
    points = condition_curve(0, [gap, _curve(1.0, 2.0)], EPISODES).points
    assert points[0].champion is None
    assert points[0].training.mean == 0.75
    assert points[1].champion is not None
