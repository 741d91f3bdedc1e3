"""Analysis of a design: the test of each effect, the comparisons of its levels, and diagnostics.

The design and the user's choice of a method select the analysis, never the data:

| method | without blocks | in complete blocks |
|---|---|---|
| default | Welch-James tests; Games-Howell | Hotelling's T² or corrected F; paired t tests |
| classical | analysis of variance (type III); Tukey | the same with additive blocks |
| ranks | one factor: Kruskal-Wallis, Dunn; two: aligned ranks | one factor: Friedman, Nemenyi |
| permutation | permuted Wald statistic | permuted within blocks |

Each factor's levels are compared, and the combinations of levels of the highest interaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.statistics.anova_effect_sizes import EffectSize, noncentrality_interval, omega_squared_of_f
from clau_doom.statistics.approximate_f import ApproximateF
from clau_doom.statistics.complete_blocks import block_contrasts_test
from clau_doom.statistics.intervals import FEWEST_FOR_MEAN, Interval, concentration, mean_interval
from clau_doom.table_analysis.comparisons import Comparisons, games_howell, paired, tukey
from clau_doom.table_analysis.design import Design, Factor
from clau_doom.table_analysis.diagnostics import Diagnostic, diagnose
from clau_doom.table_analysis.effect_contrasts import EffectContrasts, cell_statistics, effects_of
from clau_doom.table_analysis.linear_models import AnovaTable, SumsOfSquares, anova, fit
from clau_doom.table_analysis.permutation import PERMUTATIONS, permutation_test
from clau_doom.table_analysis.rank_tests import aligned_ranks, dunn, friedman, kruskal_wallis, nemenyi
from clau_doom.table_analysis.repeated_measures import CompleteBlocks, complete_blocks
from clau_doom.table_analysis.welch_james import welch_james

__all__ = ["METHODS", "EffectTest", "Group", "Method", "TableAnalysis", "TestedDesign", "analyze_design", "run_tests"]

Method = Literal["default", "classical", "ranks", "permutation"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Summary of one cell.

    Attributes:
        levels: Its level of each factor.
        mean: The mean with its interval.
        deviation: The sample standard deviation.
        median: The median.
    """

    levels: tuple[str, ...]
    mean: Interval
    deviation: float
    median: float


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectTest:
    """The test of one effect.

    Attributes:
        name: The factor's name; several joined by colons for an interaction.
        symbol: Symbol of the statistic.
        statistic: The statistic, or None if the test is not possible.
        df: Degrees of freedom: numerator and denominator of an F, one of a chi-squared statistic.
        p: The p-value, or None.
        sizes: Effect sizes.
        sum_of_squares: Of an analysis of variance, in the response's unit squared, or None.
        note: The reason why the test is not possible, or empty.
    """

    name: str
    symbol: str
    statistic: float | None
    df: tuple[float, ...]
    p: float | None
    sizes: tuple[EffectSize, ...] = ()
    sum_of_squares: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableAnalysis:
    """Analysis of a design.

    Attributes:
        method: The method.
        test: Name of the tests of effects.
        groups: Summaries of the cells.
        balanced: Whether all cells have the same size.
        effects: The tests of the effects.
        residual: Residual degrees of freedom and sum of squares of an analysis of variance, or None.
        comparisons: Comparisons of levels.
        diagnostics: Diagnostics.
    """

    method: Method
    test: str
    groups: tuple[Group, ...]
    balanced: bool
    effects: tuple[EffectTest, ...]
    residual: tuple[int, float] | None
    comparisons: tuple[Comparisons, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, kw_only=True)
class TestedDesign:
    """Tests and comparisons of a design, in the design's unit.

    Attributes:
        test: Name of the tests of effects.
        effects: The tests of the effects.
        comparisons: Comparisons of levels.
        residual: Residual degrees of freedom and sum of squares of an analysis of variance, or None.
    """

    test: str
    effects: tuple[EffectTest, ...]
    comparisons: tuple[Comparisons, ...]
    residual: tuple[int, float] | None = None


def analyze_design(
    design: Design,
    method: Method = "default",
    *,
    sums_of_squares: SumsOfSquares = "III",
    order: NDArray[np.float64] | None = None,
) -> TableAnalysis:
    """Analyse a design.

    Args:
        design: The design.
        method: One of `METHODS`.
        sums_of_squares: The type for ``classical``.
        order: A value for each row that gives the order in which they arose, for the diagnostics; shape (rows,).

    Raises:
        ConfigError: The method does not allow the design; the message names one that does.
    """
    tested = run_tests(design, method, sums_of_squares=sums_of_squares)
    found = TableAnalysis(
        method=method,
        test=tested.test,
        groups=_groups(design),
        balanced=design.balanced,
        effects=tested.effects,
        residual=tested.residual,
        comparisons=tested.comparisons,
        diagnostics=diagnose(design, order),
    )
    return found if design.unit == 1.0 else _in_units(found, design.unit)


def run_tests(design: Design, method: Method = "default", *, sums_of_squares: SumsOfSquares = "III") -> TestedDesign:
    """Test the effects of a design and compare its levels, without summaries of cells and diagnostics.

    Args:
        design: The design.
        method: One of `METHODS`.
        sums_of_squares: The type for ``classical``.

    Raises:
        ConfigError: The method does not allow the design; the message names one that does.
    """
    return _classical(design, sums_of_squares) if method == "classical" else _TESTS[method](design)


def _default(design: Design) -> TestedDesign:
    if design.block is None:
        name = "Welch's ANOVA" if len(design.factors) == 1 else "Welch-James tests of unweighted marginal means"
        reason = _at_limit(design)
        if reason:
            return TestedDesign(
                test=name,
                effects=tuple([_impossible(effect, reason) for effect in effects_of(design)]),
                comparisons=(),
            )
        cells = cell_statistics(design)
        effects = [
            _approximate(effect, welch_james(effect.contrasts, cells), len(design.values))
            for effect in effects_of(design)
        ]
        comparisons = [games_howell(design, cells, factors) for factors in _compared(design)]
        return TestedDesign(test=name, effects=tuple(effects), comparisons=tuple(comparisons))
    blocks = _blocks(design)
    effects = [
        _approximate(effect, block_contrasts_test(effect.contrasts, blocks.means), len(blocks.means))
        for effect in effects_of(design)
    ]
    return TestedDesign(
        test="tests of the differences within blocks",
        effects=tuple(effects),
        comparisons=tuple([paired(design, blocks, factors) for factors in _compared(design)]),
    )


def _classical(design: Design, sums_of_squares: SumsOfSquares) -> TestedDesign:
    model = fit(design)
    table = anova(design, model, sums_of_squares)
    kind = "" if design.balanced else f" (type {sums_of_squares})"
    comparisons = [tukey(design, model, factors) for factors in _compared(design)]
    return TestedDesign(
        test=f"analysis of variance{kind}",
        effects=tuple([_of_anova(table, name) for name in model.terms]),
        comparisons=tuple(comparisons) if design.balanced or sums_of_squares == "III" else (),
        residual=(table.residual_df, table.residual_sum_of_squares),
    )


def _ranks(design: Design) -> TestedDesign:
    if design.block is not None:
        if len(design.factors) > 1:
            raise ConfigError("--test ranks allows one factor in blocks: use --test permutation for more")
        return _friedman(design)
    if len(design.factors) == 1:
        return _kruskal_wallis(design)
    if len(design.factors) > 2:
        raise ConfigError("--test ranks allows two factors at most: use --test permutation for more")
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
    compared = _compared(design)
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
            f"a block of {design.block.name} has no value in some cells: exclude such blocks with --where, or use "
            "--test classical"
        )
    return found


def _compared(design: Design) -> list[Sequence[Factor]]:
    """Return the factors whose levels are compared: each by itself, and all together."""
    single: list[Sequence[Factor]] = [(factor,) for factor in design.factors]
    return single if len(design.factors) == 1 else [*single, design.factors]


def _approximate(effect: EffectContrasts, found: ApproximateF | None, count: int) -> EffectTest:
    if found is None:
        return _impossible(effect)
    return EffectTest(
        name=effect.name,
        symbol="F",
        statistic=found.f,
        df=(found.df, found.residual_df),
        p=found.p,
        sizes=(omega_squared_of_f(found.f, found.df, found.residual_df, count),),
    )


def _at_limit(design: Design) -> str:
    """Return the reason why values at a limit forbid tests of means, or an empty text."""
    reasons = (concentration(group.tolist()) for group in design.groups() if len(group) >= FEWEST_FOR_MEAN)
    reason = next(filter(None, reasons), "")
    return f"withheld: {reason} in a cell; use --test ranks or permutation" if reason else ""


def _impossible(effect: EffectContrasts, note: str = "not possible: a cell has no variance") -> EffectTest:
    return EffectTest(name=effect.name, symbol="F", statistic=None, df=(), p=None, note=note)


def _of_anova(table: AnovaTable, name: str) -> EffectTest:
    effect = table.effect(name)
    count = table.residual_df + 1 + sum(each.df for each in table.effects)
    low, high = noncentrality_interval(effect.f, effect.df, table.residual_df)
    sizes = (
        EffectSize(name="eta squared", symbol="η²", value=effect.eta_squared),
        EffectSize(
            name="partial eta squared",
            symbol="partial η²",
            value=effect.partial_eta_squared,
            low=low / (low + count),
            high=high / (high + count),
        ),
        EffectSize(name="omega squared", symbol="ω²", value=effect.omega_squared),
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
            mean=mean_interval(values.tolist()),
            deviation=float(np.std(values, ddof=1)),
            median=float(np.median(values)),
        )
        for levels, values in zip(design.cell_levels, design.groups(), strict=True)
    )


def _in_units(found: TableAnalysis, unit: float) -> TableAnalysis:
    """Convert an analysis from the design's unit to that of the response.

    Test statistics, p-values and effect sizes do not change. A sum of squares beyond the range of a double becomes
    infinite or 0.
    """
    groups = [
        replace(
            group,
            mean=_interval_in_units(group.mean, unit),
            deviation=group.deviation * unit,
            median=group.median * unit,
        )
        for group in found.groups
    ]
    effects = [
        replace(each, sum_of_squares=None if each.sum_of_squares is None else each.sum_of_squares * unit * unit)
        for each in found.effects
    ]
    residual = None if found.residual is None else (found.residual[0], found.residual[1] * unit * unit)
    comparisons = [_comparisons_in_units(each, unit) for each in found.comparisons]
    return replace(
        found, groups=tuple(groups), effects=tuple(effects), residual=residual, comparisons=tuple(comparisons)
    )


def _interval_in_units(found: Interval, unit: float) -> Interval:
    low, high = (None if end is None else end * unit for end in (found.low, found.high))
    return replace(found, mean=found.mean * unit, low=low, high=high)


def _comparisons_in_units(found: Comparisons, unit: float) -> Comparisons:
    if found.scale == "ranks":
        return found
    pairs = [
        replace(
            pair,
            difference=pair.difference * unit,
            low=None if pair.low is None else pair.low * unit,
            high=None if pair.high is None else pair.high * unit,
        )
        for pair in found.pairs
    ]
    return replace(found, pairs=tuple(pairs))
