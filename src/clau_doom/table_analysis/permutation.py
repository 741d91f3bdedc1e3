"""Permutation tests of effects, with a studentized statistic and a fixed number of random permutations.

Without blocks, values are permuted over all cells, and the statistic is the Wald statistic with each cell's own
variance. The test is exact if the cells have equal distributions, and asymptotically valid if they only have equal
marginal means (Pauly, Brunner and Konietschke, "Asymptotic permutation tests in general factorial designs", Journal of
the Royal Statistical Society B 77, 2015). In complete blocks, cell means are permuted within each block.

The p-value is (1 + b) / (1 + m) for b of m permutations with a statistic at least as large (Phipson and Smyth,
"Permutation p-values should never be zero", Statistical Applications in Genetics and Molecular Biology 9, 2010).
"""

import numpy as np
from numpy.typing import NDArray

from clau_doom.statistics.complete_blocks import block_contrasts_test
from clau_doom.table_analysis.design import Design
from clau_doom.table_analysis.effect_contrasts import cell_statistics
from clau_doom.table_analysis.repeated_measures import CompleteBlocks
from clau_doom.table_analysis.welch_james import wald_statistic

__all__ = ["PERMUTATIONS", "permutation_generator", "permutation_test"]

PERMUTATIONS = 9_999
"""Number of random permutations of each test."""

_SEED = 20_261_130
_ROUNDING = 1e-9  # statistics that differ by rounding count as equal


def permutation_generator() -> np.random.Generator:
    """Return a generator with a fixed seed, so that repeated analyses of a table have equal p-values."""
    return np.random.Generator(np.random.PCG64(_SEED))


def permutation_test(
    contrasts: NDArray[np.float64], design: Design, blocks: CompleteBlocks | None
) -> tuple[float, float] | None:
    """Return the observed statistic and the p-value, or None if the statistic is undefined.

    Args:
        contrasts: Shape (df, cells), of full row rank.
        design: The design.
        blocks: Its complete blocks, or None for a design without blocks.
    """
    rng = permutation_generator()
    observed = _statistic(contrasts, design, blocks, None)
    if np.isnan(observed):
        return None
    if blocks is None:
        values = design.centred.copy()
        drawn = (_statistic(contrasts, design, None, rng.permutation(values)) for _ in range(PERMUTATIONS))
    else:
        means = blocks.means
        drawn = (
            _statistic(contrasts, design, CompleteBlocks(means=rng.permuted(means, axis=1)), None)
            for _ in range(PERMUTATIONS)
        )
    # An undefined statistic belongs to a permutation without variance: it counts as extreme.
    least = observed * (1.0 - _ROUNDING)
    larger = sum(1 for statistic in drawn if np.isnan(statistic) or statistic >= least)
    return observed, (1 + larger) / (1 + PERMUTATIONS)


def _statistic(
    contrasts: NDArray[np.float64],
    design: Design,
    blocks: CompleteBlocks | None,
    values: NDArray[np.float64] | None,
) -> float:
    if blocks is None:
        return wald_statistic(contrasts, cell_statistics(design, values))
    found = block_contrasts_test(contrasts, blocks.means)
    return float("nan") if found is None else found.f
