"""Post-hoc tests: all pairwise comparisons with one family-wise error rate.

- Tukey's honestly significant difference, for equal variances: a difference over its standard error in the fitted
  model, compared with the studentized range. For one factor it is Tukey's test (1953) with Kramer's extension to
  groups of unequal size ("Extension of multiple range tests to group means with unequal numbers of replications",
  Biometrics 12, 1956). With two factors or blocks the means are the model's unweighted marginal means.
- Games and Howell's test, for unequal variances: each pair with its own variances and Welch's degrees of freedom
  ("Pairwise multiple comparison procedures with unequal n's and/or variances", Journal of Educational Statistics 1,
  1976).
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.table_analysis.design import Design, Factor
from clau_doom.table_analysis.models import LinearModel, sum_coded

__all__ = ["MOST_COMPARED", "Comparisons", "Pair", "games_howell", "tukey"]

MOST_COMPARED = 25
"""Largest number of levels that are compared in pairs."""

_Scale = Literal["values", "ranks"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Comparison of two levels.

    Attributes:
        first: The first level.
        second: The second level.
        difference: Mean of the first minus mean of the second, of values or of ranks.
        low: Lower end of the simultaneous 95 % interval.
        high: Upper end.
        p: The p-value, adjusted for the family.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparisons:
    """All pairwise comparisons of the levels of a factor, or of the cells.

    Attributes:
        effect: The factor's name, two with a colon for cells.
        method: ``Tukey's HSD`` or ``Games-Howell``.
        scale: Whether the differences are of the response's values or of ranks.
        pairs: The pairs, in the levels' order.
    """

    effect: str
    method: str
    scale: _Scale
    pairs: tuple[Pair, ...]


def tukey(design: Design, model: LinearModel, factor: Factor, *, scale: _Scale = "values") -> Comparisons:
    """Return Tukey's comparisons of a factor's levels, or of the cells.

    Args:
        design: The design.
        model: Its model, fitted to its response or to ranks of it.
        factor: One of the design's factors, or its cells.
        scale: What the model was fitted to.
    """
    rows = _level_rows(design, model, factor)
    means, covariance = rows @ model.params, model.covariance
    count, df = len(factor.levels), float(model.df_resid)
    reach = float(stats.studentized_range.ppf(CONFIDENCE, count, df)) / np.sqrt(2)
    places = list(combinations(range(count), 2))
    errors = [float(np.sqrt((rows[i] - rows[j]) @ covariance @ (rows[i] - rows[j]))) for i, j in places]
    differences = [float(means[i] - means[j]) for i, j in places]
    ranges = [np.sqrt(2) * abs(difference) / error for difference, error in zip(differences, errors, strict=True)]
    chances = np.atleast_1d(stats.studentized_range.sf(np.array(ranges), count, df))
    pairs = tuple(
        Pair(
            first=factor.levels[i],
            second=factor.levels[j],
            difference=difference,
            low=difference - reach * error,
            high=difference + reach * error,
            p=_chance(float(p)),
        )
        for (i, j), difference, error, p in zip(places, differences, errors, chances, strict=True)
    )
    return Comparisons(effect=factor.name, method="Tukey's HSD", scale=scale, pairs=pairs)


def games_howell(design: Design) -> Comparisons:
    """Return Games and Howell's comparisons of the design's cells, by the response's values.

    Args:
        design: No blocks, and a variance above 0 in each cell.
    """
    found = stats.tukey_hsd(*design.groups(), equal_var=False)
    interval = found.confidence_interval(CONFIDENCE)
    levels = design.cells.levels
    pairs = tuple(
        Pair(
            first=levels[i],
            second=levels[j],
            difference=float(found.statistic[i, j]),
            low=float(interval.low[i, j]),
            high=float(interval.high[i, j]),
            p=_chance(float(found.pvalue[i, j])),
        )
        for i, j in combinations(range(len(levels)), 2)
    )
    return Comparisons(effect=design.cells.name, method="Games-Howell", scale="values", pairs=pairs)


def _chance(p: float) -> float:
    """Clip a p-value to [0, 1]: numerical integration can leave this range by its error."""
    return min(max(p, 0.0), 1.0)


def _level_rows(design: Design, model: LinearModel, factor: Factor) -> NDArray[np.float64]:
    """Return the contrast matrix of the levels' means; shape (levels, parameters).

    Effects sum to zero over a factor's levels, so omitted effects average out with equal weights.
    """
    first = sum_coded(design.factors[0])
    if factor is not design.cells or len(design.factors) == 1:
        parts = {factor.name: sum_coded(factor)}
    else:
        second = sum_coded(design.factors[1])
        ones, others = np.divmod(np.arange(len(factor.levels)), len(second))
        parts = {
            design.factors[0].name: first[ones],
            design.factors[1].name: second[others],
            factor.name: (first[ones][:, :, None] * second[others][:, None, :]).reshape(len(ones), -1),
        }
    count = len(factor.levels)
    columns = [parts.get(name, np.zeros((count, term.shape[1]))) for name, term in model.terms.items()]
    return np.hstack([np.ones((count, 1)), *columns])
