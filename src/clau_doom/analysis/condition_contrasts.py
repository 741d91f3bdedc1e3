"""Comparison of conditions by the means of their runs.

A run is one value, the mean of its champion's held-out episodes. Runs with the same experiment seed have the same
held-out seeds and often the same first generation, so that experiment seeds are blocks. The seeds of the runs choose
the tests (`blocked_groups`).

Holm's correction covers all conditions but the baseline's, even those without a test. Three families are corrected: the
tests against a difference of 0, the equivalence tests, and the tests against a difference within the margin.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import stdev, variance

from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import joined
from clau_doom.statistics.blocked_groups import OverallTest, SeedDesign, compare_groups
from clau_doom.statistics.difference_tests import DifferenceTest, holm_adjusted
from clau_doom.statistics.equivalence import ALPHA, Equivalence, equivalence
from clau_doom.statistics.hedges_g import HedgesG, hedges_g, independent_g, paired_g, without_interval
from clau_doom.statistics.pair_correlation import pair_correlation
from clau_doom.statistics.rliable_aggregates import Estimate
from clau_doom.statistics.two_sample_comparison import detectable_difference, values_needed

__all__ = ["Conclusion", "ConditionComparison", "ConditionContrast", "analyzed_conditions", "compare_conditions"]

_FEWEST_RUNS = 2


class Conclusion(StrEnum):
    """Conclusion about a condition and the baseline's, at 5 % after Holm's correction."""

    DIFFERENT = "different from 0"
    BEYOND_MARGIN = "different by more than the margin"
    EQUIVALENT = "equivalent"
    DIFFERENT_AND_EQUIVALENT = "different from 0 and equivalent"
    """A difference is shown, and it is shown to be smaller than the margin."""
    NEITHER = "neither"
    UNTESTED = "untested"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionContrast:
    """Comparison of a condition with the baseline's condition.

    Attributes:
        condition: Number of the condition.
        runs: Number of its runs.
        baseline_runs: Number of runs of the baseline's condition.
        common_seeds: Number of experiment seeds that both have in common.
        result: Difference of the means of the runs, condition less baseline, with its test.
        p_holm: P-value after Holm's correction, or None without a test.
        equivalence: Equivalence test, or None without a margin or without a standard error.
        equivalence_p_holm: P-value of the equivalence test after Holm's correction, or None.
        beyond_p_holm: P-value of the test that the difference is beyond the margin, after Holm's correction, or None.
        hedges_g: The difference over the root of the mean variance of the runs of both conditions: g_av of pairs, else
            g. None without a test.
        detectable: Smallest true difference that these runs would show with a power of 80 %, without correction. None
            without a test.
        needed: Pairs, or runs of each condition, that would show a true difference of the margin with a power of 80 %,
            without correction. None without a margin or a test, in a mixed model, or above a million.
        pair_differences: Difference of each pair in complete blocks, in the order of the baseline's seeds, else empty.
        correlation: Correlation of the pairs with its 95 % interval; None without pairs or variance.
        conclusion: Conclusion from the corrected p-values.
    """

    condition: int
    runs: int
    baseline_runs: int
    common_seeds: int
    result: DifferenceTest
    p_holm: float | None = None
    equivalence: Equivalence | None = None
    equivalence_p_holm: float | None = None
    beyond_p_holm: float | None = None
    hedges_g: HedgesG | None = None
    detectable: float | None = None
    needed: int | None = None
    pair_differences: tuple[float, ...] = ()
    correlation: Estimate | None = None
    conclusion: Conclusion = Conclusion.UNTESTED


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionComparison:
    """Comparison of conditions by the means of their runs.

    Attributes:
        design: Relation of the experiment seeds, which chose the tests.
        family: Number of comparisons that Holm's correction covers: all conditions but the baseline's.
        margin: Smallest difference of interest, or None.
        contrasts: Each other condition with two or more runs, compared with the baseline's.
        overall: Test of all conditions with two or more runs; None for two conditions.
    """

    design: SeedDesign
    family: int
    margin: float | None
    contrasts: tuple[ConditionContrast, ...]
    overall: OverallTest | None


def analyzed_conditions(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions with two or more runs."""
    return tuple(each for each in conditions if len(each.seeds) >= _FEWEST_RUNS)


def compare_conditions(
    conditions: Sequence[Condition], scores: Mapping[str, float], margin: float | None = None
) -> ConditionComparison | Unavailable:
    """Compare conditions with the baseline's condition, or return the reason why this is impossible.

    Args:
        conditions: All conditions, the baseline's first.
        scores: Mean of each run, by id of the experiment.
        margin: Smallest difference of interest, above 0, in the unit of the scores. None: no equivalence tests.
    """
    if len(conditions) < 2:
        return Unavailable(missing="all experiments are runs of one condition")
    able = analyzed_conditions(conditions)
    if len(able) < 2 or able[0] is not conditions[0]:
        single = [f'"{each.label}"' for each in conditions if each not in able]
        return Unavailable(missing=f"{joined(single)} {'has one run' if len(single) == 1 else 'have one run each'}")
    groups = [{seed: scores[name] for seed, name in zip(each.seeds, each.experiments, strict=True)} for each in able]
    found = compare_groups(groups)
    contrasts = [
        _contrast((able[0], each), (groups[0], group), found.design, result, margin)
        for each, group, result in zip(able[1:], groups[1:], found.contrasts, strict=True)
    ]
    untested = len(conditions) - len(able)
    return ConditionComparison(
        design=found.design,
        family=len(conditions) - 1,
        margin=margin,
        contrasts=_concluded(contrasts, untested, margin),
        overall=found.overall if len(able) > 2 else None,
    )


def _contrast(
    conditions: tuple[Condition, Condition],
    groups: tuple[Mapping[int, float], Mapping[int, float]],
    design: SeedDesign,
    result: DifferenceTest,
    margin: float | None,
) -> ConditionContrast:
    """Return the contrast of a condition with the baseline's, before the correction.

    Args:
        conditions: The baseline's condition and the other one.
        groups: Values of their runs, by experiment seed.
        design: Relation of the experiment seeds.
        result: Test of the difference.
        margin: Smallest difference of interest, or None.
    """
    (base, other), (theirs, ours) = conditions, groups
    error, df = result.standard_error, result.df
    found = ConditionContrast(
        condition=other.number,
        runs=len(other.seeds),
        baseline_runs=len(base.seeds),
        common_seeds=len({*base.seeds} & {*other.seeds}),
        result=result,
        hedges_g=_effect(design, ours, theirs, result),
        detectable=None if error is None or df is None else detectable_difference(error, df),
        needed=None if margin is None or result.p is None else _needed(design, ours, theirs, margin),
    )
    return _paired(found, ours, theirs) if design is SeedDesign.COMPLETE_BLOCKS else found


def _paired(contrast: ConditionContrast, ours: Mapping[int, float], theirs: Mapping[int, float]) -> ConditionContrast:
    """Return the contrast with the differences and the correlation of its pairs."""
    us, them = [ours[seed] for seed in theirs], [*theirs.values()]
    differences = tuple(our - their for our, their in zip(us, them, strict=True))
    return replace(contrast, pair_differences=differences, correlation=pair_correlation(us, them))


def _needed(design: SeedDesign, ours: Mapping[int, float], theirs: Mapping[int, float], margin: float) -> int | None:
    """Return the number of pairs, or of runs of each condition, that would show a difference of the margin."""
    if design is SeedDesign.INCOMPLETE_BLOCKS:
        return None
    if design is SeedDesign.COMPLETE_BLOCKS:
        return values_needed(margin, [stdev(ours[seed] - theirs[seed] for seed in theirs)])
    return values_needed(margin, [stdev(ours.values()), stdev(theirs.values())])


def _effect(
    design: SeedDesign, ours: Mapping[int, float], theirs: Mapping[int, float], result: DifferenceTest
) -> HedgesG | None:
    if result.standard_error is None or result.df is None:
        return None
    us, them = [*ours.values()], [theirs[seed] for seed in (ours if design is SeedDesign.COMPLETE_BLOCKS else theirs)]
    if design is SeedDesign.COMPLETE_BLOCKS:
        return paired_g(us, them)
    independent = independent_g(us, them)
    if independent is None or design is SeedDesign.INDEPENDENT:
        return independent
    # The mixed model's difference and interval, with the standard deviation of the runs.
    variances = [variance(us), variance(them)]
    found = hedges_g(
        result.difference.mean,
        standard_error=result.standard_error,
        df=result.df,
        deviation=math.sqrt(sum(variances) / 2.0),
        deviation_df=sum(variances) ** 2 / sum(v**2 / (len(x) - 1) for v, x in zip(variances, (us, them), strict=True)),
        standardizer=independent.standardizer,
    )
    return found if found is None or independent.low is not None else without_interval(found)


def _concluded(
    contrasts: Sequence[ConditionContrast], untested: int, margin: float | None
) -> tuple[ConditionContrast, ...]:
    """Return the contrasts with equivalence tests, corrected p-values and conclusions.

    Args:
        contrasts: The contrasts with two or more runs.
        untested: Number of other contrasts of the family.
        margin: Smallest difference of interest, or None.
    """
    found = [None if margin is None else _equivalence(each.result, margin) for each in contrasts]
    missing = [None] * untested
    p_values = holm_adjusted([*(each.result.p for each in contrasts), *missing])
    within = holm_adjusted([*(None if each is None else each.p for each in found), *missing])
    beyond = holm_adjusted([*(None if each is None else each.p_beyond for each in found), *missing])
    rows = zip(contrasts, found, p_values, within, beyond, strict=False)
    return tuple(
        replace(
            each,
            p_holm=p,
            equivalence=test,
            equivalence_p_holm=p_within,
            beyond_p_holm=p_beyond,
            conclusion=_conclusion(p, p_within, p_beyond),
        )
        for each, test, p, p_within, p_beyond in rows
    )


def _equivalence(result: DifferenceTest, margin: float) -> Equivalence | None:
    if result.standard_error is None or result.df is None:
        return None
    return equivalence(result.difference.mean, result.standard_error, result.df, margin)


def _conclusion(p: float | None, equivalence_p: float | None, beyond_p: float | None) -> Conclusion:
    if p is None:
        return Conclusion.UNTESTED
    different, equivalent = p < ALPHA, equivalence_p is not None and equivalence_p < ALPHA
    if beyond_p is not None and beyond_p < ALPHA:
        # Its p-value is never below that of the difference from 0, before and after the correction.
        return Conclusion.BEYOND_MARGIN
    if different:
        return Conclusion.DIFFERENT_AND_EQUIVALENT if equivalent else Conclusion.DIFFERENT
    return Conclusion.EQUIVALENT if equivalent else Conclusion.NEITHER
