"""Test of contrasts in complete block designs.

The blocks are independent, and the values of one block may depend on each other in any way. Contrasts are tested on the
blocks' scores. With more blocks than contrasts the test is Hotelling's T² ("The generalization of Student's ratio",
Annals of Mathematical Statistics 2, 1931), which is exact for normal scores with any covariance; else it is the
repeated-measures F test with Greenhouse and Geisser's correction ("On methods in the analysis of profile data",
Psychometrika 24, 1959). With one contrast both are the paired t test.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from clau_doom.statistics.approximate_f import ApproximateF

__all__ = ["block_contrasts_test"]

_SINGULAR = 1e-12
_ROUNDING = 1e-9  # relative to the largest mean; a smaller spread of scores is rounding error


def block_contrasts_test(contrasts: NDArray[np.float64], means: NDArray[np.float64]) -> ApproximateF | None:
    """Return the test that all contrasts are 0 in the mean over blocks, or None without variance.

    Args:
        contrasts: Shape (df, cells), of full row rank.
        means: Mean of each cell in each block; at least two blocks, shape (blocks, cells).
    """
    # Orthonormal contrasts: the correction depends on their scale, T² does not.
    basis = np.linalg.qr(contrasts.T)[0].T
    scores = means @ basis.T
    count, df = scores.shape
    covariance = np.atleast_2d(np.cov(scores, rowvar=False))
    centre, trace = scores.mean(axis=0), float(np.trace(covariance))
    if trace <= (_ROUNDING * float(np.abs(means).max())) ** 2:
        return None
    if count > df:
        values, vectors = np.linalg.eigh(covariance)
        if values[0] <= _SINGULAR * values[-1]:
            return None
        t_squared = count * float((((vectors.T @ centre) ** 2) / values).sum())
        f, residual_df = t_squared * (count - df) / (df * (count - 1)), float(count - df)
        return ApproximateF(f=f, df=float(df), residual_df=residual_df, p=float(special.fdtrc(df, residual_df, f)))
    epsilon = 1.0 / (df * float(((covariance / trace) ** 2).sum()))
    f = count * float(centre @ centre) / trace
    numerator, denominator = df * epsilon, df * (count - 1) * epsilon
    return ApproximateF(f=f, df=numerator, residual_df=denominator, p=float(special.fdtrc(numerator, denominator, f)))
