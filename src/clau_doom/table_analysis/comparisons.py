"""Pairwise comparisons of marginal means, with one family-wise error rate for each effect.

- Unequal variances: Games and Howell's test ("Pairwise multiple comparison procedures with unequal n's and/or
  variances", Journal of Educational Statistics 1, 1976): the studentized range with Welch and Satterthwaite's degrees
  of freedom for each pair. For marginal means of several cells the standard error and its degrees of freedom are those
  of the contrast.
- Equal variances: Tukey's test with Kramer's extension to unequal sizes (Biometrics 12, 1956), from the residual mean
  square of the full model.
- Complete blocks: paired t tests of the blocks' differences, with Šidák's correction ("Rectangular confidence regions
  for the means of multivariate normal distributions", Journal of the American Statistical Association 62, 1967).

The interval and the p-value of a pair come from the same statistic: the interval excludes 0 exactly if p < 0.05.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.studentized_range import quantile, tail_probability
from clau_doom.table_analysis.design import Design, Factor
from clau_doom.table_analysis.effect_contrasts import Cells, level_weights
from clau_doom.table_analysis.linear_models import LinearModel, level_rows
from clau_doom.table_analysis.repeated_measures import CompleteBlocks

__all__ = ["MOST_COMPARED", "Comparisons", "Pair", "games_howell", "paired", "tukey"]

MOST_COMPARED = 25
"""Largest number of levels that are compared in pairs."""

_Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Comparison of two levels.

    Attributes:
        first: The first level.
        second: The second level.
        difference: Mean of the first minus mean of the second, of values or of ranks.
        low: Lower end of the simultaneous 95 % interval, or None for ranks.
        high: Upper end, or None for ranks.
        p: The p-value, adjusted for the family.
        d: Cohen's d: the difference over the pooled standard deviation of the cells, or None if it is 0 or for ranks.
    """

    first: str
    second: str
    difference: float
    low: float | None
    high: float | None
    p: float
    d: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparisons:
    """All pairwise comparisons of the levels of an effect.

    Attributes:
        effect: The factor's name; several joined by colons for combinations of levels.
        method: Name of the test.
        scale: ``values`` or ``ranks``.
        pairs: The pairs, in the levels' order.
        note: The reason why there are no pairs, or empty.
    """

    effect: str
    method: str
    scale: str
    pairs: tuple[Pair, ...]
    note: str = ""


def games_howell(design: Design, cells: Cells, factors: Sequence[Factor]) -> Comparisons:
    """Compare the marginal means of factors with a variance of its own for each cell."""
    errors, weights = cells.variances / cells.sizes, level_weights(design, factors)
    freedom = cells.sizes - 1
    deviation = float(np.sqrt((freedom * cells.variances).sum() / freedom.sum()))

    def spread(contrast: _Matrix) -> tuple[float, float]:
        parts = contrast**2 * errors
        variance = float(parts.sum())
        # Squares of shares do not underflow, as squares of tiny variances do.
        df = 1.0 / float(((parts / variance) ** 2 / freedom).sum()) if variance > 0.0 else 1.0
        return float(np.sqrt(variance)), df

    return _studentized(
        "Games-Howell", factors, weights=weights, means=weights @ cells.means, deviation=deviation, spread=spread
    )


def tukey(design: Design, model: LinearModel, factors: Sequence[Factor], *, scale: str = "values") -> Comparisons:
    """Compare the marginal means of factors in a linear model with equal variances.

    Args:
        design: The design.
        model: Its model, fitted to the response or to ranks.
        factors: Some of its factors.
        scale: What the model was fitted to: ``values`` or ``ranks``.
    """
    rows, df = level_rows(design, model, factors), float(model.df_resid)
    deviation = float(np.sqrt(model.ssr / model.df_resid))

    def spread(contrast: _Matrix) -> tuple[float, float]:
        return float(np.sqrt(contrast @ model.covariance @ contrast)), df

    found = _studentized(
        "Tukey's HSD", factors, weights=rows, means=rows @ model.params, deviation=deviation, spread=spread
    )
    return found if scale == "values" else _of_ranks(found)


def paired(design: Design, blocks: CompleteBlocks, factors: Sequence[Factor]) -> Comparisons:
    """Compare the marginal means of factors by the differences within blocks."""
    weights, levels = level_weights(design, factors), _level_names(factors)
    name = ":".join(factor.name for factor in factors)
    if len(levels) > MOST_COMPARED:
        return _too_many(name, "paired t tests, Šidák")
    scores = blocks.means @ weights.T
    count, df = len(levels) * (len(levels) - 1) // 2, len(scores) - 1
    reach = -float(special.stdtrit(df, -0.5 * np.expm1(np.log(CONFIDENCE) / count)))
    pooled = float(np.sqrt(np.var(scores, axis=0, ddof=1).mean()))
    pairs = []
    for i, j in combinations(range(len(levels)), 2):
        differences = scores[:, i] - scores[:, j]
        mean, error = float(differences.mean()), float(np.std(differences, ddof=1) / np.sqrt(len(differences)))
        alone = _ratio_p(mean, error, lambda t: 2 * float(special.stdtr(df, -t)))
        pairs.append(
            Pair(
                first=levels[i],
                second=levels[j],
                difference=mean,
                low=mean - reach * error,
                high=mean + reach * error,
                p=float(-np.expm1(count * np.log1p(-min(alone, 1.0 - 1e-16)))),
                d=mean / pooled if pooled > 0.0 else None,
            )
        )
    return Comparisons(effect=name, method="paired t tests, Šidák", scale="values", pairs=tuple(pairs))


def _studentized(
    method: str,
    factors: Sequence[Factor],
    *,
    weights: _Matrix,
    means: _Matrix,
    deviation: float,
    spread: Callable[[_Matrix], tuple[float, float]],
) -> Comparisons:
    """Compare means by the studentized range.

    Args:
        method: Name of the test.
        factors: The factors.
        weights: Of each mean; shape (levels, cells) or (levels, parameters).
        means: Shape (levels,).
        deviation: The pooled standard deviation.
        spread: Returns the standard error and the degrees of freedom of a difference of weights.
    """
    levels, name = _level_names(factors), ":".join(factor.name for factor in factors)
    count = len(levels)
    if count > MOST_COMPARED:
        return _too_many(name, method)
    places = list(combinations(range(count), 2))
    spreads = [spread(weights[i] - weights[j]) for i, j in places]
    errors, freedom = np.array([error for error, _ in spreads]), np.array([df for _, df in spreads])
    differences = np.array([means[i] - means[j] for i, j in places])
    reaches = quantile(CONFIDENCE, count, freedom) / np.sqrt(2) * errors
    pairs = [
        Pair(
            first=levels[i],
            second=levels[j],
            difference=difference,
            low=difference - reach,
            high=difference + reach,
            p=p,
            d=difference / deviation if deviation > 0.0 else None,
        )
        for (i, j), difference, reach, p in zip(
            places,
            differences.tolist(),
            reaches.tolist(),
            _studentized_p(differences, errors, count, freedom).tolist(),
            strict=True,
        )
    ]
    return Comparisons(effect=name, method=method, scale="values", pairs=tuple(pairs))


def _studentized_p(differences: _Matrix, errors: _Matrix, count: int, freedom: _Matrix) -> _Matrix:
    """Return the p-values of differences; without variance they are 0, or 1 for equal means."""
    t = np.abs(differences) / np.where(errors > 0.0, errors, 1.0)
    alone = np.where(differences == 0.0, 1.0, 0.0)
    return np.where(errors > 0.0, tail_probability(np.sqrt(2) * t, count, freedom), alone)


def _ratio_p(difference: float, error: float, tail: Callable[[float], float]) -> float:
    """Return the p-value of |difference| / error; without variance it is 0, or 1 for equal means."""
    if error == 0.0:
        return 1.0 if difference == 0.0 else 0.0
    return tail(abs(difference) / error)


def _level_names(factors: Sequence[Factor]) -> list[str]:
    names = [""]
    for factor in factors:
        names = [f"{before}:{level}" if before else level for before in names for level in factor.levels]
    return names


def _of_ranks(found: Comparisons) -> Comparisons:
    """Return comparisons of mean ranks, whose intervals and d say nothing about the values."""
    pairs = tuple([replace(pair, low=None, high=None, d=None) for pair in found.pairs])
    return replace(found, scale="ranks", pairs=pairs)


def _too_many(name: str, method: str) -> Comparisons:
    note = f"more than {MOST_COMPARED} levels are not compared in pairs"
    return Comparisons(effect=name, method=method, scale="values", pairs=(), note=note)
