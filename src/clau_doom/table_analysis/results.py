"""Values of the analysis of a design."""

from dataclasses import dataclass
from typing import Literal, get_args

from clau_doom.statistics.anova_effect_sizes import EffectSize
from clau_doom.statistics.intervals import Interval
from clau_doom.table_analysis.diagnostics import Diagnostic
from clau_doom.table_analysis.pairs import Comparisons

__all__ = [
    "METHODS",
    "AdjustedMean",
    "EffectTest",
    "Group",
    "Method",
    "Slope",
    "TableAnalysis",
    "TestedDesign",
    "VarianceComponent",
]

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
class AdjustedMean:
    """Marginal mean of a level in a linear model, at the means of the covariates.

    Attributes:
        effect: The factor's name; several joined by colons for combinations of levels.
        level: The level.
        mean: The estimate.
        standard_error: Its standard error.
        df: Degrees of freedom of its t statistic.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    effect: str
    level: str
    mean: float
    standard_error: float
    df: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Slope:
    """Change of the response with a covariate.

    Attributes:
        covariate: The covariate's name.
        mean: Its mean over the rows, at which means are adjusted.
        slope: The change of the response for a change of 1.
        standard_error: Its standard error.
        df: Degrees of freedom of its t statistic.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    covariate: str
    mean: float
    slope: float
    standard_error: float
    df: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class VarianceComponent:
    """Variance component of a mixed model.

    Attributes:
        name: The block's name, or ``residual``.
        variance: In the response's unit squared; None beyond the range of a double.
        deviation: Its square root.
    """

    name: str
    variance: float | None
    deviation: float


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
        margin: Margin of the equivalence tests, in the response's unit, or None.
        families: Sentences that describe the families of tests and the correction within each.
        adjusted_means: Marginal means of a model with covariates or random blocks.
        slopes: Of the covariates.
        components: Variance components of a mixed model.
    """

    method: Method
    test: str
    groups: tuple[Group, ...]
    balanced: bool
    effects: tuple[EffectTest, ...]
    residual: tuple[int, float | None] | None
    comparisons: tuple[Comparisons, ...]
    diagnostics: tuple[Diagnostic, ...]
    margin: float | None = None
    families: tuple[str, ...] = ()
    adjusted_means: tuple[AdjustedMean, ...] = ()
    slopes: tuple[Slope, ...] = ()
    components: tuple[VarianceComponent, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TestedDesign:
    """Tests and comparisons of a design, in the design's unit.

    Attributes:
        test: Name of the tests of effects.
        effects: The tests of the effects.
        comparisons: Comparisons of levels.
        residual: Residual degrees of freedom and sum of squares of an analysis of variance, or None.
        adjusted_means: Marginal means of a model with covariates or random blocks.
        slopes: Of the covariates.
        components: Variance components of a mixed model.
        diagnostics: Diagnostics of the model.
    """

    test: str
    effects: tuple[EffectTest, ...]
    comparisons: tuple[Comparisons, ...]
    residual: tuple[int, float | None] | None = None
    adjusted_means: tuple[AdjustedMean, ...] = ()
    slopes: tuple[Slope, ...] = ()
    components: tuple[VarianceComponent, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
