"""Linear regression with ordinary or heteroscedasticity-consistent covariance.

HC3 divides each squared residual by (1 - h)² with the leverage h of its row (MacKinnon and White, "Some
heteroskedasticity-consistent covariance matrix estimators with improved finite sample properties", Journal of
Econometrics 29, 1985). Long and Ervin ("Using heteroscedasticity consistent standard errors in the linear regression
model", The American Statistician 54, 2000) recommend it for fewer than 250 values. Tests use the t and the F
distribution with the residual degrees of freedom.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from clau_doom.errors import ConfigError
from clau_doom.parameter_names import argument
from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.mixed_models import ContrastEstimate, FTest

__all__ = ["CovarianceKind", "RegressionModel", "fit_regression"]

CovarianceKind = Literal["ordinary", "HC3"]

_Array = NDArray[np.float64]

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class RegressionModel:
    """A fitted linear regression.

    Attributes:
        parameters: Shape (p,).
        covariance: Their covariance; shape (p, p).
        deviation: The residual standard deviation.
        residual_df: Residual degrees of freedom.
    """

    parameters: _Array
    covariance: _Array
    deviation: float
    residual_df: float

    def contrast(self, weights: _Array) -> ContrastEstimate:
        """Estimate a linear combination of the parameters; `weights` has shape (p,)."""
        estimate = float(weights @ self.parameters)
        error = float(np.sqrt(weights @ self.covariance @ weights))
        reach = -float(special.stdtrit(self.residual_df, 0.5 * (1.0 - CONFIDENCE))) * error
        p = 2.0 * float(special.stdtr(self.residual_df, -abs(estimate) / error))
        return ContrastEstimate(estimate, error, self.residual_df, p, estimate - reach, estimate + reach)

    def test(self, contrasts: _Array) -> FTest:
        """Test that all contrasts are 0; they are linearly independent and have shape (q, p)."""
        rows, df = contrasts, float(len(contrasts))
        estimates = rows @ self.parameters
        f = float(estimates @ np.linalg.solve(rows @ self.covariance @ rows.T, estimates)) / df
        return FTest(f, df, self.residual_df, float(special.fdtrc(df, self.residual_df, f)))


def fit_regression(values: _Array, columns: _Array, kind: CovarianceKind) -> RegressionModel:
    """Fit a linear regression.

    Args:
        values: Shape (n,).
        columns: Linearly independent, with a column of ones or indicators of all cells; shape (n, p), p < n.
        kind: The covariance.

    Raises:
        ConfigError: The columns are dependent, the residuals are 0, or one row alone determines a parameter and the
            covariance is HC3.
    """
    rows, count = columns.shape
    if rows <= count or np.linalg.matrix_rank(columns) < count:
        raise ConfigError(f"{rows} values are too few for a linear model with {count} parameters")
    basis, triangle = np.linalg.qr(columns)
    inverse = np.linalg.inv(triangle)
    # Fitted about the mean: values with a large common offset keep their digits.
    start = np.linalg.lstsq(columns, np.full(rows, values.mean()))[0]
    centred = values - columns @ start
    parameters = inverse @ (basis.T @ centred)
    residuals = centred - columns @ parameters
    if float(np.abs(residuals).max()) <= _ROUNDING * float(np.abs(centred).max()):
        raise ConfigError("the linear model fits all values exactly: no test can be computed")
    variance = float(residuals @ residuals) / (rows - count)
    if kind == "ordinary":
        covariance = inverse @ inverse.T * variance
    else:
        leverage = np.sum(basis**2, axis=1)
        if float(leverage.max()) > 1.0 - _ROUNDING:
            raise ConfigError(
                f"one row alone determines a parameter, so that HC3 is undefined: use {argument('test', 'classical')}"
            )
        weighted = basis * (residuals / (1.0 - leverage))[:, None]
        covariance = inverse @ (weighted.T @ weighted) @ inverse.T
    return RegressionModel(
        parameters=start + parameters,
        covariance=np.asarray(covariance, dtype=np.float64),
        deviation=float(np.sqrt(variance)),
        residual_df=float(rows - count),
    )
