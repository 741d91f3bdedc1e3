"""Analysis of a design: the test of each effect, the comparisons of its levels, and diagnostics.

The design and the user's choice of a method select the analysis, never the data:

| method | without blocks | in complete blocks |
|---|---|---|
| default | Welch-James tests; Games-Howell | Hotelling's T² or corrected F; paired t tests |
| classical | analysis of variance (type III); Tukey | the same with additive blocks, complete or not |
| ranks | one factor: Kruskal-Wallis, Dunn; two: aligned ranks | one factor: Friedman, Nemenyi |
| permutation | permuted Wald statistic | permuted within blocks |

In incomplete blocks, the default is a mixed model with random blocks. With covariates, it is a linear model with HC3
covariance, in blocks a mixed model, and ``classical`` is the analysis of covariance.

Each factor's levels are compared, and the combinations of levels of the highest interaction.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.parameter_names import argument, parameter
from clau_doom.statistics.anova_effect_sizes import EffectSize, anova_effect_sizes, omega_squared_of_f
from clau_doom.statistics.approximate_f import ApproximateF
from clau_doom.statistics.complete_blocks import block_contrasts_test, block_generalised_eta_squared
from clau_doom.statistics.intervals import FEWEST_FOR_MEAN, concentration, mean_interval
from clau_doom.statistics.skewness import skewed, too_skewed_to_standardize
from clau_doom.table_analysis.adjusted_means import analyze_by_model, model_summaries
from clau_doom.table_analysis.comparisons import games_howell, paired, tukey
from clau_doom.table_analysis.design import Design
from clau_doom.table_analysis.diagnostics import diagnose
from clau_doom.table_analysis.effect_contrasts import EffectContrasts, cell_statistics, compared_factors, effects_of
from clau_doom.table_analysis.families import families
from clau_doom.table_analysis.linear_models import AnovaTable, SumsOfSquares, anova, fit
from clau_doom.table_analysis.pair_effects import with_effect_sizes, with_equivalence
from clau_doom.table_analysis.permutation import PERMUTATIONS, permutation_test
from clau_doom.table_analysis.rank_tests import aligned_ranks, dunn, friedman, kruskal_wallis, nemenyi
from clau_doom.table_analysis.repeated_measures import CompleteBlocks, complete_blocks
from clau_doom.table_analysis.results import EffectTest, Group, Method, TableAnalysis, TestedDesign
from clau_doom.table_analysis.units import in_units, shifted
from clau_doom.table_analysis.welch_james import welch_james

__all__ = ["analyze_design", "run_tests"]


def analyze_design(
    design: Design,
    method: Method = "default",
    *,
    sums_of_squares: SumsOfSquares = "III",
    order: NDArray[np.float64] | None = None,
    margin: float | None = None,
) -> TableAnalysis:
    """Analyse a design.

    Args:
        design: The design.
        method: One of `METHODS`.
        sums_of_squares: The type for ``classical``.
        order: A value for each row that gives the order in which they arose, for the diagnostics; shape (rows,).
        margin: Smallest difference of interest for equivalence tests of pairs, in the response's unit, or None.

    Raises:
        ConfigError: The method does not allow the design or equivalence tests; the message names one that does.
    """
    if margin is not None:
        _check_margin(margin, method)
    tested = run_tests(design, method, sums_of_squares=sums_of_squares)
    skewed_values = too_skewed_to_standardize(_residual_groups(design))
    found = TableAnalysis(
        method=method,
        test=tested.test,
        groups=_groups(design),
        balanced=design.balanced,
        effects=tested.effects,
        residual=tested.residual,
        comparisons=tuple([with_effect_sizes(each, skewed=skewed_values) for each in tested.comparisons]),
        diagnostics=(*diagnose(design, order), *tested.diagnostics),
        adjusted_means=tested.adjusted_means,
        slopes=tested.slopes,
        components=tested.components,
    )
    found = in_units(found, design.unit)
    if margin is not None:
        found = replace(
            found, margin=margin, comparisons=tuple([with_equivalence(each, margin) for each in found.comparisons])
        )
    return replace(found, families=families(found))


def run_tests(design: Design, method: Method = "default", *, sums_of_squares: SumsOfSquares = "III") -> TestedDesign:
    """Test the effects of a design and compare its levels, without summaries of cells and diagnostics.

    Args:
        design: The design.
        method: One of `METHODS`.
        sums_of_squares: The type for ``classical``.

    Raises:
        ConfigError: The method does not allow the design; the message names one that does.
    """
    if design.covariates and method in {"ranks", "permutation"}:
        raise ConfigError(
            f"{argument('test', method)} does not allow covariates: use {argument('test', 'default')} or "
            f"{argument('test', 'classical')}"
        )
    return _classical(design, sums_of_squares) if method == "classical" else _TESTS[method](design)


def _default(design: Design) -> TestedDesign:
    return _default_without_blocks(design) if design.block is None else _default_in_blocks(design)


def _default_without_blocks(design: Design) -> TestedDesign:
    name = "Welch's ANOVA" if len(design.factors) == 1 else "Welch-James tests of unweighted marginal means"
    reason = _unsuitable(design)
    if reason:
        return TestedDesign(
            test=name,
            effects=tuple([_impossible(effect, reason) for effect in effects_of(design)]),
            comparisons=(),
        )
    if design.covariates:
        return analyze_by_model(design)
    cells, several = cell_statistics(design), len(design.factors) > 1
    effects = [
        _approximate(effect, welch_james(effect.contrasts, cells), len(design.values), partial=several)
        for effect in effects_of(design)
    ]
    comparisons = [games_howell(design, cells, factors) for factors in compared_factors(design)]
    return TestedDesign(test=name, effects=tuple(effects), comparisons=tuple(comparisons))


def _default_in_blocks(design: Design) -> TestedDesign:
    blocks = complete_blocks(design)
    if blocks is None or design.covariates:
        return analyze_by_model(design)
    effects = [_within(effect, blocks) for effect in effects_of(design)]
    return TestedDesign(
        test="tests of the differences within blocks",
        effects=tuple(effects),
        comparisons=tuple([paired(design, blocks, factors) for factors in compared_factors(design)]),
    )


def _classical(design: Design, sums_of_squares: SumsOfSquares) -> TestedDesign:
    model = fit(design)
    table = anova(design, model, sums_of_squares)
    kind = "" if design.balanced else f" (type {sums_of_squares})"
    block = None if design.block is None else design.block.name
    comparisons = [tukey(design, model, factors) for factors in compared_factors(design)]
    summaries = model_summaries(design) if design.covariates else TestedDesign(test="", effects=(), comparisons=())
    return replace(
        summaries,
        test=f"analysis of {'covariance' if design.covariates else 'variance'}{kind}",
        effects=tuple([_of_anova(table, name, block) for name in model.terms]),
        comparisons=tuple(comparisons) if design.balanced or sums_of_squares == "III" else (),
        residual=(table.residual_df, table.residual_sum_of_squares),
    )


def _ranks(design: Design) -> TestedDesign:
    ranks, permutation = argument("test", "ranks"), argument("test", "permutation")
    if design.block is not None:
        if len(design.factors) > 1:
            raise ConfigError(f"{ranks} allows one factor in blocks: use {permutation} for more")
        return _friedman(design)
    if len(design.factors) == 1:
        return _kruskal_wallis(design)
    if len(design.factors) > 2:
        raise ConfigError(f"{ranks} allows two factors at most: use {permutation} for more")
    effects, compared = [], []
    for effect in effects_of(design):
        model = fit(design, aligned_ranks(design, effect))
        effects.append(replace(_of_anova(anova(design, model, "III"), effect.name), sum_of_squares=None))
        if len(effect.factors) == 1:
            compared.append(tukey(design, model, effect.factors, scale="ranks"))
    return TestedDesign(test="aligned rank transform", effects=tuple(effects), comparisons=tuple(compared))


def _kruskal_wallis(design: Design) -> TestedDesign:
    (factor,) = design.factors
    statistic, p = kruskal_wallis(design)
    count, levels = len(design.values), len(factor.levels)
    # Tomczak and Tomczak, "The need to report effect size estimates revisited", Trends in Sport Sciences 21, 2014.
    size = EffectSize(name="eta squared of H", symbol="η²", value=max((statistic - levels + 1) / (count - levels), 0.0))
    effect = EffectTest(name=factor.name, symbol="H", statistic=statistic, df=(float(levels - 1),), p=p, sizes=(size,))
    return TestedDesign(test="Kruskal-Wallis", effects=(effect,), comparisons=(dunn(design),))


def _friedman(design: Design) -> TestedDesign:
    (factor,) = design.factors
    blocks = _blocks(design)
    statistic, p = friedman(blocks)
    count, levels = blocks.means.shape
    size = EffectSize(name="Kendall's W", symbol="W", value=statistic / (count * (levels - 1)))
    effect = EffectTest(name=factor.name, symbol="χ²", statistic=statistic, df=(float(levels - 1),), p=p, sizes=(size,))
    return TestedDesign(test="Friedman", effects=(effect,), comparisons=(nemenyi(design, blocks),))


def _permutation(design: Design) -> TestedDesign:
    blocks = None if design.block is None else _blocks(design)
    cells = cell_statistics(design)
    effects = []
    for effect in effects_of(design):
        found = permutation_test(effect.contrasts, design, blocks)
        if found is None:
            effects.append(_impossible(effect))
            continue
        symbol = "W" if blocks is None else "F"
        effects.append(
            EffectTest(
                name=effect.name, symbol=symbol, statistic=found[0], df=(float(len(effect.contrasts)),), p=found[1]
            )
        )
    compared = compared_factors(design)
    return TestedDesign(
        test=f"permutation tests ({PERMUTATIONS:,} permutations)",
        effects=tuple(effects),
        comparisons=tuple(
            [games_howell(design, cells, each) if blocks is None else paired(design, blocks, each) for each in compared]
        ),
    )


_TESTS: dict[Method, Callable[[Design], TestedDesign]] = {
    "default": _default,
    "ranks": _ranks,
    "permutation": _permutation,
}


def _blocks(design: Design) -> CompleteBlocks:
    found = complete_blocks(design)
    if found is None:
        assert design.block is not None
        raise ConfigError(
            f"a block of {design.block.name} has no value in some cells: exclude such blocks with "
            f"{parameter('where')}, or use {argument('test', 'default')} or {argument('test', 'classical')}"
        )
    return found


def _within(effect: EffectContrasts, blocks: CompleteBlocks) -> EffectTest:
    found = _approximate(effect, block_contrasts_test(effect.contrasts, blocks.means), len(blocks.means), partial=True)
    size = block_generalised_eta_squared(effect.contrasts, blocks.means)
    return found if found.p is None or size is None else replace(found, sizes=(size, *found.sizes))


def _approximate(effect: EffectContrasts, found: ApproximateF | None, count: int, *, partial: bool) -> EffectTest:
    if found is None:
        return _impossible(effect)
    return EffectTest(
        name=effect.name,
        symbol="F",
        statistic=found.f,
        df=(found.df, found.residual_df),
        p=found.p,
        sizes=(omega_squared_of_f(found.f, found.df, found.residual_df, count, partial=partial),),
    )


def _check_margin(margin: float, method: Method) -> None:
    if not (math.isfinite(margin) and margin > 0.0):
        raise ConfigError(
            f"{argument('margin', margin, option='equivalence')}: give a margin above 0, in the unit of the response"
        )
    if method == "ranks":
        ranks, default = argument("test", "ranks"), argument("test", "default")
        margins = parameter("margin", option="equivalence")
        raise ConfigError(f"{margins} needs differences of means: {ranks} has none; use {default}")


def _unsuitable(design: Design) -> str:
    """Return the reason why values at a limit or skewed values forbid tests of means, or an empty text."""
    reasons = (
        concentration(group.tolist()) for group in design.groups(design.centred) if len(group) >= FEWEST_FOR_MEAN
    )
    reason = next(filter(None, reasons), "") or skewed(_residual_groups(design))
    without = f" without {parameter('covariates', option='covariate')}" if design.covariates else ""
    remedy = f"use {argument('test', 'ranks')} or {argument('test', 'permutation')}{without}"
    return f"withheld: {reason} in a cell; {remedy}" if reason else ""


def _residual_groups(design: Design) -> tuple[NDArray[np.float64], ...]:
    """Return the values of each cell, without the effects of covariates."""
    values = fit(replace(design, block=None)).residuals if design.covariates else design.centred
    return design.groups(values)


def _impossible(effect: EffectContrasts, note: str = "not possible: a cell has no variance") -> EffectTest:
    return EffectTest(name=effect.name, symbol="F", statistic=None, df=(), p=None, note=note)


def _of_anova(table: AnovaTable, name: str, block: str | None = None) -> EffectTest:
    effect = table.effect(name)
    count = table.residual_df + 1 + sum(each.df for each in table.effects)
    mean_square = table.residual_sum_of_squares / table.residual_df
    blocked = table.effect(block) if block not in {None, name} else None
    sizes = anova_effect_sizes(
        effect.f,
        effect.df,
        table.residual_df,
        count,
        total=table.total_sum_of_squares / mean_square,
        others=sum(each.df * max(each.f - 1.0, 0.0) for each in table.effects if each.name != name),
        blocks=None if blocked is None else (blocked.sum_of_squares / mean_square, blocked.df),
    )
    return EffectTest(
        name=name,
        symbol="F",
        statistic=effect.f,
        df=(float(effect.df), float(table.residual_df)),
        p=effect.p,
        sizes=sizes,
        sum_of_squares=effect.sum_of_squares,
    )


def _groups(design: Design) -> tuple[Group, ...]:
    return tuple(
        Group(
            levels=levels,
            mean=shifted(mean_interval(values.tolist(), largest=design.magnitude(values)), design.offset),
            deviation=float(np.std(values, ddof=1)),
            median=float(np.median(values)) + design.offset,
        )
        for levels, values in zip(design.cell_levels, design.groups(design.centred), strict=True)
    )
