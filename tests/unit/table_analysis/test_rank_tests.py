"""Rank tests against R, Demšar (2006) and hand calculation."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from clau_doom.errors import ConfigError
from clau_doom.statistics.studentized_range import quantile
from clau_doom.table_analysis import DataTable, Design, Value, analyze_design, make_column, make_design, make_table
from clau_doom.table_analysis.effect_contrasts import effects_of
from clau_doom.table_analysis.rank_tests import aligned_ranks

Published = Callable[..., Design]
Make = Callable[..., DataTable]

# Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, table 6: AUC of C4.5 with
# default parameters, with m tuned, with cf tuned, and with both, on 14 data sets. The third
# and the fourth value of `voting` are both printed as 0.975 with different ranks: the third has one digit more here.
DEMSAR = """
0.763 0.768 0.771 0.798  0.599 0.591 0.590 0.569  0.954 0.971 0.968 0.967  0.628 0.661 0.654 0.657
0.882 0.888 0.886 0.898  0.936 0.931 0.916 0.931  0.661 0.668 0.609 0.685  0.583 0.583 0.563 0.625
0.775 0.838 0.866 0.875  1.000 1.000 1.000 1.000  0.940 0.962 0.965 0.962  0.619 0.666 0.614 0.669
0.972 0.981 0.9751 0.975  0.957 0.978 0.946 0.970
"""


def demsar(table: Make) -> Design:
    values = [float(text) for text in DEMSAR.split()]
    made = table(y=values, classifier=["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"] * 14, data=[n // 4 for n in range(56)])
    return make_design(made, response="y", factors=["classifier"], block="data")


def test_friedman_and_nemenyi_of_demsar(table: Make) -> None:
    """Mean ranks 3.143, 2.000, 2.893, 1.964 (1 is best) and a critical difference of 1.25 at 5 %."""
    analysis = analyze_design(demsar(table), "ranks")
    assert (analysis.test, analysis.effects[0].symbol, analysis.effects[0].df) == ("Friedman", "χ²", (3.0,))
    ranks = stats.rankdata(-np.array(DEMSAR.split(), dtype=float).reshape(14, 4), axis=1).mean(axis=0)
    assert ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    critical = quantile(0.95, 4, np.array([np.inf]))[0] * np.sqrt(4 * 5 / (12 * 14))
    assert critical == pytest.approx(1.25, abs=5e-3)
    (comparisons,) = analysis.comparisons
    assert comparisons.method == "Nemenyi's test"
    for pair in comparisons.pairs:
        assert (pair.p < 0.05) == (abs(pair.difference) > critical)
    # χ² = 9.28 without the correction for ties, which divides it by the share of untied ranks.
    assert 12 * 14 / (4 * 5) * (float((ranks**2).sum()) - 25) == pytest.approx(9.28, abs=5e-3)
    assert analysis.effects[0].statistic is not None
    assert analysis.effects[0].statistic > 9.28


def test_friedman_of_rounding_times(table: Make) -> None:
    """R, ?friedman.test: χ² = 11.142857, p = 0.003805041; Nemenyi's p of the first and third is 0.004409820."""
    from tests.unit.table_analysis.test_repeated_measures import ROUNDING_TIMES

    values = [float(text) for text in ROUNDING_TIMES.split()]
    made = table(y=values, method=["1", "2", "3"] * 22, player=[place // 3 for place in range(66)])
    analysis = analyze_design(make_design(made, response="y", factors=["method"], block="player"), "ranks")
    assert (analysis.effects[0].statistic, analysis.effects[0].p) == pytest.approx((11.142857, 0.003805041), rel=1e-6)
    pairs = {(pair.first, pair.second): pair for pair in analysis.comparisons[0].pairs}
    assert pairs["1", "3"].p == pytest.approx(0.004409820445, rel=1e-5)
    assert pairs["1", "3"].difference == pytest.approx(2.409090909 - 1.454545455)


def test_kruskal_wallis_and_dunn(published: Published) -> None:
    """R: kruskal.test and Dunn's z with Holm's correction, PlantGrowth."""
    analysis = analyze_design(published("PlantGrowth", "weight", "group"), "ranks")
    (effect,) = analysis.effects
    assert (analysis.test, effect.symbol, analysis.comparisons[0].method) == (
        "Kruskal-Wallis",
        "H",
        "Dunn's test, Holm",
    )
    assert (effect.statistic, effect.p) == pytest.approx((7.9882, 0.01842), abs=5e-5)
    assert effect.sizes[0].value == pytest.approx((7.9882 - 3 + 1) / 27, rel=1e-4)
    assert [pair.p for pair in analysis.comparisons[0].pairs] == pytest.approx(
        [0.26368426789, 0.18232788810, 0.01500087111], rel=1e-8
    )
    sprays = analyze_design(published("InsectSprays", "count", "spray"), "ranks").effects[0]
    assert sprays.statistic == pytest.approx(54.691, abs=5e-4)
    assert sprays.p == pytest.approx(1.511e-10, rel=5e-4)


def two_by_two(values: list[float]) -> Design:
    columns: dict[str, list[Value]] = {"y": [*values], "a": [0, 0, 0, 0, 1, 1, 1, 1], "b": [0, 0, 1, 1, 0, 0, 1, 1]}
    table = make_table("t", [make_column(name, column) for name, column in columns.items()])
    return make_design(table, response="y", factors=["a", "b"])


def test_alignment_by_hand() -> None:
    """Cells' means 2, 6, 4, 12: a's effect is -2 and 2, the interaction's 1, -1, -1, 1."""
    design = two_by_two([1.0, 3.0, 4.5, 7.5, 3.0, 5.0, 8.0, 16.0])
    effects = {effect.name: effect for effect in effects_of(design)}
    # Aligned for a: -3, -1, -3.5, -0.5, 1, 3, -2, 6
    assert aligned_ranks(design, effects["a"]).tolist() == [2, 4, 1, 5, 6, 7, 3, 8]
    # Aligned for a:b: 0, 2, -2.5, 0.5, -2, 0, -3, 5: the two zeros share ranks 4 and 5.
    assert aligned_ranks(design, effects["a:b"]).tolist() == [4.5, 7, 2, 6, 3, 4.5, 1, 8]


def test_aligned_ranks_are_analysed_by_hand() -> None:
    """Cells' mean ranks for a are 3, 3, 6.5, 5.5 and for a:b 5.75, 4, 3.75, 4.5; squares within cells 23 and 36.75."""
    found = analyze_design(two_by_two([1.0, 3.0, 4.5, 7.5, 3.0, 5.0, 8.0, 16.0]), "ranks")
    effects = {effect.name: effect for effect in found.effects}
    assert found.test == "aligned rank transform"
    assert [(effect.symbol, effect.df) for effect in found.effects] == [("F", (1.0, 4.0))] * 3
    assert effects["a"].statistic == pytest.approx(18 / (23 / 4))
    assert effects["a:b"].statistic == pytest.approx(3.125 / (36.75 / 4))
    assert [(each.effect, each.method, each.scale) for each in found.comparisons] == [
        ("a", "Tukey's HSD", "ranks"),
        ("b", "Tukey's HSD", "ranks"),
    ]
    assert found.comparisons[0].pairs[0].difference == -3.0


def test_many_levels_are_not_compared(table: Make) -> None:
    """Above 25 levels a note takes the place of pairs."""
    made = table(y=[*range(52)], g=[place // 2 for place in range(52)])
    (found,) = analyze_design(make_design(made, response="y", factors=["g"]), "ranks").comparisons
    assert (found.effect, found.method, found.scale) == ("g", "Dunn's test, Holm", "ranks")
    assert (found.pairs, found.note) == ((), "more than 25 levels are not compared in pairs")


def test_alignment_keeps_ties_and_tiny_differences() -> None:
    """Decimal values that are equal after alignment share a rank; errors of 1e-13 next to 50 do not become ties."""
    design = two_by_two([0.1, 0.3, 0.2, 0.4, 1.1, 1.3, 1.2, 1.4])
    effects = {effect.name: effect for effect in effects_of(design)}
    assert aligned_ranks(design, effects["a:b"]).tolist() == [2.5, 6.5] * 4
    tiny = two_by_two([1e-13, 2e-13, 3e-13, 5e-13, 6e-13, 8e-13, 9e-13, 50.0])
    assert len({*aligned_ranks(tiny, effects_of(tiny)[0]).tolist()}) > 6


def test_errors_of_optimisers_are_ranked_exactly(table: Make) -> None:
    """Final errors of 1e-13 and one failure of 50: R, kruskal.test of the same ranks."""
    first, second = [1e-13 * (place + 1) for place in range(10)], [1e-13 * (place + 11) for place in range(9)] + [50.0]
    made = table(y=first + second, g=["a"] * 10 + ["b"] * 10)
    (effect,) = analyze_design(make_design(made, response="y", factors=["g"]), "ranks").effects
    assert effect.p == pytest.approx(float(stats.kruskal(range(10), range(10, 20)).pvalue))


def test_designs_that_ranks_do_not_allow(table: Make) -> None:
    """The error names another method."""
    made = table(y=[*range(16)], a=["x", "y"] * 8, b=[1, 1, 2, 2] * 4, seed=[n // 4 for n in range(16)])
    with pytest.raises(ConfigError, match="one factor in blocks: use test='permutation'"):
        analyze_design(make_design(made, response="y", factors=["a", "b"], block="seed"), "ranks")
