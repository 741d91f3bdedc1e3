"""Linear mixed models with random intercepts of crossed or nested groups, fitted by REML.

Tests of fixed effects estimate the denominator's degrees of freedom:

- **Kenward-Roger** (Kenward and Roger, "Small sample inference for fixed effects from restricted maximum likelihood",
  Biometrics 53, 1997): the covariance of the estimates is adjusted for the uncertainty of the variance components, F is
  scaled, and degrees of freedom match F's approximate mean and variance. In balanced designs without a boundary the
  result is the exact F test.
- **Satterthwaite**: t tests as by Giesbrecht and Burns ("Two-stage analysis based on a mixed model", Biometrics 41,
  1985), F tests as by Fai and Cornelius ("Approximate F-tests of multiple degree of freedom hypotheses in generalized
  least squares analyses of unbalanced split-plot experiments", Journal of Statistical Computation and Simulation 54,
  1996). The covariance is not adjusted.

Both agree with R's packages pbkrtest (Halekoh and Højsgaard, Journal of Statistical Software 59(9), 2014) and lmerTest
(Kuznetsova, Brockhoff and Christensen, Journal of Statistical Software 82(13), 2017). A component that is estimated
as 0 stays in the model: Kenward-Roger counts its uncertainty, Satterthwaite does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

from clau_doom.errors import ConfigError
from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.reml import ReducedData, covariance_factor, likelihood_at, maximize, reduce_data

__all__ = ["ContrastEstimate", "FTest", "Method", "MixedModel", "fit_mixed"]

Method = Literal["kenward-roger", "satterthwaite"]

_Array = NDArray[np.float64]

_ROUNDING = 1e-9  # relative to the largest value; residuals below it are rounding error


class ContrastEstimate(NamedTuple):
    """A linear combination of the parameters with its t test and 95 % confidence interval."""

    estimate: float
    standard_error: float
    df: float
    p: float
    low: float
    high: float


class FTest(NamedTuple):
    """The F test of several contrasts; `f` is scaled for Kenward-Roger."""

    f: float
    df: float
    residual_df: float
    p: float


@dataclass(frozen=True, kw_only=True)
class _Uncertainty:
    """How the covariance of the parameters depends on the variance components, in units of the residuals.

    Attributes:
        covariance: Φ, the covariance of the parameters; shape (p, p).
        adjusted: Kenward and Roger's covariance; shape (p, p).
        slopes: Derivatives of Φ by each component; shape (components, p, p).
        expected: Covariance of the components by the expected information; shape (components, components).
        observed: The same by the observed information; 0 for components at the boundary.
    """

    covariance: _Array
    adjusted: _Array
    slopes: _Array
    expected: _Array
    observed: _Array


@dataclass(frozen=True, kw_only=True)
class MixedModel:
    """A fitted linear mixed model.

    Attributes:
        parameters: Estimates of the fixed effects; shape (p,).
        covariance: Their covariance, as if the components were known; shape (p, p).
        adjusted_covariance: Kenward and Roger's covariance; shape (p, p).
        components: The variance of each grouping factor, then the residual variance.
    """

    parameters: _Array
    covariance: _Array
    adjusted_covariance: _Array
    components: tuple[float, ...]
    _unit: float
    _uncertainty: _Uncertainty

    def contrast(self, weights: _Array, method: Method = "kenward-roger") -> ContrastEstimate:
        """Estimate a linear combination of the parameters.

        Args:
            weights: Not all 0; shape (p,).
            method: How degrees of freedom are computed.
        """
        inside = self._uncertainty
        if method == "kenward-roger":
            error = float(np.sqrt(weights @ inside.adjusted @ weights)) * self._unit
            df = self._kenward_roger(weights[None, :])[1]
        else:
            error = float(np.sqrt(weights @ inside.covariance @ weights)) * self._unit
            df = self._satterthwaite_df(weights)
        estimate = float(weights @ self.parameters)
        reach = float(stats.t.isf(0.5 * (1.0 - CONFIDENCE), df)) * error
        p = 2.0 * float(stats.t.sf(abs(estimate) / error, df))
        return ContrastEstimate(estimate, error, df, p, estimate - reach, estimate + reach)

    def test(self, contrasts: _Array, method: Method = "kenward-roger") -> FTest:
        """Test that all contrasts are 0.

        Args:
            contrasts: Linearly independent; shape (q, p).
            method: How degrees of freedom are computed.
        """
        rows = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
        estimates = rows @ self.parameters / self._unit
        if method == "kenward-roger":
            scale, residual_df = self._kenward_roger(rows)
            adjusted = rows @ self._uncertainty.adjusted @ rows.T
            f = scale * float(estimates @ np.linalg.solve(adjusted, estimates)) / len(rows)
        else:
            f, residual_df = self._fai_cornelius(rows, estimates)
        df = float(len(rows))
        return FTest(f, df, residual_df, float(stats.f.sf(f, df, residual_df)))

    @property
    def total_df(self) -> float:
        """Degrees of freedom of the sum of the components (Satterthwaite, Biometrics Bulletin 2, 1946)."""
        total = sum(self.components) / self._unit**2
        return 2.0 * total**2 / float(self._uncertainty.expected.sum())

    def _kenward_roger(self, rows: _Array) -> tuple[float, float]:
        """Return the scale of F and its residual degrees of freedom.

        The notation is the paper's; A1, A2 and B are of the order of 1 / degrees of freedom.
        """
        inside, q = self._uncertainty, len(rows)
        theta = rows.T @ np.linalg.solve(rows @ inside.covariance @ rows.T, rows)
        parts = np.array([theta @ slope for slope in inside.slopes])
        traces = np.trace(parts, axis1=1, axis2=2)
        a1 = float(traces @ inside.expected @ traces)
        a2 = float(np.einsum("ij,iab,jba->", inside.expected, parts, parts))
        if q == 1:
            return 1.0, 2.0 / a2
        b = (a1 + 6.0 * a2) / (2.0 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        base = 3.0 * q + 2.0 * (1.0 - g)
        c1, c2, c3 = g / base, (q - g) / base, (q + 2.0 - g) / base
        # The approximate mean and variance of F. Both are infinite at 2 and 4 degrees of freedom, their ratio is not.
        centre, slack = 1.0 - a2 / q, 1.0 - c2 * b
        ratio = 1.0 if max(abs(centre), abs(slack)) < _ROUNDING else centre / slack
        inverse_rho = q * (1.0 - c3 * b) / (ratio**2 * (1.0 + c1 * b))
        df = 4.0 + (q + 2.0) * inverse_rho / (q - inverse_rho)
        scale = 1.0 if abs(df - 2.0) < 0.01 else df * centre / (df - 2.0)
        return scale, df

    def _satterthwaite_df(self, row: _Array) -> float:
        inside = self._uncertainty
        variance = float(row @ inside.covariance @ row)
        slope = np.array([row @ each @ row for each in inside.slopes])
        return 2.0 * variance**2 / float(slope @ inside.observed @ slope)

    def _fai_cornelius(self, rows: _Array, estimates: _Array) -> tuple[float, float]:
        variances, vectors = np.linalg.eigh(rows @ self._uncertainty.covariance @ rows.T)
        turned, q = vectors.T @ rows, len(rows)
        f = float(np.sum((vectors.T @ estimates) ** 2 / variances)) / q
        each = np.array([self._satterthwaite_df(row) for row in turned])
        if np.ptp(each) < 1e-8 * each.max():
            return f, float(each.mean())
        if (each <= 2.0).any():
            return f, 2.0
        total = float(np.sum(each / (each - 2.0)))
        return f, 2.0 * total / (total - q)


def fit_mixed(values: _Array, fixed: _Array, groups: Sequence[NDArray[np.intp]]) -> MixedModel:
    """Fit a linear mixed model by REML.

    Args:
        values: The response, finite; shape (n,).
        fixed: Columns of the fixed effects, linearly independent, with a column of ones or indicators of all cells;
            shape (n, p).
        groups: The level of each row in each grouping factor. A nested factor has a code of its own for each
            combination with the outer one. Shapes (n,).

    Raises:
        ConfigError: The columns are dependent, there are too few rows, the components cannot be separated, or the
            residual variance is 0.
    """
    codes = [np.unique(each, return_inverse=True)[1] for each in groups]
    rows, count = fixed.shape
    if np.linalg.matrix_rank(fixed) < count:
        raise ConfigError("the fixed effects of the mixed model are confounded: remove a factor or a covariate")
    if rows - count <= len(codes):
        raise ConfigError(f"{rows} values are too few for a mixed model with {count} fixed parameters")
    # Fitted to residuals of unit size: values with a large offset or a tiny scale keep their digits.
    start = np.asarray(np.linalg.lstsq(fixed, values)[0], dtype=np.float64)
    residuals = values - fixed @ start
    unit = float(np.abs(residuals).max())
    if unit <= _ROUNDING * float(np.abs(values).max(initial=0.0)) or unit == 0.0:
        raise ConfigError("the residual variance of the mixed model is 0: no test can be computed")
    data = reduce_data(residuals / unit, fixed, codes)
    ratios = maximize(data)
    variance = likelihood_at(data, ratios).variance
    shift, uncertainty = _uncertainty(data, ratios, variance)
    return MixedModel(
        parameters=start + unit * shift,
        covariance=uncertainty.covariance * unit * unit,
        adjusted_covariance=uncertainty.adjusted * unit * unit,
        components=tuple(float(each) * variance * unit * unit for each in (*ratios, 1.0)),
        _unit=unit,
        _uncertainty=uncertainty,
    )


def _uncertainty(data: ReducedData, ratios: _Array, variance: float) -> tuple[_Array, _Uncertainty]:
    """Return the estimates of the fixed effects, shape (p,), and their dependence on the components."""
    factor = covariance_factor(data.groups, ratios)
    whitened = linalg.solve_triangular(factor, data.fixed, lower=True)
    phi = np.linalg.inv(whitened.T @ whitened) * variance
    parameters = np.linalg.lstsq(whitened, linalg.solve_triangular(factor, data.values, lower=True))[0]
    # V^-1 X, and G_i V^-1 X for G_i = Z_i Z_i' and for the residual's G = I
    weighted = linalg.solve_triangular(factor.T, whitened, lower=False) / variance
    parts = [*(group @ (group.T @ weighted) for group in data.groups), weighted]
    inner = [linalg.solve_triangular(factor, part, lower=True) for part in parts]
    slopes = np.array([phi @ (weighted.T @ part) @ phi for part in parts])
    expected, observed = _component_covariances(data, ratios, variance)
    precision = whitened.T @ whitened / variance
    adjustment = np.zeros_like(phi)
    for i, left in enumerate(inner):
        for j, right in enumerate(inner):
            spread = phi @ (left.T @ right / variance) @ phi
            adjustment += expected[i, j] * (spread - slopes[i] @ precision @ slopes[j])
    adjusted = phi + adjustment + adjustment.T
    return np.asarray(parameters, dtype=np.float64), _Uncertainty(
        covariance=phi, adjusted=adjusted, slopes=slopes, expected=expected, observed=observed
    )


def _component_covariances(data: ReducedData, ratios: _Array, variance: float) -> tuple[_Array, _Array]:
    """Return the components' covariance by the expected and by the observed information.

    With P the projection that gives residuals weighted by V^-1, the information is ½ tr(P G_i P G_j), and as observed
    y'P G_i P G_j P y - ½ tr(P G_i P G_j).
    """
    groups, values = data.contrasts
    factor = covariance_factor(groups, ratios)
    parts = [linalg.solve_triangular(factor, part, lower=True) for part in (*groups, np.eye(len(values)))]
    residual = linalg.solve_triangular(factor, values, lower=True)
    count = len(parts)
    traces, squares = np.empty((count, count)), np.empty((count, count))
    for i, left in enumerate(parts):
        for j, right in enumerate(parts):
            crossed = left.T @ right
            traces[i, j] = np.sum(crossed**2) / variance**2
            squares[i, j] = (residual @ left) @ crossed @ (right.T @ residual) / variance**3
    traces[-1, -1] += (data.df - len(values)) / variance**2  # contrasts that depend on the residual only
    kept = np.append(ratios > 0.0, True)
    observed = np.zeros((count, count))
    information = (squares - 0.5 * traces)[np.ix_(kept, kept)]
    observed[np.ix_(kept, kept)] = np.linalg.pinv(information, hermitian=True)
    expected = np.asarray(2.0 * np.linalg.inv(traces), dtype=np.float64)
    return expected, observed
