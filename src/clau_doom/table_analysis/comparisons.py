"""Pairwise comparisons of marginal means, with one family-wise error rate for each effect.

- Unequal variances: Games and Howell's test ("Pairwise multiple comparison procedures with unequal n's and/or
  variances", Journal of Educational Statistics 1, 1976): the studentized range with Welch and Satterthwaite's degrees
  of freedom for each pair. For marginal means of several cells the standard error and its degrees of freedom are those
  of the contrast.
- Equal variances: Tukey's test with Kramer's extension to unequal sizes (Biometrics 12, 1956), from the residual mean
  square of the full model.
- Models with covariates or random blocks: the largest |t| of all pairs, from their estimated covariance (`MaxT`). The
  degrees of freedom are those of the pair.
- Complete blocks: paired t tests of the blocks' differences, with Šidák's correction ("Rectangular confidence regions
  for the means of multivariate normal distributions", Journal of the American Statistical Association 62, 1967).

The interval and the p-value of a pair come from the same statistic: the interval excludes 0 exactly if p < 0.05.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from clau_doom.statistics.intervals import CONFIDENCE
from clau_doom.statistics.max_t import MaxT
from clau_doom.statistics.mixed_models import ContrastEstimate
from clau_doom.statistics.studentized_range import quantile, tail_probability
from clau_doom.table_analysis.design import Design, Factor
from clau_doom.table_analysis.effect_contrasts import Cells, level_weights
from clau_doom.table_analysis.linear_models import LinearModel, level_rows
from clau_doom.table_analysis.pairs import MOST_COMPARED, Comparisons, Pair, Standardizer
from clau_doom.table_analysis.repeated_measures import CompleteBlocks

__all__ = ["games_howell", "level_names", "max_t", "paired", "tukey"]

_Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class _Spread:
    error: float
    df: float
    standardizer: Standardizer


def games_howell(design: Design, cells: Cells, factors: Sequence[Factor]) -> Comparisons:
    """Compare the marginal means of factors with a variance of its own for each cell."""
    weights = level_weights(design, factors)
    return _studentized(
        "Games-Howell", factors, weights=weights, means=weights @ cells.means, spread=partial(_of_cells, cells)
    )


def _of_cells(cells: Cells, contrast: _Matrix) -> _Spread:
    freedom, parts = cells.sizes - 1, contrast**2 * cells.variances / cells.sizes
    used = contrast != 0.0
    standardizer = Standardizer(
        symbol="g",
        name="root of the mean variance of the compared cells",
        deviation=float(np.sqrt(cells.variances[used].mean())),
        df=_satterthwaite(cells.variances[used], freedom[used]),
    )
    return _Spread(error=float(np.sqrt(parts.sum())), df=_satterthwaite(parts, freedom), standardizer=standardizer)


def _satterthwaite(parts: _Matrix, freedom: _Matrix) -> float:
    """Return the degrees of freedom of a sum of variances (Satterthwaite, Biometrics Bulletin 2, 1946)."""
    total = float(parts.sum())
    # Squares of shares do not underflow, as squares of tiny variances do.
    return 1.0 / float(((parts / total) ** 2 / freedom).sum()) if total > 0.0 else 1.0


def tukey(design: Design, model: LinearModel, factors: Sequence[Factor], *, scale: str = "values") -> Comparisons:
    """Compare the marginal means of factors in a linear model with equal variances.

    Args:
        design: The design.
        model: Its model, fitted to the response or to ranks.
        factors: Some of its factors.
        scale: What the model was fitted to: ``values`` or ``ranks``.
    """
    rows, df = level_rows(design, model, factors), float(model.df_resid)
    standardizer = Standardizer(
        symbol="g",
        name=_residual_name(design),
        deviation=float(np.sqrt(model.ssr / model.df_resid)),
        df=df,
    )

    def spread(contrast: _Matrix) -> _Spread:
        error = float(np.sqrt(contrast @ model.covariance @ contrast))
        return _Spread(error=error, df=df, standardizer=standardizer)

    found = _studentized("Tukey's HSD", factors, weights=rows, means=rows @ model.params, spread=spread)
    if scale == "ranks":
        return _of_ranks(found)
    # The variation by other factors and blocks is not in the residuals.
    others = len(factors) == 1 and (len(design.factors) > 1 or design.block is not None) and not design.covariates
    return _with_pooled_levels(design, factors[0], found) if others else found


def _residual_name(design: Design) -> str:
    if design.block is not None:
        return "residual standard deviation within blocks"
    return "residual standard deviation" if design.covariates else "pooled standard deviation"


def _with_pooled_levels(design: Design, factor: Factor, found: Comparisons) -> Comparisons:
    """Return comparisons of one factor with the pooled standard deviation of two levels as another standardizer."""
    groups = [design.centred[factor.codes == code] for code in range(len(factor.levels))]
    variances, freedom = [float(np.var(group, ddof=1)) for group in groups], [len(group) - 1.0 for group in groups]
    pairs = []
    for pair, (i, j) in zip(found.pairs, combinations(range(len(groups)), 2), strict=False):
        df = freedom[i] + freedom[j]
        deviation = float(np.sqrt((freedom[i] * variances[i] + freedom[j] * variances[j]) / df))
        levels = Standardizer(
            symbol="pooled g", name="pooled standard deviation of the two levels", deviation=deviation, df=df
        )
        pairs.append(replace(pair, standardizers=(*pair.standardizers, levels)))
    return replace(found, pairs=tuple(pairs))


def paired(design: Design, blocks: CompleteBlocks, factors: Sequence[Factor]) -> Comparisons:
    """Compare the marginal means of factors by the differences within blocks."""
    weights, levels = level_weights(design, factors), level_names(factors)
    name = ":".join(factor.name for factor in factors)
    if len(levels) > MOST_COMPARED:
        return _too_many(name, "paired t tests, Šidák")
    scores = blocks.means @ weights.T
    count, df = len(levels) * (len(levels) - 1) // 2, len(scores) - 1
    reach = -float(special.stdtrit(df, -0.5 * np.expm1(np.log(CONFIDENCE) / count)))
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
                standard_error=error,
                df=float(df),
                critical_t=reach,
                standardizers=_of_pairs(scores[:, i], scores[:, j]),
            )
        )
    return Comparisons(effect=name, method="paired t tests, Šidák", scale="values", pairs=tuple(pairs))


def _of_pairs(ours: _Matrix, theirs: _Matrix) -> tuple[Standardizer, Standardizer]:
    """Return the standardizers of g_av and g_z, as `hedges_g` defines them."""
    covariance, df = np.cov(ours, theirs), len(ours) - 1.0
    variances, total = np.diag(covariance), float((covariance**2).sum())
    average = Standardizer(
        symbol="g_av",
        name="root of the mean variance of the two levels",
        deviation=float(np.sqrt(variances.mean())),
        df=df * float(variances.sum()) ** 2 / total if total > 0.0 else df,
    )
    deviation = float(np.std(ours - theirs, ddof=1))
    return average, Standardizer(symbol="g_z", name="standard deviation of the differences", deviation=deviation, df=df)


def max_t(
    factors: Sequence[Factor],
    rows: _Matrix,
    *,
    estimate: Callable[[_Matrix], ContrastEstimate],
    covariance: _Matrix,
    standardizer: Standardizer,
) -> Comparisons:
    """Compare marginal means of a model by the largest |t| of all pairs.

    Args:
        factors: The factors.
        rows: The marginal mean of each level as a combination of parameters; shape (levels, parameters).
        estimate: Estimates a combination of the parameters.
        covariance: Covariance of the parameters; shape (parameters, parameters).
        standardizer: The standard deviation of the effect sizes.
    """
    levels, name = level_names(factors), ":".join(factor.name for factor in factors)
    if len(levels) > MOST_COMPARED:
        return _too_many(name, "max-t")
    places = list(combinations(range(len(levels)), 2))
    contrasts = np.array([rows[i] - rows[j] for i, j in places])
    family = MaxT(contrasts @ covariance @ contrasts.T)
    criticals: dict[float, float] = {}
    pairs = []
    for (i, j), contrast in zip(places, contrasts, strict=True):
        found = estimate(contrast)
        if found.df not in criticals:
            criticals[found.df] = family.quantile(CONFIDENCE, found.df)
        critical = criticals[found.df]
        pairs.append(
            Pair(
                first=levels[i],
                second=levels[j],
                difference=found.estimate,
                low=found.estimate - critical * found.standard_error,
                high=found.estimate + critical * found.standard_error,
                p=family.tail_probability(abs(found.estimate) / found.standard_error, found.df),
                standard_error=found.standard_error,
                df=found.df,
                critical_t=critical,
                standardizers=(standardizer,),
            )
        )
    return Comparisons(effect=name, method="max-t", scale="values", pairs=tuple(pairs))


def _studentized(
    method: str,
    factors: Sequence[Factor],
    *,
    weights: _Matrix,
    means: _Matrix,
    spread: Callable[[_Matrix], _Spread],
) -> Comparisons:
    """Compare means by the studentized range.

    Args:
        method: Name of the test.
        factors: The factors.
        weights: Of each mean; shape (levels, cells) or (levels, parameters).
        means: Shape (levels,).
        spread: Returns the standard error, its degrees of freedom and the standardizer of a difference of weights.
    """
    levels, name = level_names(factors), ":".join(factor.name for factor in factors)
    count = len(levels)
    if count > MOST_COMPARED:
        return _too_many(name, method)
    places = list(combinations(range(count), 2))
    spreads = [spread(weights[i] - weights[j]) for i, j in places]
    errors, freedom = np.array([each.error for each in spreads]), np.array([each.df for each in spreads])
    differences = np.array([means[i] - means[j] for i, j in places])
    criticals = quantile(CONFIDENCE, count, freedom) / np.sqrt(2)
    pairs = [
        Pair(
            first=levels[i],
            second=levels[j],
            difference=difference,
            low=difference - critical * each.error,
            high=difference + critical * each.error,
            p=p,
            standard_error=each.error,
            df=each.df,
            critical_t=critical,
            standardizers=(each.standardizer,),
        )
        for (i, j), each, difference, critical, p in zip(
            places,
            spreads,
            differences.tolist(),
            criticals.tolist(),
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


def level_names(factors: Sequence[Factor]) -> list[str]:
    """Return the levels of factors; of several, their combinations, the last changing fastest."""
    names = [""]
    for factor in factors:
        names = [f"{before}:{level}" if before else level for before in names for level in factor.levels]
    return names


def _of_ranks(found: Comparisons) -> Comparisons:
    """Return comparisons of mean ranks, whose intervals and effect sizes say nothing about the values."""
    pairs = tuple(
        [
            Pair(first=each.first, second=each.second, difference=each.difference, low=None, high=None, p=each.p)
            for each in found.pairs
        ]
    )
    return replace(found, scale="ranks", pairs=pairs)


def _too_many(name: str, method: str) -> Comparisons:
    note = f"more than {MOST_COMPARED} levels are not compared in pairs"
    return Comparisons(effect=name, method=method, scale="values", pairs=(), note=note)
