"""Tests of variance components against lme4 and hand calculation."""

import math

import pytest

from clau_doom.statistics.variance_components import block_components, component_interval, nested_components

# R: lme4::Dyestuff, yield of six batches; lme4::Pastes, strength of three casks from each of ten batches.
DYESTUFF = """
1545 1440 1440 1520 1580 1540 1555 1490 1560 1495 1595 1550 1605 1510 1560
1445 1440 1595 1465 1545 1595 1630 1515 1635 1625 1520 1455 1450 1480 1445
"""
PASTES = """
62.8 62.6 60.1 62.3 62.7 63.1 60 61.4 57.5 56.9 61.1 58.9 58.7 57.5 63.9 63.1 65.4 63.7 57.1 56.4 56.9 58.6 64.7 64.5
55.1 55.1 54.7 54.2 58.8 57.5 63.4 64.9 59.3 58.1 60.5 60 62.5 62.6 61 58.7 56.9 57.7 59.2 59.4 65.2 66 64.8 64.1
54.8 54.8 64 64 57.7 56.8 58.3 59.3 59.2 59.2 58.9 56.6
"""
UNEVEN = [[[1.0, 3, 2], [5.0, 4], [9.0, 7, 8, 6]], [[2.0, 2.5], [4.0, 4.5, 7]]]
BLOCKS = [  # four seeds, two conditions, three episodes
    [[5.0, 7, 6], [9.0, 8, 13]],
    [[4.0, 6, 2], [7.0, 6, 8]],
    [[10.0, 12, 11], [12.0, 17, 13]],
    [[6.0, 9, 3], [5.0, 9, 4]],
]


def units(text: str, size: int) -> list[list[float]]:
    values = [float(each) for each in text.split()]
    return [values[at : at + size] for at in range(0, len(values), size)]


def test_one_group_agrees_with_lme4() -> None:
    """R: VarCorr(lmer(Yield ~ 1 + (1 | Batch), Dyestuff)) is 1764.050 and 2451.250."""
    found = nested_components([units(DYESTUFF, 5)])
    assert (found.between_units.value, found.within_units) == pytest.approx((1764.05, 2451.25))
    assert (found.unit_df, found.value_df) == (5, 24)
    assert found.values == pytest.approx(5.0)
    assert found.value_share == pytest.approx(490.25 / (490.25 + 1764.05))


def test_several_groups_agree_with_lme4() -> None:
    """R: VarCorr(lmer(strength ~ batch + (1 | sample), Pastes)) is 8.433667 and 0.678000."""
    casks = units(PASTES, 2)
    found = nested_components([casks[at : at + 3] for at in range(0, 30, 3)])
    assert (found.between_units.value, found.within_units) == pytest.approx((8.43366666667, 0.678))
    assert (found.unit_df, found.value_df) == (20, 30)


def test_unequal_sizes() -> None:
    """R: mean squares of anova(lm(y ~ c + r)) with the coefficient of Searle, Casella and McCulloch."""
    found = nested_components(UNEVEN)
    assert (found.between_units.value, found.within_units) == pytest.approx((7.14673913043, 1.4212962963))
    assert found.values == pytest.approx(2.60869565217)


def test_negative_estimate_is_0() -> None:
    """Equal means of the units."""
    found = nested_components([[[1.0, 3.0], [3.0, 1.0]]])
    assert (found.between_units.value, found.within_units, found.value_share) == (0.0, 2.0, 1.0)


def test_reduction_of_the_standard_error() -> None:
    """By hand: the variance of a unit's mean is 1764.05 + 2451.25 / 5, with ten values 1764.05 + 2451.25 / 10."""
    found = nested_components([units(DYESTUFF, 5)])
    expected = 1.0 - math.sqrt((1764.05 + 245.125) / (1764.05 + 490.25))
    assert found.reduction(2.0) == pytest.approx(expected)
    assert nested_components([[[1.0, 1.0], [1.0, 1.0]]]).reduction(2.0) is None


def test_modified_large_sample_interval() -> None:
    """R: the formulas of Burdick and Graybill with qf and the mean squares of Dyestuff, 11271.5 and 2451.25."""
    found = nested_components([units(DYESTUFF, 5)]).between_units
    assert (found.low, found.high) == pytest.approx((306.419186847, 13045.978410915))
    assert component_interval(11271.5, 5, 2451.25, 24, 5.0) == pytest.approx((found.low, found.high))


def test_components_of_complete_blocks_agree_with_lme4() -> None:
    """R: lmer(y ~ condition + (1 | seed) + (1 | seed:condition) + (1 | seed:episode)) and the means' mean squares.

    The mean squares of the means are 20.33 and 1.5, that of the values is 2.75. The variance of the paired differences
    is 3, twice the second. The intervals are those of Burdick and Graybill, the lower ends would be negative.
    """
    found = block_components(BLOCKS, shared=True)
    assert found.within_units == pytest.approx(2.75)
    assert found.between_units.value == pytest.approx(1.5 - 2.75 / 3.0)
    assert found.between_blocks.value == pytest.approx((61.0 / 3.0 - 1.5) / 2.0)
    assert (found.between_blocks.low, found.between_blocks.high) == pytest.approx((0.0, 140.460760824783))
    assert (found.between_units.low, found.between_units.high) == pytest.approx((0.0, 19.83104837719))
    assert (found.block_df, found.unit_df, found.value_df) == (3, 3, 8)
    assert found.value_share == pytest.approx(2.75 / 3.0 / 1.5)
    assert found.reduction(2.0) == pytest.approx(1.0 - math.sqrt((1.5 - 2.75 / 6.0) / 1.5))


def test_values_of_different_seeds_keep_their_whole_variance() -> None:
    """R: the mean square of the 24 values in their eight runs is (52 + 22) / 16."""
    found = block_components(BLOCKS, shared=False)
    assert found.within_units == pytest.approx(74.0 / 16.0)
    assert found.value_df == 16
    assert (found.between_units.value, found.value_share) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("blocks", "shared", "reason"),
    [
        (BLOCKS[:1], True, "need two blocks"),
        ([block[:1] for block in BLOCKS], True, "need two blocks"),
        ([BLOCKS[0], BLOCKS[1][:1]], True, "one unit of each group"),
        ([[[1.0], [2.0]], [[1.0], [2.0]]], False, "two values each"),
        ([[[1.0, 2.0], [2.0, 3.0, 4.0]]] * 2, True, "equal numbers of shared values"),
    ],
)
def test_incomplete_blocks_are_refused(blocks: list[list[list[float]]], shared: bool, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        block_components(blocks, shared=shared)


@pytest.mark.parametrize("groups", [[], [[[1.0, 2.0]]], [[[1.0, 2.0], [3.0]]]])
def test_too_few_values_are_refused(groups: list[list[list[float]]]) -> None:
    with pytest.raises(ValueError, match="two units in each group and two values of each unit"):
        nested_components(groups)
