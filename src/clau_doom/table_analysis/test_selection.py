"""Selection of the test by the checked assumptions, and the whole analysis of a design.

| design | normal, equal variances | normal, unequal | not normal, equal | not normal, unequal |
|---|---|---|---|---|
| one factor | ANOVA | Welch | Kruskal-Wallis | Welch with 15 or more values in each group, else Kruskal-Wallis |
| two factors, or blocks | ANOVA | aligned ranks | aligned ranks | aligned ranks |

Post-hoc: Tukey's HSD with equal variances, of values or of the tested ranks; Games-Howell with unequal variances. By
the central limit theorem Welch's test keeps its level for skewed values from about 15 in a group. Rank tests are
sensitive to unequal variances: a significant result can be a difference in spread. Games-Howell does not support
blocks.

A test that is selected on the same data does not keep its nominal level exactly (Zimmerman, "A note on
preliminary tests of equality of variances", British Journal of Mathematical and Statistical Psychology 57, 2004): the
classical analysis is always reported as well, and no conclusion should be drawn if the two disagree.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from clau_doom.statistics.intervals import Interval, student_interval
from clau_doom.table_analysis.aligned_ranks import aligned_rank_anova, aligned_ranks, cell_ranks
from clau_doom.table_analysis.assumptions import ALPHA, Assumptions, Check, check_assumptions
from clau_doom.table_analysis.design import Design, Factor
from clau_doom.table_analysis.models import AnovaTable, LinearModel, SumsOfSquares, anova, fit
from clau_doom.table_analysis.one_way import OneWayTest, kruskal_wallis, welch
from clau_doom.table_analysis.post_hoc import MOST_COMPARED, Comparisons, Pair, games_howell, tukey

__all__ = ["Chosen", "Group", "VarianceAnalysis", "analyze_variance"]

_ENOUGH_FOR_WELCH = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Summary of one cell.

    Attributes:
        levels: Its level of each factor.
        mean: The mean with Student's t interval.
        deviation: The sample standard deviation.
        median: The median.
    """

    levels: tuple[str, ...]
    mean: Interval
    deviation: float
    median: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The selected test.

    Attributes:
        test: Its name: ``ANOVA``, ``Welch's ANOVA``, ``Kruskal-Wallis`` or ``aligned rank transform``.
        sums_of_squares: The selected type for an analysis of variance, else None.
        sentence: The selection and its reason.
    """

    test: str
    sums_of_squares: SumsOfSquares | None
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VarianceAnalysis:
    """Analysis of variance of a design.

    Attributes:
        groups: Summaries of the cells.
        balanced: Whether all cells have the same size.
        assumptions: Checks of the classical analysis's assumptions.
        anovas: The classical analysis by type II and by type III.
        alternative: Welch's ANOVA or Kruskal-Wallis if selected, else None.
        aligned_ranks: The aligned rank transform if selected, else None.
        chosen: The selected test.
        comparisons: Pairwise comparisons; empty if there are too many levels.
    """

    groups: tuple[Group, ...]
    balanced: bool
    assumptions: Assumptions
    anovas: tuple[AnovaTable, AnovaTable]
    alternative: OneWayTest | None
    aligned_ranks: AnovaTable | None
    chosen: Chosen
    comparisons: tuple[Comparisons, ...]


def analyze_variance(design: Design) -> VarianceAnalysis:
    """Analyse a design: check the assumptions, select the test and compare the levels.

    Raises:
        ConfigError: The blocks are confounded with a factor, or leave no residual degrees of freedom.
    """
    model = fit(design)
    assumptions = check_assumptions(design, model.residuals)
    anovas = (anova(design, model, "II"), anova(design, model, "III"))
    selected = _selected(design, assumptions)
    alternative = {"Welch's ANOVA": welch, "Kruskal-Wallis": kruskal_wallis}.get(selected)
    ranks = aligned_rank_anova(design, model) if selected == "aligned rank transform" else None
    interacting = _interacts(design, ranks or anovas[1])
    found = VarianceAnalysis(
        groups=_groups(design),
        balanced=design.balanced,
        assumptions=assumptions,
        anovas=anovas,
        alternative=alternative(design) if alternative else None,
        aligned_ranks=ranks,
        chosen=Chosen(
            test=selected,
            sums_of_squares=_kind(interacting=interacting) if selected == "ANOVA" else None,
            sentence=_sentence(design, assumptions, selected, interacting=interacting),
        ),
        comparisons=_compare(design, model, assumptions, selected, interacting=interacting),
    )
    return found if design.unit == 1.0 else _in_units(found, design.unit)


def _in_units(found: VarianceAnalysis, unit: float) -> VarianceAnalysis:
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
    comparisons = [
        replace(each, pairs=tuple([_pair_in_units(pair, unit) for pair in each.pairs]))
        if each.scale == "values"
        else each
        for each in found.comparisons
    ]
    second, third = (_table_in_units(table, unit) for table in found.anovas)
    return replace(found, groups=tuple(groups), anovas=(second, third), comparisons=tuple(comparisons))


def _interval_in_units(found: Interval, unit: float) -> Interval:
    low, high = (None if end is None else end * unit for end in (found.low, found.high))
    return replace(found, mean=found.mean * unit, low=low, high=high)


def _pair_in_units(pair: Pair, unit: float) -> Pair:
    return replace(pair, difference=pair.difference * unit, low=pair.low * unit, high=pair.high * unit)


def _table_in_units(table: AnovaTable, unit: float) -> AnovaTable:
    effects = [replace(effect, sum_of_squares=effect.sum_of_squares * unit * unit) for effect in table.effects]
    residual = table.residual_sum_of_squares * unit * unit
    return replace(table, effects=tuple(effects), residual_sum_of_squares=residual)


def _selected(design: Design, assumptions: Assumptions) -> str:
    if assumptions.normal and assumptions.equal:
        return "ANOVA"
    if len(design.factors) == 2 or design.block is not None:
        return "aligned rank transform"
    enough = min(len(group) for group in design.groups()) >= _ENOUGH_FOR_WELCH
    welch_holds = not assumptions.equal and _all_spread(design) and (assumptions.normal or enough)
    return "Welch's ANOVA" if welch_holds else "Kruskal-Wallis"


def _all_spread(design: Design) -> bool:
    """Return whether each cell has a variance above 0; else Welch's weights are infinite."""
    return all(float(np.ptp(group)) > 0.0 for group in design.groups())


def _interacts(design: Design, table: AnovaTable) -> bool:
    return len(design.factors) == 2 and table.effect(design.cells.name).p < ALPHA


def _compare(
    design: Design, model: LinearModel, assumptions: Assumptions, selected: str, *, interacting: bool
) -> tuple[Comparisons, ...]:
    if not assumptions.equal and design.block is None and _all_spread(design):
        return () if len(design.cells.levels) > MOST_COMPARED else (games_howell(design),)
    compared = (design.cells,) if interacting else design.factors
    few = [factor for factor in compared if len(factor.levels) <= MOST_COMPARED]
    if selected == "ANOVA":
        return tuple(tukey(design, model, factor) for factor in few)
    return tuple(tukey(design, _rank_model(design, model, factor), factor, scale="ranks") for factor in few)


def _rank_model(design: Design, model: LinearModel, factor: Factor) -> LinearModel:
    """Return the model of the ranks for the comparison of a factor's levels or of the cells."""
    cells = factor is design.cells
    return fit(design, cell_ranks(design, model) if cells else aligned_ranks(model, factor.name))


def _groups(design: Design) -> tuple[Group, ...]:
    levels = product(*(factor.levels for factor in design.factors))
    return tuple(
        Group(
            levels=names,
            mean=student_interval(values.tolist()),
            deviation=float(np.std(values, ddof=1)),
            median=float(np.median(values)),
        )
        for names, values in zip(levels, design.groups(), strict=True)
    )


def _sentence(design: Design, assumptions: Assumptions, selected: str, *, interacting: bool) -> str:
    normality, variances = assumptions.counting_normality, assumptions.equal_variances
    faults = [
        *([] if assumptions.normal else [f"the residuals are not normal (Shapiro-Wilk p {_p(normality)})"]),
        *([] if assumptions.equal else [f"variances are unequal (Brown-Forsythe p {_p(variances)})"]),
    ]
    because = " and ".join(faults)
    match selected:
        case "ANOVA":
            name = _anova_name(design, interacting=interacting)
            return f"{name} is selected: normal residuals and equal variances are not rejected."
        case "Welch's ANOVA":
            many = (
                "" if normality.holds is not False else f"; {_ENOUGH_FOR_WELCH} or more values in each group allow skew"
            )
            return f"Welch's ANOVA is selected: {because}{many}."
        case "Kruskal-Wallis":
            return f"Kruskal-Wallis is selected: {because}{_caution(assumptions)}."
        case _:
            why = "one factor in blocks" if len(design.factors) == 1 else "two factors"
            return f"The aligned rank transform is selected for {why}: {because}{_caution(assumptions)}."


def _anova_name(design: Design, *, interacting: bool) -> str:
    if len(design.factors) == 1 or design.balanced:
        return "ANOVA"
    why = "the factors interact" if interacting else "no significant interaction"
    return f"ANOVA by sums of squares of type {_kind(interacting=interacting)} ({why})"


def _kind(*, interacting: bool) -> SumsOfSquares:
    return "III" if interacting else "II"


def _caution(assumptions: Assumptions) -> str:
    return "" if assumptions.equal else "; a significant result can be a difference in spread"


def _p(check: Check) -> str:
    assert check.p is not None
    return f"{check.p:.4f}" if check.p >= 0.0001 else "below 0.0001"
