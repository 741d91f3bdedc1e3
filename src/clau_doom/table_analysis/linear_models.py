"""Linear models of a design, and analysis of variance by sums of squares of type II and III.

Factors are coded as deviations from the mean: each column sums to zero over a factor's levels. With another coding,
sums of squares of type III would depend on the order of the levels. With R(·) the reduction in the residual sum of
squares (Searle, "Linear Models for Unbalanced Data", Wiley, 1987):

- type II: an effect is tested after all others that do not contain it: A after B, B after A, A:B after both;
- type III: an effect is tested after all others, A after B and A:B.

Both agree in balanced designs, and always for the interaction. Without an interaction, type II has more power
(Langsrud, "ANOVA for unbalanced data: use Type II instead of Type III sums of squares", Statistics and Computing 13,
2003); with one, only type III compares unweighted marginal means.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from clau_doom.errors import ConfigError
from clau_doom.parameter_names import parameter
from clau_doom.table_analysis.design import Design, Factor

__all__ = ["AnovaRow", "AnovaTable", "LinearModel", "SumsOfSquares", "anova", "fit", "level_rows", "sum_coded"]

SumsOfSquares = Literal["II", "III"]
_NOTHING = 1e-12  # relative to the total; a smaller residual sum of squares is rounding error


@dataclass(frozen=True, kw_only=True, slots=True)
class AnovaRow:
    """One row of an analysis of variance: a factor, the interaction or the blocks.

    Attributes:
        name: The factor's name, two with a colon for the interaction.
        df: Degrees of freedom.
        sum_of_squares: In the response's unit, squared.
        f: The mean square over the residual mean square.
        p: The p-value of F.
    """

    name: str
    df: int
    sum_of_squares: float
    f: float
    p: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AnovaTable:
    """An analysis of variance.

    Attributes:
        effects: The factors, then the interaction, then the blocks.
        residual_df: Residual degrees of freedom.
        residual_sum_of_squares: Residual sum of squares.
        total_sum_of_squares: Sum of squares about the mean.
    """

    effects: tuple[AnovaRow, ...]
    residual_df: int
    residual_sum_of_squares: float
    total_sum_of_squares: float

    def effect(self, name: str) -> AnovaRow:
        """Return the effect of an existing name."""
        return next(effect for effect in self.effects if effect.name == name)


@dataclass(frozen=True, kw_only=True)
class Combinations:
    """Distinct combinations of the levels of factors and blocks in a design; with covariates, its rows.

    All values of one combination share a row of the model matrix, and the parameters depend on their number and mean
    only. The cost of a fit therefore depends on the number of combinations, not of rows.

    Attributes:
        codes: Each row's combination; shape (rows,).
        counts: The rows of each combination; shape (combinations,).
        first: One row of each combination; shape (combinations,).
    """

    codes: NDArray[np.intp]
    counts: NDArray[np.float64]
    first: NDArray[np.intp]

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each combination's values, shape (combinations,)."""
        return np.asarray(np.bincount(self.codes, weights=values) / self.counts, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class LinearModel:
    """A linear model with intercept, fitted by least squares.

    Attributes:
        terms: The columns of each effect by its name, in the order of an `AnovaTable`; shape (combinations, columns).
        grid: The design's combinations.
        response: The values without the design's offset; shape (rows,).
        params: The intercept, then the parameters of each term.
        covariance: Their covariance; shape (parameters, parameters).
        ssr: The residual sum of squares.
        df_resid: Its degrees of freedom.
    """

    terms: dict[str, NDArray[np.float64]]
    grid: Combinations
    response: NDArray[np.float64]
    params: NDArray[np.float64]
    covariance: NDArray[np.float64]
    ssr: float
    df_resid: int

    @property
    def columns(self) -> NDArray[np.float64]:
        """The columns of the model, the intercept first; shape (rows, parameters)."""
        return _columns(self.terms.values(), len(self.grid.counts))[self.grid.codes]

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Residuals in the table's order; shape (rows,)."""
        fitted = _columns(self.terms.values(), len(self.grid.counts)) @ self.params
        return np.asarray(self.response - fitted[self.grid.codes], dtype=np.float64)

    @property
    def total(self) -> float:
        """The sum of squares about the mean."""
        return float(np.sum((self.response - self.response.mean()) ** 2))


def sum_coded(factor: Factor) -> NDArray[np.float64]:
    """Return the coding of a factor, shape (levels, levels - 1): 1 in a level's column, -1 in all for the last."""
    count = len(factor.levels)
    return np.vstack([np.eye(count - 1), -np.ones((1, count - 1))])


def fit(design: Design, values: NDArray[np.float64] | None = None) -> LinearModel:
    """Fit the full model to the response or to other values of its shape.

    Raises:
        ConfigError: The blocks are confounded with a factor, or leave no residual degrees of freedom.
    """
    grid = _combinations(design)
    terms = _terms(design, grid)
    response = design.centred if values is None else values
    offset = float(response.mean())
    columns = _columns(terms.values(), len(grid.counts))
    if design.block is not None:
        _check_blocks(design, columns)
    params, ssr = _least_squares(columns, grid, response - offset)
    params[0] += offset
    df_resid = len(response) - int(np.linalg.matrix_rank(columns))
    inverse = np.linalg.pinv(columns * np.sqrt(grid.counts)[:, None])
    model = LinearModel(
        terms=terms,
        grid=grid,
        response=response,
        params=params,
        covariance=inverse @ inverse.T * (ssr / df_resid),
        ssr=ssr,
        df_resid=df_resid,
    )
    if values is None and ssr <= _NOTHING * model.total:
        _refuse_exact_fit(design)
    return model


def anova(design: Design, model: LinearModel, sums_of_squares: SumsOfSquares) -> AnovaTable:
    """Return the analysis of variance of a fitted model.

    Args:
        design: The design.
        model: Its fitted model.
        sums_of_squares: The type, II or III.
    """
    residual, df = model.ssr, model.df_resid
    effects = []
    for name, columns in model.terms.items():
        others = [other for other in model.terms if other != name]
        if sums_of_squares == "II":
            others = [other for other in others if not _contains(design, other, name)]
            explained = _residual(model, others) - _residual(model, [*others, name])
        else:
            explained = _residual(model, others) - residual
        effects.append(_effect(name, columns.shape[1], max(explained, 0.0), residual_df=df, residual=residual))
    return AnovaTable(
        effects=tuple(effects),
        residual_df=df,
        residual_sum_of_squares=residual,
        total_sum_of_squares=model.total,
    )


def _contains(design: Design, other: str, name: str) -> bool:
    """Return whether an effect is an interaction that contains another effect."""
    factors = [factor.name for factor in design.factors]
    parts = {term: set(_factors_of(term, factors)) for term in (other, name)}
    return bool(parts[name]) and parts[name] < parts[other]


def _factors_of(term: str, factors: Sequence[str]) -> tuple[str, ...]:
    """Return the factors of an effect by its name; none for blocks."""
    for order in range(1, len(factors) + 1):
        for chosen in combinations(factors, order):
            if ":".join(chosen) == term:
                return chosen
    return ()


def level_rows(design: Design, model: LinearModel, factors: Sequence[Factor]) -> NDArray[np.float64]:
    """Return the contrast matrix of marginal means; shape (levels, parameters).

    Effects sum to zero over a factor's levels, so effects of other factors average out with equal weights.

    Args:
        design: The design.
        model: Its fitted model.
        factors: Some of the design's factors. Of several, a level is a combination, the last changing fastest.
    """
    names = [factor.name for factor in design.factors]
    shown = {factor.name: factor for factor in factors}
    count = int(np.prod([len(factor.levels) for factor in factors]))
    places = np.unravel_index(np.arange(count), [len(factor.levels) for factor in factors])
    coded = {factor.name: sum_coded(factor)[place] for factor, place in zip(factors, places, strict=True)}
    columns = [np.ones((count, 1))]
    for term, part in model.terms.items():
        inside = _factors_of(term, names)
        if inside and set(inside) <= set(shown):
            columns.append(reduce(_products, [coded[name] for name in inside]))
        else:
            columns.append(np.zeros((count, part.shape[1])))
    return np.hstack(columns)


def _effect(name: str, df: int, explained: float, *, residual_df: int, residual: float) -> AnovaRow:
    mean_square = residual / residual_df
    f = explained / df / mean_square
    return AnovaRow(
        name=name,
        df=df,
        sum_of_squares=explained,
        f=f,
        p=float(stats.f.sf(f, df, residual_df)),
    )


def _combinations(design: Design) -> Combinations:
    if design.covariates:
        rows = np.arange(len(design.values))
        return Combinations(codes=rows, counts=np.ones(len(rows)), first=rows)
    codes = design.cells.codes
    if design.block is not None:
        codes = codes * len(design.block.levels) + design.block.codes
    _, first, inverse, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    return Combinations(codes=inverse, counts=counts.astype(np.float64), first=first)


def _terms(design: Design, grid: Combinations) -> dict[str, NDArray[np.float64]]:
    """Return the columns of each effect: factors, interactions by order, covariates, and blocks last."""
    coded = {factor.name: sum_coded(factor)[factor.codes[grid.first]] for factor in design.factors}
    terms = {}
    for order in range(1, len(design.factors) + 1):
        for chosen in combinations(coded, order):
            terms[":".join(chosen)] = reduce(_products, [coded[name] for name in chosen])
    for covariate in design.covariates:
        terms[covariate.name] = covariate.values[grid.first][:, None]
    if design.block is not None:
        terms[design.block.name] = sum_coded(design.block)[design.block.codes[grid.first]]
    return terms


def _products(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the products of each column of `left` with each of `right`, row by row."""
    return (left[:, :, None] * right[:, None, :]).reshape(len(left), -1)


def _least_squares(
    columns: NDArray[np.float64], grid: Combinations, response: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return the parameters of columns, shape (combinations, columns), and the residual sum of squares."""
    means, roots = grid.means(response), np.sqrt(grid.counts)
    params = np.asarray(np.linalg.lstsq(columns * roots[:, None], means * roots)[0], dtype=np.float64)
    between = float(np.sum(grid.counts * (means - columns @ params) ** 2))
    within = float(np.sum((response - means[grid.codes]) ** 2))
    return params, within + between


def _columns(terms: Iterable[NDArray[np.float64]], rows: int) -> NDArray[np.float64]:
    return np.hstack([np.ones((rows, 1)), *terms])


def _residual(model: LinearModel, names: Iterable[str]) -> float:
    """Return the residual sum of squares of the model with only these effects."""
    columns = _columns([model.terms[name] for name in names], len(model.grid.counts))
    return _least_squares(columns, model.grid, model.response - model.response.mean())[1]


def _refuse_exact_fit(design: Design) -> None:
    if design.block is not None:
        name = design.block.name
        raise ConfigError(f"{design.response} does not vary within the blocks of {name}: no test can be computed")
    if design.covariates:
        names = " and ".join(covariate.name for covariate in design.covariates)
        raise ConfigError(f"{design.response} is a linear function of {names} in each group: no test can be computed")


def _check_blocks(design: Design, columns: NDArray[np.float64]) -> None:
    assert design.block is not None
    name, rows = design.block.name, len(design.values)
    if columns.shape[1] >= rows:
        raise ConfigError(
            f"{rows} rows are too few for {len(design.block.levels)} blocks of {name} and the factors: no residual "
            f"degrees of freedom are left; omit {parameter('block')}"
        )
    if int(np.linalg.matrix_rank(columns)) < columns.shape[1]:
        raise ConfigError(
            f"the block {name} is confounded with {' and '.join(factor.name for factor in design.factors)}: levels "
            "must share blocks, as agents that play the same seeds do"
        )
