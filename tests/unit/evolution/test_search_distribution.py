"""Tests of the search distribution of CMA-ES: rates and updates."""

import math

import numpy as np
import pytest

from clau_doom.evolution.search_distribution import SearchDistribution, _rates

# What the package cma 4.5.0 uses for (dimensions, batch): effective mass, c_1, c_mu, c_c, first and last weights.
PACKAGE = {
    (10, 20): (
        5.938804235601242,
        0.014966833022570458,
        0.058119555148900964,
        0.30247252836030597,
        [0.27961472096101825, 0.19718884917099674],
        [-0.20061818075046123, -0.217969381005932],
    ),
    (3, 6): (
        2.0286114646100617,
        0.09747248265066792,
        0.057092054709502314,
        0.5598629786005055,
        [0.6370425712412168, 0.28457025743803294],
        [-0.7649580940851277, -1.1559817781589212],
    ),
}


def distribution(*, diagonal: bool = False, smallest: float = 1e-13, sigma: float = 0.5) -> SearchDistribution:
    """Return a two-dimensional distribution that starts at (1, 2)."""
    return SearchDistribution(
        np.array([1.0, 2.0]), sigma, 6, diagonal=diagonal, smallest=np.full(2, smallest), largest=1.0
    )


@pytest.mark.parametrize(("shape", "expected"), PACKAGE.items())
def test_rates_agree_with_another_implementation(shape: tuple[int, int], expected: tuple[object, ...]) -> None:
    """Weights and rates agree with another implementation of the same tutorial."""
    rates = _rates(*shape, diagonal=False)
    found = (rates.effective, rates.rank_one, rates.rank_mu, rates.path, rates.weights[:2], rates.weights[-2:])
    for mine, other in zip(found, expected, strict=True):
        assert mine == pytest.approx(other, rel=1e-13)


@pytest.mark.parametrize("n", [3, 10, 100])
def test_expected_length_of_a_normal_vector(n: int) -> None:
    """The approximation is within a thousandth of sqrt(2) gamma((n + 1) / 2) / gamma(n / 2)."""
    exact = math.sqrt(2.0) * math.exp(math.lgamma((n + 1) / 2.0) - math.lgamma(n / 2.0))
    assert _rates(n, 6, diagonal=False).length == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("diagonal", [False, True])
def test_samples_have_mean_and_deviation(diagonal: bool) -> None:
    """At first a sample is the mean and sigma times its normal numbers."""
    found = distribution(diagonal=diagonal).sample(np.array([[1.0, -2.0]]))
    assert found.tolist() == [[1.5, 1.0]]


@pytest.mark.parametrize("diagonal", [False, True])
def test_mean_moves_to_the_weighted_best_points(diagonal: bool) -> None:
    """Three of six points count, with log(3.5 / rank), scaled to a sum of 1."""
    search = distribution(diagonal=diagonal)
    points = np.array([[2.0, 2.0], [1.0, 3.0], [1.0, 1.0], [0.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    search.update(points)
    raw = [math.log(3.5), math.log(3.5 / 2.0), math.log(3.5 / 3.0)]
    shares = [value / sum(raw) for value in raw]
    assert search.mean == pytest.approx([1.0 + shares[0], 2.0 + shares[1] - shares[2]])


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize(("far", "learns"), [(0.5, True), (20.0, False)])
def test_first_update_agrees_with_the_tutorial(far: float, learns: bool, diagonal: bool) -> None:
    """Equations (41) to (47) of arXiv:1604.00772 hold, also for a step that stalls the covariance path."""
    search = SearchDistribution(
        np.array([1.0, 2.0]), 0.5, 6, diagonal=diagonal, smallest=np.full(2, 1e-13), largest=1e9
    )
    rates = _rates(2, 6, diagonal=diagonal)
    steps = np.array([[far, 0.3], [0.9 * far, -0.2], [far, 0.1], [-0.4, 0.7], [0.2, -1.1], [-0.6, 0.5]])
    search.update(search.mean + 0.5 * steps)
    step = rates.weights[:3] @ steps[:3]
    path = math.sqrt(rates.sigma_path * (2.0 - rates.sigma_path) * rates.effective) * step
    length = float(np.linalg.norm(path))
    limit = (1.4 + 2.0 / 3.0) * rates.length * math.sqrt(1.0 - (1.0 - rates.sigma_path) ** 2)
    assert (length < limit) is learns
    gain = math.sqrt(rates.path * (2.0 - rates.path) * rates.effective) if learns else 0.0
    lost = 0.0 if learns else rates.path * (2.0 - rates.path)
    lengths = np.linalg.norm(steps, axis=1)
    weights = np.where(rates.weights < 0.0, rates.weights * 2.0 / (lengths * lengths), rates.weights)
    covariance = (
        (1.0 + rates.rank_one * lost - rates.rank_one - rates.rank_mu * rates.weights.sum()) * np.eye(2)
        + rates.rank_one * gain * gain * np.outer(step, step)
        + rates.rank_mu * sum(weight * np.outer(each, each) for weight, each in zip(weights, steps, strict=True))
    )
    assert search.mean == pytest.approx(np.array([1.0, 2.0]) + 0.5 * step)
    change = rates.sigma_path / rates.damping * (length / rates.length - 1.0)
    assert search.sigma == pytest.approx(0.5 * math.exp(min(1.0, change)))
    assert search._covariance == pytest.approx(np.diagonal(covariance) if diagonal else covariance)


def test_diagonal_covariance_has_larger_learning_rates() -> None:
    """Both rates are (n + 2) / 3 times those of a full covariance: 4 times for 10 dimensions."""
    full, diagonal = (_rates(10, 20, diagonal=diagonal) for diagonal in (False, True))
    assert diagonal.rank_one == pytest.approx(4.0 * full.rank_one)
    assert diagonal.rank_mu == pytest.approx(4.0 * full.rank_mu)


@pytest.mark.parametrize("diagonal", [False, True])
def test_learning_rates_sum_to_at_most_1(diagonal: bool) -> None:
    """For a large batch the negative weights are 0."""
    rates = _rates(2, 1_000, diagonal=diagonal)
    assert rates.rank_one + rates.rank_mu == pytest.approx(1.0)
    assert rates.weights[-1] == pytest.approx(0.0)


def test_sigma_is_limited_where_all_coordinates_are() -> None:
    """Deviations are 0.5 and 2: sigma is at least 0.02 / 2, at which both are too small, and at most 1 / 0.5."""
    search = distribution(diagonal=True, smallest=0.02)
    search._covariance = np.array([0.25, 4.0])
    search.sigma = 1e-30
    assert (search._limits() * [0.5, 2.0]).tolist() == [0.02, 0.02]
    assert search.sigma == pytest.approx(0.01)
    search.sigma = 1e30
    assert (search._limits() * [0.5, 2.0]).tolist() == [1.0, 1.0]
    assert search.sigma == pytest.approx(2.0)


def test_covariance_adapts_to_the_direction_of_the_best() -> None:
    """Where the best points lie along (1, 1), the step along it grows and that across it shrinks."""
    search = distribution()
    for _ in range(12):
        centre = search.mean
        along = 1.5 * search.sigma
        points = centre + np.array(
            [[along, along], [-along, -along], [along, along], [along, -along]] + [[0.0, 0.0]] * 2
        )
        search.update(points)
    normals = np.random.default_rng(1).standard_normal((4_000, 2))
    steps = search.sample(normals) - search.mean
    assert np.std(steps @ [1.0, 1.0]) > 3.0 * np.std(steps @ [1.0, -1.0])


def test_steps_stay_within_their_limits() -> None:
    """A coordinate's deviation is at least `smallest`, and sigma does not vanish."""
    search = distribution(smallest=0.02)
    for _ in range(300):
        search.update(np.tile(search.mean, (6, 1)))
    deviations = np.abs(search.sample(np.eye(2)) - search.mean).max(axis=0)
    assert np.all(deviations >= 0.02 * (1.0 - 1e-12))
    assert search.sigma > 0.0


def test_step_to_an_injected_point_is_limited() -> None:
    """A point a million steps away moves the mean by at most sqrt(n) + 2n / (n + 2) steps."""
    search = distribution()
    points = np.tile(search.mean, (6, 1))
    points[0] = [5e5, 2.0]
    search.update(points, foreign=[0])
    assert 1.0 < search.mean[0] <= 1.0 + 0.5 * (math.sqrt(2.0) + 1.0)
    unlimited = distribution()
    unlimited.update(points)
    assert unlimited.mean[0] > 1e5


def test_non_finite_point_is_an_error() -> None:
    """Otherwise the search would not end."""
    search = distribution()
    points = np.tile(search.mean, (6, 1))
    points[0, 0] = math.nan
    with pytest.raises(ArithmeticError, match="not finite"):
        search.update(points)
