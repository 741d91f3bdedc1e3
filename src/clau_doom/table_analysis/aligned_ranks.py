"""Aligned rank transform: a rank test for designs with two factors, or with blocks.

Ranks of the response mix the effects. The transform therefore ranks once for each effect: it subtracts the estimates
of all other effects from the response, ranks the rest (ties share their mean rank), fits the full model to the ranks,
and reads this one effect from its analysis of variance (type III). Hodges and Lehmann ("Rank methods for combination of
independent experiments in analysis of variance", Annals of Mathematical Statistics 33, 1962) proposed it for one factor
in blocks; Higgins, Blair and Tashtoush ("The aligned rank transform procedure", Conference on Applied Statistics in
Agriculture, 1990) and Wobbrock, Findlater, Gergle and Higgins ("The aligned rank transform for nonparametric factorial
analyses using only ANOVA procedures", CHI 2011) for two and more.

Effects are estimated with equal weight for each cell, blocks from the full model. For the comparison of cells
(interaction) only the blocks are subtracted (Elkin, Kay, Higgins and Wobbrock, "An aligned
rank transform procedure for multifactor contrast tests", UIST 2021). With many ties, such as small counts of kills, the
transform rejects too often (Lüpsen, "The aligned rank transform and discrete variables: a warning", Communications in
Statistics: Simulation and Computation 46, 2017).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from clau_doom.table_analysis.design import Design
from clau_doom.table_analysis.models import AnovaTable, LinearModel, anova, fit

__all__ = ["aligned", "aligned_rank_anova", "aligned_ranks", "cell_ranks"]

_DIGITS = 8  # values that differ by rounding alone must share their rank


def aligned(model: LinearModel, effect: str) -> NDArray[np.float64]:
    """Return the response minus the estimates of all effects but one; shape (rows,).

    Args:
        model: The design's model, fitted to its response.
        effect: A factor's name or the interaction's.
    """
    return model.residuals + _estimate(model, effect)


def aligned_ranks(model: LinearModel, effect: str) -> NDArray[np.float64]:
    """Return the ranks, from 1, of the response aligned for one effect; shape (rows,)."""
    return _ranks(aligned(model, effect))


def cell_ranks(design: Design, model: LinearModel) -> NDArray[np.float64]:
    """Return the ranks, from 1, of the response minus the block effects; shape (rows,)."""
    if design.block is None:
        return _ranks(design.values)
    return _ranks(design.values - _estimate(model, design.block.name))


def aligned_rank_anova(design: Design, model: LinearModel) -> AnovaTable:
    """Return the analysis of variance of aligned ranks; its sums of squares are in squared ranks.

    Each effect comes from the analysis of its own ranks, the residual sum of squares from that of the last factor.
    """
    tables = {
        name: anova(design, fit(design, aligned_ranks(model, name)), "III")
        for name in model.terms
        if design.block is None or name != design.block.name
    }
    effects = tuple(table.effect(name) for name, table in tables.items())
    return replace(next(reversed(tables.values())), effects=effects)


def _estimate(model: LinearModel, effect: str) -> NDArray[np.float64]:
    """Return the fitted contribution of one effect to each row."""
    first = 1
    for name, columns in model.terms.items():
        if name == effect:
            share = columns @ model.params[first : first + columns.shape[1]]
            return np.asarray(share[model.grid.codes], dtype=np.float64)
        first += columns.shape[1]
    raise KeyError(effect)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = float(np.max(np.abs(values))) or 1.0
    return np.asarray(stats.rankdata(np.round(values / scale, _DIGITS)), dtype=np.float64)
