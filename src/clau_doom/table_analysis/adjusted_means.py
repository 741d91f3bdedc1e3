"""Analysis of designs with covariates or incomplete blocks by one linear model.

The model has all effects of the factors and a common slope for each covariate. Effects are tested on its marginal
means: unweighted means of the cells, at the means of the covariates. Tests, intervals and comparisons use the
covariance of one model:

- covariates, default: HC3 covariance, which allows unequal variances; ``classical``: ordinary covariance;
- blocks: independent random effects of the blocks, fitted by REML, with Kenward and Roger's covariance and degrees of
  freedom. Comparisons of levels in one block and in different blocks are combined, weighted by their precision.

Effect sizes are partial omega squared as a function of F, (F - 1) df / (F df + residual df + 1) (Olejnik and Algina,
"Generalized eta and omega squared statistics", Psychological Methods 8, 2003). Hedges' g of a pair divides by the
residual standard deviation; in blocks by that of the sum of both components (Westfall, Kenny and Judd, "Statistical
power and optimal design in experiments in which samples of participants respond to samples of stimuli", Journal of
Experimental Psychology: General 143, 2014).
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.parameter_names import argument, parameter
from clau_doom.statistics.anova_effect_sizes import omega_squared_of_f
from clau_doom.statistics.linear_regression import CovarianceKind, fit_regression
from clau_doom.statistics.mixed_models import ContrastEstimate, FTest, fit_mixed
from clau_doom.table_analysis.comparisons import level_names, max_t
from clau_doom.table_analysis.design import Covariate, Design
from clau_doom.table_analysis.diagnostics import Diagnostic
from clau_doom.table_analysis.effect_contrasts import compared_factors, effects_of
from clau_doom.table_analysis.linear_models import LinearModel, fit, level_rows
from clau_doom.table_analysis.pairs import MOST_COMPARED, Standardizer
from clau_doom.table_analysis.results import AdjustedMean, EffectTest, Slope, TestedDesign, VarianceComponent

__all__ = ["analyze_by_model", "model_summaries"]

_Array = NDArray[np.float64]

_FEWEST_DF = 3  # residual degrees of freedom of the test of homogeneous slopes
_SIGNIFICANT = 0.05


class _Estimator(Protocol):
    def contrast(self, weights: _Array) -> ContrastEstimate: ...

    def test(self, contrasts: _Array) -> FTest: ...


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    """A fitted model.

    Attributes:
        title: Name of the tests.
        model: Estimates and tests combinations of the parameters.
        covariance: Covariance of the parameters.
        standardizer: The standard deviation of the effect sizes of pairs.
        components: Variance components.
    """

    title: str
    model: _Estimator
    covariance: _Array
    standardizer: Standardizer
    components: tuple[VarianceComponent, ...] = ()


def analyze_by_model(design: Design) -> TestedDesign:
    """Test the effects of a design with covariates, blocks, or both, and compare its levels.

    Raises:
        ConfigError: The model cannot be fitted.
    """
    fixed = fit(replace(design, block=None))
    fitted = _fit(design, fixed.columns, "HC3")
    summaries = replace(_summaries(design, fixed, fitted), diagnostics=_homogeneity(design, fixed, "HC3"))
    effects = [
        _effect(name, fitted.model.test(_rows_of(fixed, name, part.shape[1]))) for name, part in fixed.terms.items()
    ]
    comparisons = [
        max_t(
            factors,
            level_rows(design, fixed, factors),
            estimate=fitted.model.contrast,
            covariance=fitted.covariance,
            standardizer=fitted.standardizer,
        )
        for factors in compared_factors(design)
    ]
    return replace(summaries, test=fitted.title, effects=tuple(effects), comparisons=tuple(comparisons))


def model_summaries(design: Design) -> TestedDesign:
    """Return adjusted means, slopes and their homogeneity with the ordinary covariance, without tests of effects."""
    model, without_block = fit(design), replace(design, block=None)
    found = _summaries(design, model, _fit(without_block, model.columns, "ordinary"))
    return replace(found, diagnostics=_homogeneity(without_block, model, "ordinary"))


def _fit(design: Design, columns: _Array, kind: CovarianceKind) -> _Fitted:
    if design.block is None:
        regression = fit_regression(design.values, columns, kind)
        title = "F tests of adjusted means, HC3"
        residual = Standardizer(
            symbol="g",
            name="residual standard deviation",
            deviation=regression.deviation,
            df=regression.residual_df,
        )
        return _Fitted(title=title, model=regression, covariance=regression.covariance, standardizer=residual)
    block = design.block
    if int(np.bincount(block.codes).max()) == 1:
        raise ConfigError(f"each block of {block.name} has only one row: omit {parameter('block')}")
    try:
        mixed = fit_mixed(design.values, columns, [block.codes])
    except ConfigError as error:
        raise ConfigError(f"{argument('block', block.name)}: {error}; or omit {parameter('block')}") from error
    names = (block.name, "residual")
    return _Fitted(
        title="mixed model with random blocks, Kenward-Roger",
        model=mixed,
        covariance=mixed.adjusted_covariance,
        standardizer=Standardizer(
            symbol="g",
            name="standard deviation of blocks and residuals",
            deviation=float(np.sqrt(sum(mixed.components))),
            df=mixed.total_df,
        ),
        components=tuple(
            VarianceComponent(name=name, variance=variance, deviation=float(np.sqrt(variance)))
            for name, variance in zip(names, mixed.components, strict=True)
        ),
    )


def _summaries(design: Design, fixed: LinearModel, fitted: _Fitted) -> TestedDesign:
    means = []
    for factors in compared_factors(design):
        levels = level_names(factors)
        if len(levels) > MOST_COMPARED:
            continue
        name = ":".join(factor.name for factor in factors)
        for level, row in zip(levels, level_rows(design, fixed, factors), strict=True):
            found = fitted.model.contrast(row)
            means.append(
                AdjustedMean(
                    effect=name,
                    level=level,
                    mean=found.estimate,
                    standard_error=found.standard_error,
                    df=found.df,
                    low=found.low,
                    high=found.high,
                )
            )
    return TestedDesign(
        test="",
        effects=(),
        comparisons=(),
        adjusted_means=tuple(means),
        slopes=tuple(_slope(fixed, fitted, covariate) for covariate in design.covariates),
        components=fitted.components,
    )


def _rows_of(fixed: LinearModel, name: str, width: int) -> _Array:
    """Return the parameters of a term as combinations of all parameters; shape (width, parameters)."""
    start = 1
    for term, part in fixed.terms.items():
        if term == name:
            break
        start += part.shape[1]
    return np.asarray(np.eye(len(fixed.params))[start : start + width], dtype=np.float64)


def _slope(fixed: LinearModel, fitted: _Fitted, covariate: Covariate) -> Slope:
    found = fitted.model.contrast(_rows_of(fixed, covariate.name, 1)[0])
    estimate, error, low, high = (
        value / covariate.unit for value in (found.estimate, found.standard_error, found.low, found.high)
    )
    return Slope(
        covariate=covariate.name,
        mean=covariate.mean,
        slope=estimate,
        standard_error=error,
        df=found.df,
        low=low,
        high=high,
    )


def _effect(name: str, found: FTest) -> EffectTest:
    count = found.df + found.residual_df + 1.0
    size = omega_squared_of_f(found.f, found.df, found.residual_df, count, partial=True)
    return EffectTest(
        name=name, symbol="F", statistic=found.f, df=(found.df, found.residual_df), p=found.p, sizes=(size,)
    )


def _homogeneity(design: Design, fixed: LinearModel, kind: CovarianceKind) -> tuple[Diagnostic, ...]:
    """Test for each covariate that its slope is the same in all cells, by its interaction with the factors."""
    columns = fixed.columns
    cells = np.hstack([fixed.terms[effect.name] for effect in effects_of(design)])[fixed.grid.codes]
    by = ":".join(factor.name for factor in design.factors)
    found = []
    for covariate in design.covariates:
        extended = np.hstack([columns, cells * covariate.values[:, None]])
        rows = np.eye(extended.shape[1])[columns.shape[1] :]
        diagnostic = Diagnostic(
            name="homogeneity of slopes", method=f"F, {covariate.name} by {by}", statistic=None, p=None
        )
        too_few = len(columns) - extended.shape[1] < _FEWEST_DF
        if too_few or np.linalg.matrix_rank(extended) < extended.shape[1]:
            found.append(replace(diagnostic, remark="too few values"))
            continue
        try:
            test = _fit(design, extended, kind).model.test(rows)
        except ConfigError:
            found.append(replace(diagnostic, remark="not possible in this design"))
            continue
        remark = f"df {test.df:.6g}, {test.residual_df:.6g}"
        if test.p < _SIGNIFICANT:
            remark += f"; slopes differ, so that differences depend on {covariate.name}"
        found.append(replace(diagnostic, statistic=test.f, p=test.p, remark=remark))
    return tuple(found)
