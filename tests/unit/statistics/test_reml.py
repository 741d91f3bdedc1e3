"""Restricted maximum likelihood of variance components."""

import numpy as np
import pytest
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.statistics.reml import ReducedData, likelihood_at, maximize, reduce_data

Array = NDArray[np.float64]
RUNS = np.repeat(np.arange(6), 4)
SEEDS = np.tile(np.arange(4), 6)


def data_of(seed: int = 1, drop: int = 3) -> tuple[Array, Array, list[NDArray[np.intp]]]:
    """Return values, fixed columns and two crossed groups, with some rows missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=24) + rng.normal(size=6)[RUNS] + 2.0 * rng.normal(size=4)[SEEDS]
    fixed = np.column_stack([np.ones(24), RUNS % 2]).astype(np.float64)
    return values[drop:], fixed[drop:], [RUNS[drop:], SEEDS[drop:]]


def reduced(seed: int = 1) -> ReducedData:
    return reduce_data(*data_of(seed))


def test_the_likelihood_is_its_definition() -> None:
    """The sum of log |V|, log |X' V^-1 X| and the weighted residual sum of squares, by dense matrices."""
    values, fixed, groups = data_of()

    def deviance(ratios: list[float], variance: float) -> float:
        h = np.eye(len(values))
        for ratio, codes in zip(ratios, groups, strict=True):
            h += ratio * (codes[:, None] == codes[None, :])
        v = variance * h
        information = fixed.T @ np.linalg.solve(v, fixed)
        residual = values - fixed @ np.linalg.solve(information, fixed.T @ np.linalg.solve(v, values))
        square = float(residual @ np.linalg.solve(v, residual))
        return float(np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]) + square

    first, second = (likelihood_at(reduced(), np.array(ratios)) for ratios in ([0.3, 2.0], [5.0, 0.0]))
    expected = deviance([0.3, 2.0], first.variance) - deviance([5.0, 0.0], second.variance)
    assert first.value - second.value == pytest.approx(expected, rel=1e-10)


def test_derivatives() -> None:
    """The gradient and the Hessian agree with finite differences."""
    data, at, step = reduced(), np.array([0.7, 1.9]), 1e-5
    found = likelihood_at(data, at)
    for k, shift in enumerate(step * np.eye(2)):
        up, down = likelihood_at(data, at + shift), likelihood_at(data, at - shift)
        assert found.gradient[k] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-6)
        assert found.hessian[k] == pytest.approx((up.gradient - down.gradient) / (2 * step), rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_the_maximum_is_above_a_grid(seed: int) -> None:
    """No point of a grid is better, and the slope is 0 in the interior and uphill at the boundary."""
    data = reduced(seed)
    ratios = maximize(data)
    found = likelihood_at(data, ratios)
    grid = np.concatenate([[0.0], np.geomspace(1e-2, 1e2, 7)])
    assert found.value <= min(likelihood_at(data, np.array([a, b])).value for a in grid for b in grid) + 1e-9
    for ratio, slope in zip(ratios, found.gradient, strict=True):
        assert slope >= -1e-6 if ratio == 0.0 else abs(slope) * (ratio + 0.2) < 1e-5


def test_more_rows_than_columns_are_reduced() -> None:
    """Copies of a table have the likelihood of all their rows in a problem of a few columns."""
    values, fixed, groups = data_of()
    repeated = np.concatenate([values, values[::-1] + 1.0, values + 0.5])
    codes = [np.concatenate([each, each[::-1], each]) for each in groups]
    data = reduce_data(repeated, np.concatenate([fixed, fixed[::-1], fixed]), codes)
    assert (data.rows, data.df, len(data.values)) == (63, 61, 13)
    # One-way analysis of variance: at a ratio of 0 the estimate is the residual mean square.
    x = np.concatenate([fixed, fixed[::-1], fixed])
    square = np.linalg.lstsq(x, repeated, rcond=None)[1][0]
    assert likelihood_at(data, np.zeros(2)).variance == pytest.approx(square / 61)


def test_inseparable_components_of_many_rows_are_refused() -> None:
    """Rounding errors of the information grow with the number of rows, and its smallest eigenvalue stays 0."""
    runs = np.repeat(np.arange(20), 40)
    values = np.random.default_rng(1).normal(size=800)
    with pytest.raises(ConfigError, match="cannot be separated"):
        maximize(reduce_data(values, np.ones((800, 1)), [runs, runs]))


@pytest.mark.parametrize(
    "groups",
    [[np.arange(21)], [RUNS[3:], RUNS[3:]], [(RUNS % 2)[3:]]],
    ids=["one row a level", "the same factor twice", "a fixed factor"],
)
def test_inseparable_components_are_refused(groups: list[NDArray[np.intp]]) -> None:
    """The likelihood is flat."""
    values, fixed, _ = data_of()
    with pytest.raises(ConfigError, match="cannot be separated"):
        maximize(reduce_data(values, fixed, groups))


def test_values_that_do_not_vary_within_groups_are_refused() -> None:
    """The residual variance is 0."""
    values = np.repeat([1.0, 5.0, 2.0, 4.0, 8.0, 9.5], 4)
    with pytest.raises(ConfigError, match="residual variance of the mixed model is estimated as 0"):
        maximize(reduce_data(values, np.ones((24, 1)), [RUNS]))
