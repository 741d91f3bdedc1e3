"""Which test is believed, why, and what is compared afterwards."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.domain import generator
from clau_doom.table_analysis import (
    Design,
    Table,
    Value,
    analyze_variance,
    check_assumptions,
    make_column,
    make_design,
    make_table,
)

Make = Callable[..., Table]


def normal(count: int, *, mean: float = 0.0, deviation: float = 1.0, stream: int = 0) -> list[float]:
    return [float(value) for value in generator(3, "test", stream).normal(mean, deviation, size=count)]


def skewed(count: int, *, scale: float = 1.0, power: int = 2, stream: int = 0) -> list[float]:
    return [scale * float(value) ** power for value in generator(5, "test", stream).exponential(size=count)]


@pytest.mark.parametrize(
    ("groups", "test", "method", "scale"),
    [
        ([normal(12), normal(12, mean=1, stream=1)], "ANOVA", "Tukey's HSD", "values"),
        ([normal(12), normal(12, deviation=12, stream=1)], "Welch's ANOVA", "Games-Howell", "values"),
        ([skewed(9), skewed(9, stream=1)], "Kruskal-Wallis", "Tukey's HSD", "ranks"),
        ([skewed(40), skewed(40, scale=30, stream=1)], "Welch's ANOVA", "Games-Howell", "values"),
        ([skewed(12), skewed(12, scale=900, stream=1)], "Kruskal-Wallis", "Games-Howell", "values"),
        ([[2.0] * 20, normal(20, stream=2)], "Kruskal-Wallis", "Tukey's HSD", "ranks"),
    ],
)
def test_one_factor(
    one_way: Callable[..., Design], groups: list[list[float]], test: str, method: str, scale: str
) -> None:
    """The table in the module's text is kept to, also for a group without spread."""
    analysis = analyze_variance(one_way(*groups))
    assert analysis.chosen.test == test
    assert [(one.method, one.scale) for one in analysis.comparisons] == [(method, scale)]
    assert (analysis.alternative is None) == (test == "ANOVA")
    assert test in analysis.chosen.sentence


def two_factors(values: list[float], *, block: bool = False) -> Design:
    count = len(values) // 4
    columns: dict[str, list[Value]] = {
        "y": [*values],
        "a": [*(["x"] * (2 * count)), *(["z"] * (2 * count))],
        "b": [*(["p"] * count), *(["q"] * count)] * 2,
        "seed": [*range(count)] * 4,
    }
    table = make_table("t", [make_column(name, column) for name, column in columns.items()])
    return make_design(table, response="y", factors=["a", "b"], block="seed" if block else None)


def test_two_factors_without_interaction_are_compared_one_by_one() -> None:
    """Where assumptions hold and nothing interacts, each factor's levels are compared."""
    analysis = analyze_variance(two_factors([*normal(24), *normal(24, mean=2, stream=1)]))
    assert (analysis.chosen.test, analysis.aligned_ranks) == ("ANOVA", None)
    assert [one.effect for one in analysis.comparisons] == ["a", "b"]


def test_two_factors_that_interact_are_compared_by_cells() -> None:
    """An interaction makes the means of single levels misleading: the cells are compared."""
    values = [*normal(12), *normal(12, mean=9, stream=1), *normal(12, mean=9, stream=2), *normal(12, stream=3)]
    (comparisons,) = analyze_variance(two_factors(values)).comparisons
    assert (comparisons.effect, len(comparisons.pairs)) == ("a:b", 6)


@pytest.mark.parametrize("block", [False, True])
def test_two_factors_that_are_not_normal_are_ranked(block: bool) -> None:
    """Skewed residuals lead to the aligned rank transform and to comparisons of ranks, with blocks and without."""
    values = [value for stream in range(4) for value in skewed(12, power=4, stream=stream)]
    analysis = analyze_variance(two_factors(values, block=block))
    assert analysis.chosen.test == "aligned rank transform"
    assert analysis.aligned_ranks is not None
    assert [effect.name for effect in analysis.aligned_ranks.effects] == ["a", "b", "a:b"]
    assert {one.scale for one in analysis.comparisons} == {"ranks"}


def test_blocks_leave_no_welch(table: Make) -> None:
    """One factor in blocks with unequal variances is tested by aligned ranks, which know of blocks."""
    values = [*normal(20), *normal(20, stream=1), *normal(20, deviation=15, stream=2)]
    made = table(y=values, a=["x"] * 20 + ["y"] * 20 + ["z"] * 20, seed=list(range(20)) * 3)
    analysis = analyze_variance(make_design(made, response="y", factors=["a"], block="seed"))
    assert analysis.chosen.test == "aligned rank transform"
    assert "a significant result can be a difference in spread" in analysis.chosen.sentence
    assert [one.method for one in analysis.comparisons] == ["Tukey's HSD"]


def test_durbin_watson_by_hand(one_way: Callable[..., Design]) -> None:
    """Residuals 1, -1, 1, -1 have (4 + 4 + 4) / 4; that neighbours are alike or opposed is told, with its limits."""
    design = one_way([1.0, -1.0], [1.0, -1.0])
    found = check_assumptions(design, np.array([1.0, -1.0, 1.0, -1.0]))
    variances, independence = found.equal_variances, found.independence
    assert (independence.statistic, independence.holds) == (3.0, False)
    assert "neighbouring rows are negatively correlated" in independence.remark
    assert "not rows that share a seed" in independence.remark
    assert (variances.holds, variances.p) == (None, None)


def test_unequal_variances_alone_are_not_taken_for_long_tails(one_way: Callable[..., Design]) -> None:
    """Normal groups of different spread have residuals that look long-tailed, and do not when they are scaled."""
    groups = [normal(60), normal(60, deviation=12, stream=1)]
    found = analyze_variance(one_way(*groups)).assumptions
    assert found.normality.holds is False
    assert found.normality_within_groups is not None
    assert found.normality_within_groups.holds is True
    assert (found.normal, found.equal) == (True, False)


def test_many_values_are_not_tested_for_normality(one_way: Callable[..., Design]) -> None:
    """Beyond 5,000 values Shapiro and Wilk's p is no longer known, and not needed."""
    analysis = analyze_variance(one_way(normal(3000), normal(3000, stream=1)))
    assert (analysis.assumptions.normality.holds, analysis.assumptions.normality.p) == (None, None)
    assert analysis.chosen.test == "ANOVA"


def test_many_levels_are_not_compared(one_way: Callable[..., Design]) -> None:
    """With more than 25 levels there are no pairs."""
    assert analyze_variance(one_way(*[normal(4, stream=place) for place in range(26)])).comparisons == ()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=8), min_size=2, max_size=4
    ).filter(lambda groups: any(max(group) - min(group) > 1e-3 for group in groups))
)
def test_every_design_has_an_answer(groups: list[list[float]]) -> None:
    """Whatever the values, every p is one, intervals hold their differences, and a sentence says what is believed."""
    values = [value for group in groups for value in group]
    labels = [place for place, group in enumerate(groups) for _ in group]
    table = make_table("t", [make_column("y", values), make_column("g", labels)])
    analysis = analyze_variance(make_design(table, response="y", factors=["g"]))
    assert analysis.chosen.sentence.endswith(".")
    for effect in analysis.anovas[0].effects:
        assert 0.0 <= effect.p <= 1.0
        assert 0.0 <= effect.omega_squared <= effect.partial_eta_squared <= 1.0
    for pair in (pair for one in analysis.comparisons for pair in one.pairs):
        assert 0.0 <= pair.p <= 1.0
        assert pair.low <= pair.difference <= pair.high
