"""Tests of runtimes to targets and of the area under the learning curve."""

import math

import numpy as np
import pytest

from clau_doom.statistics.anytime_performance import (
    Runtime,
    best_so_far,
    expected_runtime,
    mean_height,
    reached_share,
    runtime_to,
    simulated_restarts,
)


def _runtimes(*evaluations: int, unsuccessful: tuple[int, ...] = ()) -> list[Runtime]:
    hits = [Runtime(evaluations=each, reached=True) for each in evaluations]
    return hits + [Runtime(evaluations=each, reached=False) for each in unsuccessful]


def test_runtime_ends_at_the_first_measurement_at_the_target() -> None:
    """Equality reaches the target. A later fall and a missing value do not matter."""
    evaluations, values = [10, 20, 30, 40], [1.0, None, 5.0, 2.0]
    assert runtime_to(5.0, evaluations, values) == Runtime(evaluations=30, reached=True)
    assert runtime_to(1.0, evaluations, values) == Runtime(evaluations=10, reached=True)
    assert runtime_to(5.5, evaluations, values) == Runtime(evaluations=40, reached=False)


def test_expected_running_time_by_hand() -> None:
    """Four runs measure their fitness every 100 evaluations. The target is 8.

    Run 1: 3, 8, 9 reaches it at 200 evaluations. Run 2: 5, 6, 7, 8 reaches it at 400. Run 3: 2, 4, 6 ends at 300
    without a hit. Run 4: 9 reaches it at 100. All runs spend 200 + 400 + 300 + 100 = 1,000 evaluations for 3 hits, so
    that ERT = 1,000 / 3 = 333.33. The mean of the hits alone, (200 + 400 + 100) / 3 = 233.33, is too small by the
    share of the unsuccessful run, 300 / 3 = 100.

    cocopp 2.9.1 gives the same ERT (`toolsstats.sp`), and the percentiles 100 and 700 (`toolsstats.drawSP`). Four runs
    are too few to state percentiles.
    """
    curves = [[3.0, 8.0, 9.0], [5.0, 6.0, 7.0, 8.0], [2.0, 4.0, 6.0], [9.0]]
    runtimes = [runtime_to(8.0, [100, 200, 300, 400][: len(curve)], curve) for curve in curves]
    found = expected_runtime(runtimes, np.random.default_rng(1))
    assert (found.successes, found.runs, found.evaluations) == (3, 4, 1000)
    assert found.ert == pytest.approx(1000 / 3, rel=1e-12)
    simulated = simulated_restarts(runtimes, 10_000, np.random.default_rng(1))
    assert np.percentile(simulated, [10, 90]).tolist() == [100.0, 700.0]
    assert (found.low, found.median, found.high) == (None, None, None)


def test_example_of_coco() -> None:
    """The example of cocopp's `simulated_evals`: one hit after 1 evaluation, five runs without a hit.

    ERT = (1 + 2 + 4 + 2 + 6 + 100) / 1 = 115. It is the mean of the simulated restarts: each restart draws 5
    unsuccessful runs of mean 114 / 5 on average, and 1 + 5 · 114 / 5 = 115. The smallest runtimes are 1 (the hit at
    once, probability 1/6) and 3 (a run of 2 first, 2/6 · 1/6).
    """
    runtimes = _runtimes(1, unsuccessful=(2, 4, 2, 6, 100))
    found = expected_runtime(runtimes, np.random.default_rng(1))
    assert (found.ert, found.successes, found.runs) == (115.0, 1, 6)
    simulated = simulated_restarts(runtimes, 200_000, np.random.default_rng(2))
    assert simulated.mean() == pytest.approx(115.0, rel=0.02)
    assert np.mean(simulated == 1) == pytest.approx(1 / 6, abs=0.005)
    assert np.mean(simulated == 3) == pytest.approx(1 / 18, abs=0.003)


def test_percentiles_of_simulated_restarts() -> None:
    """Half of the runs hit after 10 evaluations, and half end after 20: the runtime is 10 + 20 K with K geometric.

    P(K = 0) = 1/2 exceeds 10 %, P(K <= 0) = 1/2 and P(K <= 3) = 15/16 is the first above 90 %: percentiles 10 and 70.
    """
    found = expected_runtime(_runtimes(*[10] * 5, unsuccessful=(20,) * 5), np.random.default_rng(3))
    assert found.ert == 30.0
    assert (found.low, found.high) == (10.0, 70.0)
    assert found.median in {10.0, 20.0, 30.0}


def test_few_hits_have_no_percentiles_and_no_interval() -> None:
    """The number of hits decides, not that of the runs. Nine runs have percentiles, but no interval of the ERT."""
    four = expected_runtime(_runtimes(*[10] * 4, unsuccessful=(20,) * 8), np.random.default_rng(3))
    assert (four.ert, four.low, four.high, four.ert_low, four.ert_high) == (50.0, None, None, None, None)
    nine = expected_runtime(_runtimes(*[10] * 5, unsuccessful=(20,) * 4), np.random.default_rng(3))
    assert nine.low is not None
    assert (nine.ert_low, nine.ert_high) == (None, None)


@pytest.mark.parametrize(
    ("hits", "unsuccessful", "expected"),
    [
        ([10] * 5, (20,) * 5, (30.0, 10.97691244, 81.99026864)),
        ([96, 96, 192, 192, 288, 480, 96, 768], (1152, 1152), (564.0, 203.7153322, 1561.4730442)),
    ],
)
def test_interval_of_the_expected_running_time(
    hits: list[int], unsuccessful: tuple[int, ...], expected: tuple[float, float, float]
) -> None:
    """R: ert * exp(c(-1, 1) * qt(.975, 9) * sd(s - ert * h) / sqrt(10) / mean(s)), with ert = sum(s) / sum(h)."""
    found = expected_runtime(_runtimes(*hits, unsuccessful=unsuccessful), np.random.default_rng(3))
    assert (found.ert, found.ert_low, found.ert_high) == pytest.approx(expected, rel=1e-9)


def test_interval_of_equal_runtimes_is_withheld() -> None:
    """Equal runtimes do not show their variance. Eight of ten equal ones are too many, six are not."""
    ends = [
        expected_runtime(_runtimes(*row), np.random.default_rng(3)).ert_low is None
        for row in ([10] * 10, [10] * 8 + [20, 30], [10] * 5 + [20, 30, 40, 50, 60])
    ]
    assert ends == [True, True, False]


def test_interval_covers_the_expected_running_time() -> None:
    """Ten runs of 12 generations hit in each with the probability 0.12. The percentile bootstrap covers 91 %.

    1 - 0.88^12 = 0.784 of the runs hit, and a run has (1 - 0.88^12) / 0.12 generations on average: the ERT is 1 / 0.12.
    """
    rng, covered = np.random.default_rng(11), []
    for row in rng.geometric(0.12, size=(2000, 10)).tolist():
        runtimes = [Runtime(evaluations=min(at, 12), reached=at <= 12) for at in row]
        found = expected_runtime(runtimes, rng, draws=1)
        if found.ert_low is not None and found.ert_high is not None:
            covered.append(found.ert_low <= 1.0 / 0.12 <= found.ert_high)
    assert len(covered) > 1900
    assert 0.93 <= np.mean(covered) <= 0.97


def test_target_without_a_hit_has_no_expected_running_time() -> None:
    """The number of runs and their evaluations remain."""
    found = expected_runtime(_runtimes(unsuccessful=(20, 30)), np.random.default_rng(1))
    assert (found.ert, found.low, found.median, found.high) == (None, None, None, None)
    assert (found.successes, found.runs, found.evaluations) == (0, 2, 50)
    with pytest.raises(ValueError, match="no run reached the target"):
        simulated_restarts(_runtimes(unsuccessful=(20,)), 10, np.random.default_rng(1))


def test_share_of_reached_targets() -> None:
    """Hits count from their own evaluation on. Runs without a hit never count."""
    runtimes = _runtimes(10, 20, 40, unsuccessful=(15,))
    assert [reached_share(runtimes, budget) for budget in (9, 10, 39, 1000)] == [0.0, 0.25, 0.5, 0.75]


def test_mean_height_of_a_curve() -> None:
    """Twenty evaluations have a mean height of 3 and ten of 2: (20 · 3 + 10 · 2) / 30. Ends may cut a step."""
    assert mean_height([10, 30, 40], [2.0, 4.0, 0.0], 10, 40) == pytest.approx((20 * 3 + 10 * 2) / 30)
    assert mean_height([10, 30, 40], [2.0, 4.0, 0.0], 20, 35) == pytest.approx((10 * 3.5 + 5 * 3) / 15)


@pytest.mark.parametrize(("start", "end"), [(5, 20), (10, 50), (20, 20), (30, 20)])
def test_curve_must_cover_the_interval(start: float, end: float) -> None:
    """A curve is not extrapolated."""
    with pytest.raises(ValueError, match="is empty or not within 10 to 40"):
        mean_height([10, 30, 40], [2.0, 4.0, 0.0], start, end)


def test_best_so_far_is_chosen_and_measured_by_different_halves() -> None:
    """The halves of the candidates have the means (4, 2), (6, 1), (5, 3) and (9, 9).

    By the first half, the best are candidates 1, 2, 2, 4, measured as 2, 1, 1, 9. By the second half, the best are
    candidates 1, 1, 3, 4, measured as 4, 4, 5, 9. The means of both directions are 3, 2.5, 3 and 9.
    """
    candidates = [[4.0, 2.0], [6.0, 1.0, 6.0, 1.0], [4.0, 3.0, 6.0], [9.0, 9.0]]
    assert _values(candidates) == (3.0, 2.5, 3.0, 9.0)


def test_best_so_far_needs_two_values() -> None:
    """A candidate with one value cannot be chosen and measured. Of equal candidates, the first is the best."""
    assert _values([[], [5.0], [1.0, 3.0], [1.0, 9.0], [0.0, 3.0]]) == (None, None, 2.0, 2.0, 2.0)


def test_standard_error_of_the_best_so_far_is_that_of_both_measuring_halves() -> None:
    """The first half, 9 and 9, chooses candidate 2, measured by 0 and 8. The second, 5 and 7, chooses candidate 1.

    Candidate 1 is measured by 2 and 4. The standard errors are 8 / 2 and 2 / 2: sqrt(4² + 1²) / 2.
    """
    (_, found) = best_so_far([[2.0, 5.0, 4.0, 7.0], [9.0, 0.0, 9.0, 8.0]])
    assert found is not None
    assert (found.value, found.standard_error) == pytest.approx((3.5, math.sqrt(17.0) / 2.0))


def test_standard_error_of_the_best_so_far_is_that_of_simulated_candidates() -> None:
    """The mean squared standard error equals the variance of the value for one candidate: 1 / 20."""
    draws = np.random.default_rng(5).normal(0.0, 1.0, (4000, 1, 20))
    found = [best_so_far(row.tolist())[0] for row in draws]
    errors = [each.standard_error for each in found if each is not None and each.standard_error is not None]
    assert np.mean(np.square(errors)) == pytest.approx(0.05, rel=0.03)


def test_half_of_one_value_has_no_standard_error() -> None:
    (found,) = best_so_far([[1.0, 2.0, 3.0]])
    assert found is not None
    assert found.standard_error is None


def _values(candidates: list[list[float]]) -> tuple[float | None, ...]:
    return tuple(None if each is None else each.value for each in best_so_far(candidates))


def test_best_so_far_is_not_raised_by_luck() -> None:
    """The largest mean of twelve equal candidates is too large. The cross-validated value is not."""
    rng = np.random.default_rng(4)
    draws = rng.normal(0.0, 1.0, (2000, 12, 20))
    last = [best_so_far(row.tolist())[-1] for row in draws]
    assert np.mean([each.value for each in last if each is not None]) == pytest.approx(0.0, abs=0.02)
    assert draws.mean(axis=2).max(axis=1).mean() > 0.3
