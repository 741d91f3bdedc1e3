"""Tests of the comparison of groups that share blocks, against R."""

from collections.abc import Sequence

import pytest

from clau_doom.statistics.blocked_groups import BlockedComparison, SeedDesign, compare_groups, design_of

FIRST = [10.2, 11.5, 9.8, 12.4, 10.9, 11.1]
SECOND = [11.0, 12.9, 10.1, 13.3, 11.2, 12.6]
THIRD = [9.1, 11.9, 9.5, 11.8, 9.9, 10.2]


def by_block(values: list[float], start: int = 1) -> dict[int, float]:
    return dict(enumerate(values, start))


def check(found: BlockedComparison, expected: Sequence[tuple[float, ...]], relative: float = 1e-7) -> None:
    """Compare estimates, standard errors, degrees of freedom, p-values and intervals."""
    for each, values in zip(found.contrasts, expected, strict=True):
        numbers = (
            each.difference.mean,
            each.standard_error,
            each.df,
            each.p,
            each.difference.low,
            each.difference.high,
        )
        assert numbers == pytest.approx(values, rel=relative)


@pytest.mark.parametrize(
    ("blocks", "design"),
    [
        ([{1, 2}, {1, 2}], SeedDesign.COMPLETE_BLOCKS),
        ([[2, 1], [1, 2], [1, 2]], SeedDesign.COMPLETE_BLOCKS),
        ([{1, 2}, {3, 4}, {5, 6}], SeedDesign.INDEPENDENT),
        ([{1, 2}, {2, 3}], SeedDesign.INCOMPLETE_BLOCKS),
        ([{1, 2}, {1, 2, 3}], SeedDesign.INCOMPLETE_BLOCKS),
        ([{1, 2}, {3, 4}, {4, 5}], SeedDesign.INCOMPLETE_BLOCKS),
    ],
)
def test_blocks_choose_the_design(blocks: list[set[int]], design: SeedDesign) -> None:
    assert design_of(blocks) is design


def test_values_do_not_choose_the_design() -> None:
    """Groups with the same blocks are paired even if their values are negatively correlated."""
    found = compare_groups([by_block(FIRST), by_block([-value for value in FIRST])])
    assert found.contrasts[0].test == "paired t test"


def test_complete_blocks_agree_with_r() -> None:
    """R: t.test(x, a, paired = TRUE), and n d' S⁻¹ d with pf(F, 2, 4)."""
    # The order of the blocks differs between groups.
    shuffled = dict(reversed(by_block(THIRD).items()))
    found = compare_groups([by_block(FIRST), by_block(SECOND), shuffled])
    assert (found.design, found.overall.test) == (SeedDesign.COMPLETE_BLOCKS, "F test in complete blocks")
    expected = [
        (0.866666666667, 0.210818510678, 5.0, 0.00925517459644, 0.324740432502, 1.40859290083),
        (-0.583333333333, 0.230096598072, 5.0, 0.0522001992786, -1.17481546878, 0.00814880211302),
    ]
    check(found, expected)
    overall = (found.overall.f, found.overall.df, found.overall.residual_df, found.overall.p)
    assert overall == pytest.approx((12.9629015544, 2.0, 4.0, 0.0178660421464))


def test_independent_groups_agree_with_r() -> None:
    """R: t.test(x, a) and oneway.test(y ~ g)."""
    found = compare_groups([by_block(FIRST), by_block(SECOND[:5], 7), by_block(THIRD[:4], 12)])
    assert (found.design, found.overall.test) == (SeedDesign.INDEPENDENT, "Welch's ANOVA")
    expected = [
        (0.716666666667, 0.713169763178, 6.91097506776, 0.348823197381, -0.974125579917, 2.40745891325),
        (-0.408333333333, 0.832207572931, 4.58661424567, 0.646227846415, -2.60690500944, 1.79023834277),
    ]
    check(found, expected)
    overall = (found.overall.f, found.overall.df, found.overall.residual_df, found.overall.p)
    assert overall == pytest.approx((0.716907136, 2.0, 6.458696328, 0.523383057))


def test_incomplete_blocks_agree_with_lmertest() -> None:
    """R: contest(lmer(y ~ 0 + g + (1 | s)), ddf = "Kenward-Roger")."""
    second = {**dict(zip((3, 4, 5, 6), SECOND[2:], strict=True)), 7: 12.2, 8: 13.5}
    third = {1: 9.1, 2: 11.9, 9: 10.4, 5: 9.9}
    found = compare_groups([by_block(FIRST), second, third])
    assert (found.design, {each.test for each in found.contrasts}) == (SeedDesign.INCOMPLETE_BLOCKS, {"mixed model"})
    expected = [
        (0.88388560417, 0.324027872749, 5.75395219595, 0.0357762485802, 0.0827265110283, 1.68504469731),
        (-0.564584131539, 0.369365506084, 5.8193356798, 0.17876056755, -1.47523433572, 0.346066072643),
    ]
    check(found, expected, relative=1e-4)
    overall = (found.overall.f, found.overall.df, found.overall.residual_df, found.overall.p)
    assert overall == pytest.approx((5.84076308055, 2.0, 5.91854740378, 0.039753710657), rel=1e-4)


def test_equal_values_of_a_group_have_no_test() -> None:
    """The reason is the same for independent groups and in the mixed model."""
    equal = dict.fromkeys((7, 8, 9), 5.0)
    independent = compare_groups([by_block(FIRST), equal])
    assert independent.contrasts[0].p is None
    assert independent.overall.reason == "all 3 values are equal"
    mixed = compare_groups([by_block(FIRST), dict.fromkeys((1, 8, 9), 5.0)])
    assert (mixed.contrasts[0].p, mixed.contrasts[0].difference.reason) == (None, "all 3 values are equal")
    assert mixed.contrasts[0].difference.mean == pytest.approx(5.0 - sum(FIRST) / 6)
    reversed_groups = compare_groups([dict.fromkeys((1, 8, 9), 5.0), by_block(FIRST)])
    assert reversed_groups.contrasts[0].difference.reason == "all 3 values are equal"


def test_constant_difference_has_no_test() -> None:
    found = compare_groups([by_block(FIRST), by_block([value + 1.0 for value in FIRST])])
    assert found.contrasts[0].difference.reason == "all 6 values are equal"
    assert found.overall.test == "F test in complete blocks"
    assert found.overall.reason == "a difference between groups is equal in all blocks"


def test_mixed_model_that_cannot_be_fitted_has_a_reason() -> None:
    """The common blocks determine all differences exactly; the difference of the plain means remains."""
    found = compare_groups([{1: 1.0, 2: 2.0, 3: 4.0}, {2: 3.0, 3: 5.0}])
    assert "the residual variance of the mixed model is estimated as 0" in found.overall.reason
    assert found.contrasts[0].difference.reason == found.overall.reason
    assert found.contrasts[0].difference.mean == pytest.approx(4.0 - 7.0 / 3.0)


def test_skewed_independent_groups_have_no_overall_test() -> None:
    """Each pair may be less skewed than all groups together."""
    tail = [0.0, 1.0, 2.0, 9.0]
    groups = [
        dict(enumerate([shift + value for value in tail], start=10 * place)) for place, shift in enumerate((0, 1, 2))
    ]
    overall = compare_groups(groups).overall
    assert (overall.p, overall.reason) == (None, "a skewness of 1.02, at most 1.00 with 4 values")
