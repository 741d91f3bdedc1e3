"""From a design to its whole analysis: which test is believed, and in one sentence why.

| design | normal, equal variances | normal, unequal | not normal, equal | neither |
|---|---|---|---|---|
| one factor | ANOVA | Welch | Kruskal-Wallis | Welch from 15 values a group on, else Kruskal-Wallis |
| two factors, or blocks | ANOVA | aligned ranks | aligned ranks | aligned ranks |

Afterwards: Tukey's HSD where variances are equal, of values or of the ranks that were tested; Games-Howell where they
are not. Welch's test holds its error rate for skewed values from about 15 a group on, by the central limit theorem.
Neither test of ranks is about spread, or safe from it: where variances differ, what it finds may be a difference in
spread. With a block there is no Games-Howell, which knows of none.

A test that is chosen after a look at the same values has not quite the error rate that it says (Zimmerman, "A note on
preliminary tests of equality of variances", British Journal of Mathematical and Statistical Psychology 57, 2004): the
classical analysis is always given beside it, and two that disagree deserve no conclusion.
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
    """The values of one cell.

    Attributes:
        levels: Its level of each factor.
        mean: Their mean with Student's t interval.
        deviation: Their sample standard deviation.
        median: Their median.
    """

    levels: tuple[str, ...]
    mean: Interval
    deviation: float
    median: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The test that is believed.

    Attributes:
        test: Its name: ``ANOVA``, ``Welch's ANOVA``, ``Kruskal-Wallis`` or ``aligned rank transform``.
        sums_of_squares: Of an analysis of variance the type that is believed, or None.
        sentence: What was chosen and why, for people.
    """

    test: str
    sums_of_squares: SumsOfSquares | None
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VarianceAnalysis:
    """Everything that is said about a design.

    Attributes:
        groups: The cells.
        balanced: Whether they are equally large.
        assumptions: What the residuals say about the classical analysis's.
        anovas: The classical analysis by type II and by type III.
        alternative: Welch's test or Kruskal-Wallis, where it is the one that is believed.
        aligned_ranks: The aligned rank transform, where it is the one that is believed.
        chosen: Which test is believed, and why.
        comparisons: All pairs of levels; empty where there are too many levels.
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
    """Return the analysis of variance of a design, its assumptions checked, and what is to be believed.

    Raises:
        ConfigError: Blocks cannot be told apart from a factor, or leave nothing to judge by.
    """
    model = fit(design)
    assumptions = check_assumptions(design, model.residuals)
    anovas = (anova(design, model, "II"), anova(design, model, "III"))
    believed = _believed(design, assumptions)
    alternative = {"Welch's ANOVA": welch, "Kruskal-Wallis": kruskal_wallis}.get(believed)
    ranks = aligned_rank_anova(design, model) if believed == "aligned rank transform" else None
    interacting = _interacts(design, ranks or anovas[1])
    found = VarianceAnalysis(
        groups=_groups(design),
        balanced=design.balanced,
        assumptions=assumptions,
        anovas=anovas,
        alternative=alternative(design) if alternative else None,
        aligned_ranks=ranks,
        chosen=Chosen(
            test=believed,
            sums_of_squares=_kind(interacting=interacting) if believed == "ANOVA" else None,
            sentence=_sentence(design, assumptions, believed, interacting=interacting),
        ),
        comparisons=_compare(design, model, assumptions, believed, interacting=interacting),
    )
    return found if design.unit == 1.0 else _in_units(found, design.unit)


def _in_units(found: VarianceAnalysis, unit: float) -> VarianceAnalysis:
    """Return an analysis of values in a unit, in the response's own: test statistics, p and effect sizes stay.

    A sum of squares that a double cannot hold becomes infinite or 0.
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


def _believed(design: Design, assumptions: Assumptions) -> str:
    if assumptions.normal and assumptions.equal:
        return "ANOVA"
    if len(design.factors) == 2 or design.block is not None:
        return "aligned rank transform"
    enough = min(len(group) for group in design.groups()) >= _ENOUGH_FOR_WELCH
    welch_holds = not assumptions.equal and _all_spread(design) and (assumptions.normal or enough)
    return "Welch's ANOVA" if welch_holds else "Kruskal-Wallis"


def _all_spread(design: Design) -> bool:
    """Say whether every cell has a variance: without one, Welch's weights are infinite."""
    return all(float(np.ptp(group)) > 0.0 for group in design.groups())


def _interacts(design: Design, table: AnovaTable) -> bool:
    return len(design.factors) == 2 and table.effect(design.cells.name).p < ALPHA


def _compare(
    design: Design, model: LinearModel, assumptions: Assumptions, believed: str, *, interacting: bool
) -> tuple[Comparisons, ...]:
    if not assumptions.equal and design.block is None and _all_spread(design):
        return () if len(design.cells.levels) > MOST_COMPARED else (games_howell(design),)
    compared = (design.cells,) if interacting else design.factors
    few = [factor for factor in compared if len(factor.levels) <= MOST_COMPARED]
    if believed == "ANOVA":
        return tuple(tukey(design, model, factor) for factor in few)
    return tuple(tukey(design, _rank_model(design, model, factor), factor, scale="ranks") for factor in few)


def _rank_model(design: Design, model: LinearModel, factor: Factor) -> LinearModel:
    """Return the model of the ranks by which a factor's levels, or the cells, are compared."""
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


def _sentence(design: Design, assumptions: Assumptions, believed: str, *, interacting: bool) -> str:
    normality, variances = assumptions.counting_normality, assumptions.equal_variances
    faults = [
        *([] if assumptions.normal else [f"the residuals are not normal (Shapiro-Wilk p {_p(normality)})"]),
        *([] if assumptions.equal else [f"variances are unequal (Brown-Forsythe p {_p(variances)})"]),
    ]
    because = " and ".join(faults)
    match believed:
        case "ANOVA":
            name = _anova_name(design, interacting=interacting)
            return f"{name} is believed, because nothing refutes normal residuals and equal variances."
        case "Welch's ANOVA":
            many = (
                "" if normality.holds is not False else f"; {_ENOUGH_FOR_WELCH} values a group make up for the former"
            )
            return f"Welch's ANOVA is believed, because {because}{many}."
        case "Kruskal-Wallis":
            return f"Kruskal-Wallis is believed, because {because}{_caution(assumptions)}."
        case _:
            why = "one factor in blocks" if len(design.factors) == 1 else "two factors"
            return f"The aligned rank transform is believed, because {because}, with {why}{_caution(assumptions)}."


def _anova_name(design: Design, *, interacting: bool) -> str:
    if len(design.factors) == 1 or design.balanced:
        return "ANOVA"
    why = "the factors interact" if interacting else "no interaction is found"
    return f"ANOVA by sums of squares of type {_kind(interacting=interacting)} ({why})"


def _kind(*, interacting: bool) -> SumsOfSquares:
    return "III" if interacting else "II"


def _caution(assumptions: Assumptions) -> str:
    return "" if assumptions.equal else "; what it finds may be a difference in spread"


def _p(check: Check) -> str:
    assert check.p is not None
    return f"{check.p:.4f}" if check.p >= 0.0001 else "below 0.0001"
