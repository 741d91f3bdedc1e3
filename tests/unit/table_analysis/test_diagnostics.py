"""Tests of the diagnostics of a design."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from clau_doom.table_analysis import Design, Diagnostic, diagnose

Published = Callable[..., Design]
Near = Callable[[str], Any]


def named(design: Design, order: list[float] | None = None) -> dict[str, Diagnostic]:
    return {each.name: each for each in diagnose(design, None if order is None else np.array(order))}


# R, car's leveneTest, as printed by Kassambara, "Statistical tools for high-throughput data analysis".
BROWN_FORSYTHE = {
    ("PlantGrowth", "weight", "group"): ("1.1192", "0.3412"),
    ("ToothGrowth", "len", "supp", "dose"): ("1.7086", "0.1484"),
    ("InsectSprays", "count", "spray"): ("3.8214", "0.004223"),
}


@pytest.mark.parametrize("names", BROWN_FORSYTHE)
def test_brown_forsythe(published: Published, printed: Near, names: tuple[str, ...]) -> None:
    """The test of the cells' variances is that of R."""
    found, (statistic, p) = named(published(*names))["equal variances"], BROWN_FORSYTHE[names]
    assert (found.statistic, found.p) == (printed(statistic), printed(p))


def test_shapiro_wilk_of_small_cells(one_way: Callable[..., Design]) -> None:
    """Cells of fewer than 8 values are not scaled; R, shapiro.test(c(-1, 0, 1, -2, 0, 2, -1, 0, 1))."""
    found = named(one_way([1.0, 2.0, 3.0], [3.0, 5.0, 7.0], [1.0, 2.0, 3.0]))["normality"]
    assert found.statistic == pytest.approx(0.96307, abs=5e-6)
    assert found.remark == "residuals"


def test_unequal_variances_alone_are_not_taken_for_long_tails(one_way: Callable[..., Design]) -> None:
    """Residuals are scaled by the deviation of their cell if the cells are large."""
    rng = np.random.default_rng(3)
    groups = [rng.normal(0, 1, 60).tolist(), rng.normal(0, 12, 60).tolist()]
    found = named(one_way(*groups))
    assert found["normality"].p is not None
    assert found["normality"].p > 0.05
    assert found["equal variances"].p is not None
    assert found["equal variances"].p < 0.001


def test_many_values_are_not_tested_for_normality(one_way: Callable[..., Design]) -> None:
    """Above 5,000 values nothing is claimed."""
    values = np.random.default_rng(1).normal(size=6000)
    found = named(one_way(values[:3000].tolist(), values[3000:].tolist()))["normality"]
    assert (found.statistic, found.p, found.remark) == (None, None, "not tested above 5000 values")


def test_saturation_is_named(one_way: Callable[..., Design]) -> None:
    """A cell with most values at the largest one cannot distinguish its mean."""
    found = named(one_way([26.0, 26.0, 26.0, 20.0], [10.0, 12.0, 15.0, 20.0]))["saturation"]
    assert found.statistic == 0.75
    assert found.remark.startswith("75 % of a cell are at the response's limit")


def test_independence_is_tested_only_along_a_given_order(one_way: Callable[..., Design]) -> None:
    """Independence is tested along a column, and never along the rows of a file."""
    rising = [[float(place) for place in range(20)], [float(place) for place in range(20)]]
    assert "independence" not in named(one_way(*rising))
    drifting = named(one_way(*rising), [float(place) for place in range(40)])["independence"]
    assert drifting.p is not None
    assert drifting.p < 0.001
    shares = []
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(40).astype(float).tolist()
        found = named(one_way(*rising), order)["independence"]
        shares.append(found.p is not None and found.p < 0.05)
    assert sum(shares) <= 6  # 2 are expected at 5 %


def test_durbin_watson_by_hand(one_way: Callable[..., Design]) -> None:
    """Residuals 1, -1, 1, -1 have (4 + 4 + 4) / 4."""
    found = named(one_way([1.0, -1.0], [1.0, -1.0]), [1.0, 2.0, 3.0, 4.0])["independence"]
    assert found.statistic == 3.0


def test_independence_counts_orders_with_the_same_statistic(one_way: Callable[..., Design]) -> None:
    """By hand: a third of the orders of 1, 1, -1, -1 has the statistic 3, the largest one; both sides count."""
    found = named(one_way([1.0, -1.0], [1.0, -1.0]), [1.0, 2.0, 3.0, 4.0])["independence"]
    assert found.p == pytest.approx(2 / 3, abs=0.02)


def test_skewness_is_pooled_and_its_bound_is_named(one_way: Callable[..., Design]) -> None:
    """By hand: residuals (-3, -2, -1, 6) have the mean cube 45 and the variance 12.5."""
    found = named(one_way([0.0, 1.0, 2.0, 9.0], [1.0, 2.0, 3.0, 10.0]))["skewness"]
    assert found.statistic == pytest.approx(45 / 12.5**1.5)
    assert found.remark == "means are compared up to 1.00 with 4 values in a cell"


def test_small_cells_have_a_warning(one_way: Callable[..., Design]) -> None:
    """Below ten values the level of the tests is not certain; with ten there is no warning."""
    ten = [float(value) for value in range(10)]
    remark = "9 values: p is too small if values are skewed and spreads differ; collect at least 10"
    assert named(one_way(ten, ten[:9]))["sample size"].remark == remark
    assert "sample size" not in named(one_way(ten, ten))
