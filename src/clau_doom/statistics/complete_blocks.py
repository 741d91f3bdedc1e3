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

from clau_doom.statistics.anova_effect_sizes import EffectSize, generalised_eta_squared
from clau_doom.statistics.approximate_f import ApproximateF

__all__ = ["block_contrasts_test", "block_generalised_eta_squared"]

_SINGULAR = 1e-12
_ROUNDING = 1e-9  # relative to the largest mean; a smaller spread of scores is rounding error


def block_contrasts_test(contrasts: NDArray[np.float64], means: NDArray[np.float64]) -> ApproximateF | None:
    """Return the test that all contrasts are 0 in the mean over blocks, or None without variance.

    Args:
        contrasts: Shape (df, cells), of full row rank.
        means: Mean of each cell in each block; at least two blocks, shape (blocks, cells).
    """
    scores = _scores(contrasts, means)
    count, df = scores.shape
    found = _spherical_f(scores, means)
    if found is None:
        return None
    f, epsilon, _ = found
    if count > df:
        values, vectors = np.linalg.eigh(_covariance(scores))
        if values[0] <= _SINGULAR * values[-1]:
            return None
        t_squared = count * float((((vectors.T @ scores.mean(axis=0)) ** 2) / values).sum())
        f, residual_df = t_squared * (count - df) / (df * (count - 1)), float(count - df)
        return ApproximateF(f=f, df=float(df), residual_df=residual_df, p=float(special.fdtrc(df, residual_df, f)))
    numerator, denominator = df * epsilon, df * (count - 1) * epsilon
    return ApproximateF(f=f, df=numerator, residual_df=denominator, p=float(special.fdtrc(numerator, denominator, f)))


def block_generalised_eta_squared(contrasts: NDArray[np.float64], means: NDArray[np.float64]) -> EffectSize | None:
    """Return generalised eta squared of the effect that contrasts define, or None without variance.

    Args:
        contrasts: Shape (df, cells), of full row rank.
        means: Mean of each cell in each block; at least two blocks, shape (blocks, cells).
    """
    scores = _scores(contrasts, means)
    found = _spherical_f(scores, means)
    if found is None:
        return None
    f, epsilon, mean_square = found
    count, df = scores.shape
    return generalised_eta_squared(
        f,
        df,
        df * (count - 1),
        epsilon=epsilon,
        count=means.size,
        within=float(np.var(means, axis=0, ddof=1).mean()) / mean_square,
    )


def _scores(contrasts: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the blocks' scores on orthonormal contrasts: the correction depends on their scale, T² does not."""
    return np.asarray(means @ np.linalg.qr(contrasts.T)[0], dtype=np.float64)


def _covariance(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.atleast_2d(np.cov(scores, rowvar=False))


def _spherical_f(scores: NDArray[np.float64], means: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Return the repeated-measures F, Greenhouse and Geisser's epsilon and the residual mean square, or None."""
    covariance, (count, df) = _covariance(scores), scores.shape
    trace = float(np.trace(covariance))
    if trace <= (_ROUNDING * float(np.abs(means).max())) ** 2:
        return None
    centre = scores.mean(axis=0)
    epsilon = 1.0 / (df * float(((covariance / trace) ** 2).sum()))
    return count * float(centre @ centre) / trace, epsilon, trace / df
