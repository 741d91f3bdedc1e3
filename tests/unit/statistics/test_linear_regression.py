"""Linear regression with ordinary and HC3 covariance, against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.statistics.linear_regression import CovarianceKind, fit_regression

Array = NDArray[np.float64]
each_kind = pytest.mark.parametrize("kind", ["ordinary", "HC3"])


def data() -> tuple[Array, Array]:
    rng = np.random.default_rng(1)
    group, x = np.repeat([0.0, 1.0, 2.0], [5, 9, 12]), rng.exponential(size=26)
    values = rng.normal(size=26) * (1.0 + group) + x
    return values, np.column_stack([np.ones(26), group == 1, group == 2, x])


@each_kind
def test_contrasts_and_tests(kind: CovarianceKind) -> None:
    """Estimates, errors, intervals, F and p of `OLS.fit`."""
    values, columns = data()
    model = fit_regression(values, columns, kind)
    expected = sm.OLS(values, columns).fit(cov_type="nonrobust" if kind == "ordinary" else "HC3", use_t=True)
    weights = np.array([0.0, 1.0, -1.0, 0.0])
    found, reference = model.contrast(weights), expected.t_test(weights)
    assert (found.estimate, found.standard_error) == pytest.approx((reference.effect[0], reference.sd[0, 0]))
    assert (found.p, found.df) == pytest.approx((float(reference.pvalue), 22.0))
    assert (found.low, found.high) == pytest.approx(tuple(reference.conf_int()[0]))
    rows = np.eye(4)[1:3]
    test, wald = model.test(rows), expected.f_test(rows)
    assert tuple(test) == pytest.approx((float(wald.fvalue), 2.0, 22.0, float(wald.pvalue)))
    assert model.deviation == pytest.approx(np.sqrt(expected.scale))


@each_kind
def test_an_offset_changes_the_intercept_only(kind: CovarianceKind) -> None:
    """Values with a large common offset keep their digits."""
    values, columns = data()
    plain, moved = (fit_regression(values + offset, columns, kind) for offset in (0.0, 2.0**30))
    weights = np.array([0.0, 0.0, 0.0, 1.0])
    assert moved.contrast(weights) == pytest.approx(plain.contrast(weights), rel=1e-6)
    assert moved.parameters[0] - 2.0**30 == pytest.approx(plain.parameters[0], abs=1e-5)


def test_models_that_cannot_be_fitted_are_refused() -> None:
    """Too many columns, an exact fit, and a parameter of one row with HC3."""
    values, columns = data()
    with pytest.raises(ConfigError, match="3 values are too few for a linear model with 4 parameters"):
        fit_regression(values[:3], columns[:3], "ordinary")
    with pytest.raises(ConfigError, match="fits all values exactly"):
        fit_regression(columns @ np.array([1.0, 2.0, 3.0, 4.0]), columns, "ordinary")
    single = np.column_stack([columns, np.eye(26)[0]])
    with pytest.raises(ConfigError, match="one row alone determines a parameter"):
        fit_regression(values, single, "HC3")
    assert fit_regression(values, single, "ordinary").residual_df == 21.0
