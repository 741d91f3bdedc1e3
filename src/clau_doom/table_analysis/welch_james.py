"""Welch-James tests: effects on unweighted marginal means without the assumption of equal variances.

The statistic is the Wald statistic of an effect's contrasts, with each cell's own sample variance. Johansen ("The
Welch-James approximation to the distribution of the residual sum of squares in a weighted linear regression",
Biometrika 67, 1980) approximates its distribution by a scaled F. With one factor the test is Welch's ANOVA (Welch, "On
the comparison of several mean values: an alternative approach", Biometrika 38, 1951); with one contrast it is the t
test with Welch and Satterthwaite's degrees of freedom.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from clau_doom.statistics.approximate_f import ApproximateF
from clau_doom.table_analysis.effect_contrasts import Cells

__all__ = ["wald_statistic", "welch_james"]

_SINGULAR = 1e-12  # relative to the largest variance of a contrast


def welch_james(contrasts: NDArray[np.float64], cells: Cells) -> ApproximateF | None:
    """Return the test that all contrasts of the cells' means are 0, or None if their variances do not allow one.

    Args:
        contrasts: Shape (df, cells), of full row rank.
        cells: Statistics of the cells.
    """
    inverse = _inverse(contrasts, cells)
    if inverse is None:
        return None
    count, errors = len(contrasts), cells.variances / cells.sizes
    estimates = contrasts @ cells.means
    wald = float(estimates @ inverse @ estimates)
    # The projection onto the contrasts, weighted by the variances; its diagonal holds each cell's share.
    shares = errors * np.einsum("rc,rs,sc->c", contrasts, inverse, contrasts)
    correction = float((shares**2 / (cells.sizes - 1)).sum())
    scale = count + 2 * correction - 6 * correction / (count + 2)
    residual_df = count * (count + 2) / (3 * correction)
    f = wald / scale
    return ApproximateF(f=f, df=float(count), residual_df=residual_df, p=float(special.fdtrc(count, residual_df, f)))


def wald_statistic(contrasts: NDArray[np.float64], cells: Cells) -> float:
    """Return the Wald statistic of contrasts; infinite if their variances are 0 and they are not, else NaN."""
    inverse, estimates = _inverse(contrasts, cells), contrasts @ cells.means
    if inverse is None:
        return np.inf if np.abs(estimates).max() > 0.0 else np.nan
    return float(estimates @ inverse @ estimates)


def _inverse(contrasts: NDArray[np.float64], cells: Cells) -> NDArray[np.float64] | None:
    covariance = (contrasts * (cells.variances / cells.sizes)) @ contrasts.T
    values, vectors = np.linalg.eigh(covariance)
    if values[-1] <= 0.0 or values[0] <= _SINGULAR * values[-1]:
        return None
    return np.asarray((vectors / values) @ vectors.T, dtype=np.float64)
