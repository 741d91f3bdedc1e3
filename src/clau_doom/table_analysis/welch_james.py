"""Welch-James tests: effects on unweighted marginal means without the assumption of equal variances.

The statistic is the Wald statistic of an effect's contrasts, with each cell's own sample variance. Johansen ("The
Welch-James approximation to the distribution of the residual sum of squares in a weighted linear regression",
Biometrika 67, 1980) approximates its distribution by a scaled F. With one factor the test is Welch's ANOVA (Welch, "On
the comparison of several mean values: an alternative approach", Biometrika 38, 1951); with one contrast it is the t
test with Welch and Satterthwaite's degrees of freedom.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

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
    found = _wald(contrasts, cells)
    if found is None:
        return None
    (wald, shares), count = found, len(contrasts)
    correction = float((shares**2 / (cells.sizes - 1)).sum())
    scale = count + 2 * correction - 6 * correction / (count + 2)
    residual_df = count * (count + 2) / (3 * correction)
    f = wald / scale
    return ApproximateF(f=f, df=float(count), residual_df=residual_df, p=float(special.fdtrc(count, residual_df, f)))


def wald_statistic(contrasts: NDArray[np.float64], cells: Cells) -> float:
    """Return the Wald statistic of contrasts; infinite if their variances are 0 and they are not, else NaN."""
    found = _wald(contrasts, cells)
    if found is None:
        return np.inf if np.abs(contrasts @ cells.means).max() > 0.0 else np.nan
    return found[0]


def _wald(contrasts: NDArray[np.float64], cells: Cells) -> tuple[float, NDArray[np.float64]] | None:
    """Return the Wald statistic, and the diagonal of the projection onto the contrasts weighted by the variances."""
    errors = cells.variances / cells.sizes
    values, vectors = np.linalg.eigh((contrasts * errors) @ contrasts.T)
    if values[-1] <= 0.0 or values[0] <= _SINGULAR * values[-1]:
        return _weighted(contrasts, cells.means, errors) if (errors > 0.0).all() else None
    inverse, estimates = (vectors / values) @ vectors.T, contrasts @ cells.means
    shares = errors * np.einsum("rc,rs,sc->c", contrasts, inverse, contrasts)
    return float(estimates @ inverse @ estimates), shares


def _weighted(
    contrasts: NDArray[np.float64], means: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return the same as `_wald`, as the residuals of a weighted regression on the means that the contrasts allow.

    Variances may differ by any factor, as those of optimisers' final errors do. Rows with large weights come first for
    numerical stability (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed. 2002, section 20.8).
    """
    order = np.argsort(errors)
    weights = 1.0 / np.sqrt(errors[order])
    basis = linalg.qr(weights[:, None] * linalg.null_space(contrasts)[order], mode="economic", pivoting=True)[0]
    target = weights * means[order]
    residuals = target - basis @ (basis.T @ target)
    shares = np.empty(len(errors))
    shares[order] = 1.0 - (basis**2).sum(axis=1)
    return float(residuals @ residuals), shares
