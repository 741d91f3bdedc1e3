"""Linear mixed models: exact tests of balanced designs, and behaviour at limits.

`tests/reference/test_mixed_models.py` compares unbalanced designs with R.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from clau_doom.errors import ConfigError
from clau_doom.statistics.mixed_models import Method, fit_mixed

Array = NDArray[np.float64]
each_method = pytest.mark.parametrize("method", ["kenward-roger", "satterthwaite"])


def cells(codes: NDArray[np.intp]) -> Array:
    return np.eye(int(codes.max()) + 1)[codes]


@each_method
def test_two_levels_in_complete_blocks_are_a_paired_t_test(method: Method) -> None:
    """Estimate, standard error, df, p and interval of `scipy.stats.ttest_rel`."""
    rng = np.random.default_rng(1)
    blocks, levels = np.repeat(np.arange(9), 2), np.tile([0, 1], 9)
    values = rng.normal(size=18) + 3.0 * rng.normal(size=9)[blocks] + levels
    found = fit_mixed(values, cells(levels), [blocks]).contrast(np.array([1.0, -1.0]), method=method)
    expected = stats.ttest_rel(values[::2], values[1::2])
    interval = expected.confidence_interval(0.95)
    assert found.df == pytest.approx(8.0)
    assert (found.estimate / found.standard_error, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


@each_method
def test_equal_runs_are_a_t_test_of_their_means(method: Method) -> None:
    """Episodes are nested in runs: the df are those of the runs."""
    rng = np.random.default_rng(2)
    runs = np.repeat(np.arange(10), 6)
    values = rng.normal(size=60) + 2.0 * rng.normal(size=10)[runs]
    found = fit_mixed(values, cells((runs >= 5).astype(int)), [runs]).contrast(np.array([1.0, -1.0]), method=method)
    means = values.reshape(10, 6).mean(axis=1)
    assert (found.df, found.p) == pytest.approx((8.0, stats.ttest_ind(means[:5], means[5:]).pvalue))


@each_method
def test_complete_blocks_have_the_exact_f_test(method: Method) -> None:
    """F, its df and the components are those of the analysis of variance."""
    rng = np.random.default_rng(3)
    table = rng.normal(size=(7, 4)) + 2.0 * rng.normal(size=(7, 1))
    blocks, levels = np.repeat(np.arange(7), 4), np.tile(np.arange(4), 7)
    model = fit_mixed(table.ravel(), cells(levels), [blocks])
    found = model.test(np.hstack([np.ones((3, 1)), -np.eye(3)]), method=method)
    effect, block = table.mean(axis=0) - table.mean(), table.mean(axis=1) - table.mean()
    residual = np.sum((table - table.mean() - effect - block[:, None]) ** 2) / 18
    f = 7 * np.sum(effect**2) / 3 / residual
    assert tuple(found) == pytest.approx((f, 3.0, 18.0, stats.f.sf(f, 3, 18)))
    assert model.components == pytest.approx(((4 * np.sum(block**2) / 6 - residual) / 4, residual))


def test_degrees_of_freedom_of_the_total_variance() -> None:
    """The sum of the components is a sum of two mean squares, with Satterthwaite's degrees of freedom."""
    rng = np.random.default_rng(7)
    table = rng.normal(size=(10, 6)) + 2.0 * rng.normal(size=(10, 1))
    between = 6 * float(np.var(table.mean(axis=1), ddof=1))
    within = float(np.var(table, axis=1, ddof=1).mean())
    parts = between / 6, 5 * within / 6
    expected = sum(parts) ** 2 / (parts[0] ** 2 / 9 + parts[1] ** 2 / 50)
    model = fit_mixed(table.ravel(), np.ones((60, 1)), [np.repeat(np.arange(10), 6)])
    assert sum(model.components) == pytest.approx(sum(parts))
    assert model.total_df == pytest.approx(expected)


def crossed() -> tuple[Array, Array, list[NDArray[np.intp]]]:
    rng = np.random.default_rng(4)
    runs, seeds = np.repeat(np.arange(8), 5)[:-4], np.tile(np.arange(5), 8)[:-4]
    values = rng.normal(size=36) + rng.normal(size=8)[runs] + rng.normal(size=5)[seeds]
    return values, np.column_stack([np.ones(36), runs % 2]), [runs, seeds]


@each_method
@pytest.mark.parametrize(("scale", "offset"), [(1e-150, 0.0), (1e150, 0.0), (1.0, 1e7), (-3.0, 0.0)])
def test_scale_and_offset(method: Method, scale: float, offset: float) -> None:
    """Estimates follow the scale; p-values and df do not change."""
    values, fixed, groups = crossed()
    plain = fit_mixed(values, fixed, groups)
    scaled = fit_mixed(scale * values + offset, fixed, groups)
    weights = np.array([0.0, 1.0])
    before, after = plain.contrast(weights, method=method), scaled.contrast(weights, method=method)
    assert after.estimate / scale == pytest.approx(before.estimate, rel=1e-6)
    assert after.standard_error / abs(scale) == pytest.approx(before.standard_error, rel=1e-6)
    assert (after.df, after.p) == pytest.approx((before.df, before.p), rel=1e-6)
    if scale == 1.0:
        assert scaled.components == pytest.approx(plain.components, rel=1e-6)


def test_codes_and_order_do_not_matter() -> None:
    """Levels are labels, and rows are a set."""
    values, fixed, groups = crossed()
    order = np.random.default_rng(5).permutation(len(values))
    renamed = [100 - 7 * codes[order] for codes in groups]
    moved = fit_mixed(values[order], fixed[order], renamed)
    found = fit_mixed(values, fixed, groups)
    assert moved.components == pytest.approx(found.components)
    assert moved.test(np.eye(2)[1:]) == pytest.approx(found.test(np.eye(2)[1:]))


def test_the_adjusted_covariance_is_that_of_the_contrasts() -> None:
    """Kenward-Roger's standard error is that of `adjusted_covariance`, Satterthwaite's that of `covariance`."""
    model = fit_mixed(*crossed())
    row = np.array([1.0, 0.5])
    for method, covariance in (("kenward-roger", model.adjusted_covariance), ("satterthwaite", model.covariance)):
        found = model.contrast(row, method="kenward-roger" if method == "kenward-roger" else "satterthwaite")
        assert found.standard_error == pytest.approx(np.sqrt(row @ covariance @ row))
    assert model.adjusted_covariance[1, 1] > model.covariance[1, 1]


def test_a_variance_of_0_has_the_test_without_blocks() -> None:
    """With equal block means, Satterthwaite's test is the t test of independent samples."""
    rng = np.random.default_rng(6)
    table = rng.normal(size=(6, 4))
    table -= 0.99 * table.mean(axis=1, keepdims=True)
    levels = np.tile([0, 0, 1, 1], 6)
    model = fit_mixed(table.ravel(), cells(levels), [np.repeat(np.arange(6), 4)])
    found = model.contrast(np.array([1.0, -1.0]), method="satterthwaite")
    expected = stats.ttest_ind(table[:, :2].ravel(), table[:, 2:].ravel())
    assert model.components[0] == 0.0
    assert (found.df, found.p) == pytest.approx((22.0, expected.pvalue))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fixed": np.ones((36, 2))}, "the fixed effects of the mixed model are confounded"),
        ({"values": np.full(36, 3.0)}, "the residual variance of the mixed model is 0"),
        ({"fixed": np.eye(36)}, "36 values are too few for a mixed model with 36 fixed parameters"),
    ],
)
def test_models_that_cannot_be_fitted_are_refused(change: dict[str, Any], message: str) -> None:
    """One line says what is wrong."""
    values, fixed, groups = crossed()
    data: dict[str, Any] = {"values": values, "fixed": fixed, "groups": groups, **change}
    with pytest.raises(ConfigError, match=message):
        fit_mixed(**data)
