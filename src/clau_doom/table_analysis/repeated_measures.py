"""Complete block designs: every block, such as a seed, has values in every cell.

The blocks are independent, and the values of one block may depend on each other in any way. An effect is tested on the
blocks' contrast scores. With more blocks than contrasts the test is Hotelling's T² ("The generalization
of Student's ratio", Annals of Mathematical Statistics 2, 1931), which is exact for normal scores with any covariance;
else it is the repeated-measures F test with Greenhouse and Geisser's correction ("On methods in the analysis of profile
data", Psychometrika 24, 1959). With one contrast both are the paired t test.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from clau_doom.table_analysis.design import Design
from clau_doom.table_analysis.welch_james import ApproximateF

__all__ = ["CompleteBlocks", "complete_blocks", "within_blocks"]

_SINGULAR = 1e-12


@dataclass(frozen=True, kw_only=True)
class CompleteBlocks:
    """Means of the cells in each block.

    Attributes:
        means: Shape (blocks, cells).
    """

    means: NDArray[np.float64]


def complete_blocks(design: Design) -> CompleteBlocks | None:
    """Return the means of the cells in each block, or None if a block lacks a cell."""
    assert design.block is not None
    shape = (len(design.block.levels), len(design.cells.levels))
    places = np.ravel_multi_index((design.block.codes, design.cells.codes), shape)
    sizes = np.bincount(places, minlength=shape[0] * shape[1])
    if (sizes == 0).any():
        return None
    sums = np.bincount(places, weights=design.values, minlength=len(sizes))
    return CompleteBlocks(means=(sums / sizes).reshape(shape))


def within_blocks(contrasts: NDArray[np.float64], blocks: CompleteBlocks) -> ApproximateF | None:
    """Return the test that all contrasts are 0 in the mean over blocks, or None without variance.

    Args:
        contrasts: Shape (df, cells), of full row rank.
        blocks: At least two blocks.
    """
    # Orthonormal contrasts: the correction depends on their scale, T² does not.
    basis = np.linalg.qr(contrasts.T)[0].T
    scores = blocks.means @ basis.T
    count, df = scores.shape
    covariance = np.atleast_2d(np.cov(scores, rowvar=False))
    means = scores.mean(axis=0)
    if count > df:
        values, vectors = np.linalg.eigh(covariance)
        if values[-1] <= 0.0 or values[0] <= _SINGULAR * values[-1]:
            return None
        t_squared = count * float((((vectors.T @ means) ** 2) / values).sum())
        f, residual_df = t_squared * (count - df) / (df * (count - 1)), float(count - df)
        return ApproximateF(f=f, df=float(df), residual_df=residual_df, p=float(special.fdtrc(df, residual_df, f)))
    trace = float(np.trace(covariance))
    if trace <= 0.0:
        return None
    epsilon = 1.0 / (df * float(((covariance / trace) ** 2).sum()))
    f = count * float(means @ means) / trace
    numerator, denominator = df * epsilon, df * (count - 1) * epsilon
    return ApproximateF(f=f, df=numerator, residual_df=denominator, p=float(special.fdtrc(numerator, denominator, f)))
