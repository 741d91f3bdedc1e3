"""Rank tests: Kruskal-Wallis with Dunn's comparisons, Friedman with Nemenyi's, and aligned ranks for two factors.

- Kruskal and Wallis, "Use of ranks in one-criterion variance analysis", Journal of the American Statistical Association
  47, 1952; Dunn, "Multiple comparisons using rank sums", Technometrics 6, 1964, with Holm's correction.
- Friedman, "The use of ranks to avoid the assumption of normality", Journal of the American Statistical Association 32,
  1937; Nemenyi's comparisons by the studentized range (Demšar, "Statistical comparisons of classifiers over multiple
  data sets", Journal of Machine Learning Research 7, 2006).
- Aligned ranks (Wobbrock, Findlater, Gergle and Higgins, CHI 2011): for each effect, the estimates of all others are
  subtracted from the response, and the full model is fitted to the ranks of the rest. The subtraction is exact, so that
  equal values share their rank and different values do not. The test assumes equal variances, and rejects too often
  with many ties (Lüpsen, Communications in Statistics: Simulation and Computation 46, 2017).

Ranks depend on spread as well: with unequal variances a significant result can be a difference in spread.
"""

from fractions import Fraction
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from clau_doom.statistics.friedman import friedman_chi_squared
from clau_doom.statistics.mean_rank_comparisons import nemenyi_p
from clau_doom.table_analysis.design import Design, Factor
from clau_doom.table_analysis.effect_contrasts import EffectContrasts
from clau_doom.table_analysis.pairs import MOST_COMPARED, Comparisons, Pair
from clau_doom.table_analysis.repeated_measures import CompleteBlocks

__all__ = ["aligned_ranks", "dunn", "friedman", "kruskal_wallis", "nemenyi"]

_Values = NDArray[np.float64]


def kruskal_wallis(design: Design) -> tuple[float, float]:
    """Return Kruskal and Wallis's H, corrected for ties, and its p-value, for the cells of a design."""
    found = stats.kruskal(*design.groups())
    return float(found.statistic), float(found.pvalue)


def dunn(design: Design) -> Comparisons:
    """Return Dunn's comparisons of the mean ranks of a factor's levels, with Holm's correction."""
    (factor,) = design.factors
    ranks = stats.rankdata(design.values)
    groups = design.groups(ranks)
    count = len(ranks)
    _, ties = np.unique(ranks, return_counts=True)
    variance = count * (count + 1) / 12 - float((ties**3 - ties).sum()) / (12 * (count - 1))
    means = [float(group.mean()) for group in groups]
    places = list(combinations(range(len(groups)), 2))
    errors = [float(np.sqrt(variance * (1 / len(groups[i]) + 1 / len(groups[j])))) for i, j in places]
    alone = [2 * float(stats.norm.sf(abs(means[i] - means[j]) / e)) for (i, j), e in zip(places, errors, strict=True)]
    adjusted = multipletests(alone, method="holm")[1].tolist()
    return _comparisons(factor, "Dunn's test, Holm", means, places, adjusted)


def friedman(blocks: CompleteBlocks) -> tuple[float, float]:
    """Return Friedman's chi-squared statistic, corrected for ties, and its p-value."""
    ranks = np.asarray(stats.rankdata(blocks.means, axis=1), dtype=np.float64)
    _, statistic = friedman_chi_squared(ranks)
    return statistic, float(stats.chi2.sf(statistic, ranks.shape[1] - 1))


def nemenyi(design: Design, blocks: CompleteBlocks) -> Comparisons:
    """Return Nemenyi's comparisons of the mean ranks over blocks."""
    (factor,) = design.factors
    ranks = stats.rankdata(blocks.means, axis=1)
    means = ranks.mean(axis=0).tolist()
    p_values = nemenyi_p(means, len(ranks))
    places = list(combinations(range(len(means)), 2))
    return _comparisons(factor, "Nemenyi's test", means, places, [p_values[i][j] for i, j in places])


def aligned_ranks(design: Design, effect: EffectContrasts) -> _Values:
    """Return the ranks, from 1, of the response aligned for one effect; shape (rows,)."""
    # The shortest decimal text of a double is the number in the file.
    exact = [Fraction(repr(value)) for value in design.values.tolist()]
    codes, count = design.cells.codes.tolist(), len(design.cells.levels)
    sums, sizes = [Fraction(0)] * count, [0] * count
    for code, value in zip(codes, exact, strict=True):
        sums[code] += value
        sizes[code] += 1
    means = [total / size for total, size in zip(sums, sizes, strict=True)]
    estimates = _exact_estimates(design, effect, means)
    aligned = [value - means[code] + estimates[code] for code, value in zip(codes, exact, strict=True)]
    order = {value: place for place, value in enumerate(sorted(set(aligned)))}
    return np.asarray(stats.rankdata([order[value] for value in aligned]), dtype=np.float64)


def _exact_estimates(design: Design, effect: EffectContrasts, means: list[Fraction]) -> list[Fraction]:
    """Return the effect's estimate in each cell, from unweighted means."""
    shape = tuple(len(factor.levels) for factor in design.factors)
    found = np.array(means, dtype=object).reshape(shape)
    for axis, factor in enumerate(design.factors):
        average = found.sum(axis=axis, keepdims=True) / Fraction(shape[axis])
        found = found - average if factor in effect.factors else np.broadcast_to(average, shape)
    return list(found.ravel())


def _comparisons(
    factor: Factor, method: str, means: list[float], places: list[tuple[int, int]], chances: list[float]
) -> Comparisons:
    if len(means) > MOST_COMPARED:
        note = f"more than {MOST_COMPARED} levels are not compared in pairs"
        return Comparisons(effect=factor.name, method=method, scale="ranks", pairs=(), note=note)
    pairs = [
        Pair(
            first=factor.levels[i],
            second=factor.levels[j],
            difference=means[i] - means[j],
            low=None,
            high=None,
            p=min(float(p), 1.0),
        )
        for (i, j), p in zip(places, chances, strict=True)
    ]
    return Comparisons(effect=factor.name, method=method, scale="ranks", pairs=tuple(pairs))
