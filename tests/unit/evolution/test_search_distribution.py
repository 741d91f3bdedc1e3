"""The state of CMA-ES: its rates, and updates that can be worked out by hand."""

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
def test_rates_are_the_package_s(shape: tuple[int, int], expected: tuple[object, ...]) -> None:
    """Weights and rates agree with another implementation of the same tutorial."""
    rates = _rates(*shape, diagonal=False)
    found = (rates.effective, rates.rank_one, rates.rank_mu, rates.path, rates.weights[:2], rates.weights[-2:])
    for mine, other in zip(found, expected, strict=True):
        assert mine == pytest.approx(other, rel=1e-13)


@pytest.mark.parametrize("diagonal", [False, True])
def test_samples_have_mean_and_deviation(diagonal: bool) -> None:
    """At first a sample is the mean and sigma times its normal numbers."""
    found = distribution(diagonal=diagonal).sample(np.array([[1.0, -2.0]]))
    assert found.tolist() == [[1.5, 1.0]]


@pytest.mark.parametrize("diagonal", [False, True])
def test_the_mean_moves_to_the_weighted_best(diagonal: bool) -> None:
    """Three of six points count, with log(3.5 / rank), scaled to a sum of 1."""
    search = distribution(diagonal=diagonal)
    points = np.array([[2.0, 2.0], [1.0, 3.0], [1.0, 1.0], [0.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    search.update(points)
    raw = [math.log(3.5), math.log(3.5 / 2.0), math.log(3.5 / 3.0)]
    shares = [value / sum(raw) for value in raw]
    assert search.mean == pytest.approx([1.0 + shares[0], 2.0 + shares[1] - shares[2]])


def test_an_update_learns_the_direction() -> None:
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


def test_a_foreign_point_counts_with_a_limited_length() -> None:
    """A point a million steps away moves the mean by at most sqrt(n) + 2n / (n + 2) steps."""
    search = distribution()
    points = np.tile(search.mean, (6, 1))
    points[0] = [5e5, 2.0]
    search.update(points, foreign=[0])
    assert 1.0 < search.mean[0] <= 1.0 + 0.5 * (math.sqrt(2.0) + 1.0)
    unlimited = distribution()
    unlimited.update(points)
    assert unlimited.mean[0] > 1e5


def test_a_point_that_is_not_finite_is_an_error() -> None:
    """The search ends with an error and not with an endless loop."""
    search = distribution()
    points = np.tile(search.mean, (6, 1))
    points[0, 0] = math.nan
    with pytest.raises(ArithmeticError, match="not finite"):
        search.update(points)
