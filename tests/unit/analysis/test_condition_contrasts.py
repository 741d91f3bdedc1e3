"""Tests of the comparison of conditions by their runs."""

from collections.abc import Sequence

import pytest

from clau_doom.analysis.condition_contrasts import (
    Conclusion,
    ConditionComparison,
    ConditionContrast,
    compare_conditions,
)
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.blocked_groups import SeedDesign

# R: the two groups of `sleep`.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def condition(number: int, seeds: Sequence[int]) -> Condition:
    names = tuple(f"c{number}-{seed}" for seed in seeds)
    return Condition(number=number, label=f"x = {number}", settings={}, experiments=names, seeds=tuple(seeds))


def compared(*groups: tuple[Sequence[int], Sequence[float]], margin: float | None = None) -> ConditionComparison:
    conditions = [condition(number, seeds) for number, (seeds, _) in enumerate(groups)]
    scores = {
        name: value
        for each, (_, values) in zip(conditions, groups, strict=True)
        for name, value in zip(each.experiments, values, strict=True)
    }
    found = compare_conditions(conditions, scores, margin)
    assert isinstance(found, ConditionComparison)
    return found


def only(comparison: ConditionComparison) -> ConditionContrast:
    (contrast,) = comparison.contrasts
    return contrast


def test_same_seeds_are_blocks() -> None:
    """R: t.test(second, first, paired = TRUE); p = 0.002833."""
    found = compared((range(10), FIRST), (range(10), SECOND))
    assert (found.design, found.family, found.overall) == (SeedDesign.COMPLETE_BLOCKS, 1, None)
    assert only(found).result.p == only(found).p_holm == pytest.approx(0.00283289019738427)
    assert (only(found).runs, only(found).baseline_runs, only(found).common_seeds) == (10, 10, 10)
    assert only(found).conclusion is Conclusion.DIFFERENT


def test_detectable_difference() -> None:
    """R: power.t.test(n = 10, sd = sd(first - second), power = 0.8, type = "paired", strict = TRUE)."""
    assert only(compared((range(10), FIRST), (range(10), SECOND))).detectable == pytest.approx(1.22507718823)


def test_runs_that_show_the_margin() -> None:
    """R: power.t.test(delta = 1, sd = sd(second - first), power = 0.8, type = "paired", strict = TRUE): n = 13.9.

    For independent runs, the power of Welch's test from pt with a noncentrality is 80 % or more from n = 58 on.
    """
    pairs = only(compared((range(10), FIRST), (range(10), SECOND), margin=1.0))
    independent = only(compared((range(10), FIRST), (range(10, 20), SECOND), margin=1.0))
    assert (pairs.needed, independent.needed) == (14, 58)
    assert only(compared((range(10), FIRST), (range(1, 11), SECOND), margin=1.0)).needed is None
    assert only(compared((range(10), FIRST), (range(10), SECOND))).needed is None


def test_pairs_have_differences_and_a_correlation() -> None:
    """R: cor.test(second, first)."""
    found = only(compared((range(10), FIRST), ([*reversed(range(10))], [*reversed(SECOND)])))
    assert found.pair_differences == pytest.approx([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert found.correlation is not None
    interval = (found.correlation.value, found.correlation.low, found.correlation.high)
    assert interval == pytest.approx((0.795170205833578, 0.331525474164337, 0.949446533611364))
    independent = only(compared((range(10), FIRST), (range(10, 20), SECOND)))
    assert (independent.pair_differences, independent.correlation) == ((), None)


def test_effect_size_of_independent_runs_and_of_pairs() -> None:
    """R: effectsize::hedges_g(second, first, pooled_sd = FALSE) is 0.796; pairs have the same standardizer."""
    independent = only(compared((range(10), FIRST), (range(10, 20), SECOND))).hedges_g
    pairs = only(compared((range(10), FIRST), (range(10), SECOND))).hedges_g
    assert independent is not None
    assert pairs is not None
    assert (independent.symbol, pairs.symbol) == ("g", "g_av")
    assert independent.value == pytest.approx(0.796484647153)
    assert pairs.cohen_d == pytest.approx(independent.cohen_d)


def test_effect_size_of_the_mixed_model() -> None:
    """R: difference 0.88388560417 of lmer over sqrt((var(second) + var(first)) / 2), times Hedges' correction."""
    first, second = [10.2, 11.5, 9.8, 12.4, 10.9, 11.1], [10.1, 13.3, 11.2, 12.6, 12.2, 13.5]
    third = [9.1, 11.9, 10.4, 9.9]
    found = compared((range(1, 7), first), ([3, 4, 5, 6, 7, 8], second), ([1, 2, 9, 5], third)).contrasts[0].hedges_g
    assert found is not None
    assert found.symbol == "g"
    assert found.value == pytest.approx(0.7153395629, rel=1e-4)


def test_other_seeds_are_independent_runs() -> None:
    """R: t.test(second, first); p = 0.07939."""
    found = compared((range(10), FIRST), (range(10, 20), SECOND))
    assert (found.design, only(found).common_seeds) == (SeedDesign.INDEPENDENT, 0)
    assert only(found).p_holm == pytest.approx(0.0793941401873582)
    assert only(found).conclusion is Conclusion.NEITHER


def test_partly_common_seeds_are_random() -> None:
    found = compared((range(10), FIRST), (range(1, 11), SECOND))
    assert (found.design, only(found).common_seeds) == (SeedDesign.INCOMPLETE_BLOCKS, 9)
    assert only(found).result.test == "mixed model"


def test_family_counts_conditions_that_cannot_be_compared() -> None:
    """R: p.adjust(c(0.0793941401873582, 1), "holm"): the condition with one run is one of the two comparisons."""
    found = compared((range(10), FIRST), (range(10, 20), SECOND), ([30], [4.0]))
    assert (found.family, len(found.contrasts)) == (2, 1)
    assert only(found).p_holm == pytest.approx(2 * 0.0793941401873582)


def test_three_conditions_have_an_overall_test() -> None:
    found = compared((range(10), FIRST), (range(10), SECOND), (range(10), [*reversed(FIRST)]))
    assert found.overall is not None
    assert found.overall.test == "F test in complete blocks"
    assert [each.condition for each in found.contrasts] == [1, 2]


@pytest.mark.parametrize(
    ("margin", "conclusion"),
    [
        # R: one-sided paired tests with mu = 2.5 and mu = 2; p = 0.0211 and 0.1542.
        (2.5, Conclusion.DIFFERENT_AND_EQUIVALENT),
        (2.0, Conclusion.DIFFERENT),
        # R: the 95 % interval of the paired test is 0.7001142 to 2.4598858.
        (0.701, Conclusion.DIFFERENT),
        (0.700, Conclusion.BEYOND_MARGIN),
    ],
)
def test_conclusion_of_a_shown_difference(margin: float, conclusion: Conclusion) -> None:
    assert only(compared((range(10), FIRST), (range(10), SECOND), margin=margin)).conclusion is conclusion


@pytest.mark.parametrize(
    ("margin", "conclusion"),
    # R: one-sided Welch tests with mu = 4 and mu = 2.5; p = 0.00536 and 0.1465.
    [(4.0, Conclusion.EQUIVALENT), (2.5, Conclusion.NEITHER)],
)
def test_conclusion_without_a_shown_difference(margin: float, conclusion: Conclusion) -> None:
    assert only(compared((range(10), FIRST), (range(10, 20), SECOND), margin=margin)).conclusion is conclusion


def test_equivalence_tests_are_a_family() -> None:
    """R: p.adjust(c(0.0211, 1), "holm"), not below 5 % / 2 for 2.5 with a third comparison."""
    found = compared((range(10), FIRST), (range(10), SECOND), ([30], [4.0]), ([31], [4.0]), margin=2.5)
    assert only(found).equivalence_p_holm == pytest.approx(3 * 0.0211168602465007)
    assert only(found).conclusion is Conclusion.DIFFERENT


def test_tests_beyond_the_margin_are_a_family() -> None:
    """R: t.test(second, first, paired = TRUE, mu = 0.5) gives p = 0.0215; there are three comparisons."""
    found = only(compared((range(10), FIRST), (range(10), SECOND), ([30], [4.0]), ([31], [4.0]), margin=0.5))
    assert found.beyond_p_holm == pytest.approx(3 * 0.0215184867567745)
    assert found.conclusion is Conclusion.DIFFERENT


def test_equal_differences_are_untested() -> None:
    found = compared((range(10), FIRST), (range(10), [value + 1.0 for value in FIRST]), margin=2.0)
    assert (only(found).conclusion, only(found).p_holm, only(found).equivalence) == (Conclusion.UNTESTED, None, None)


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ((3,), "all experiments are runs of one condition"),
        ((1, 1), '"x = 0" and "x = 1" have one run each'),
        ((1, 3), '"x = 0" has one run'),
        ((1, 3, 3), '"x = 0" has one run'),
        ((3, 1), '"x = 1" has one run'),
    ],
)
def test_one_run_allows_no_comparison(sizes: tuple[int, ...], reason: str) -> None:
    conditions = [condition(number, range(size)) for number, size in enumerate(sizes)]
    scores = {name: 1.0 for each in conditions for name in each.experiments}
    assert compare_conditions(conditions, scores) == Unavailable(missing=reason)
