"""The analysis of a design, by each method."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.table_analysis import METHODS, Design, make_column, make_design, make_table
from clau_doom.table_analysis.analysis import analyze_design

Published = Callable[..., Design]


def test_the_data_do_not_select_the_test(one_way: Callable[..., Design]) -> None:
    """Normal and skewed values, equal and unequal variances have the same test."""
    designs = [
        one_way([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]),
        one_way([0.0, 0.0, 0.1, 90.0], [1.0, 1000.0, 5.0, 9.0]),
    ]
    assert {analyze_design(design).test for design in designs} == {"Welch's ANOVA"}


def test_two_factors_have_all_effects_and_comparisons(published: Published) -> None:
    """Main effects are compared whether or not the factors interact."""
    found = analyze_design(published("ToothGrowth", "len", "supp", "dose"))
    assert [effect.name for effect in found.effects] == ["supp", "dose", "supp:dose"]
    assert [(each.effect, len(each.pairs)) for each in found.comparisons] == [
        ("supp", 1),
        ("dose", 3),
        ("supp:dose", 15),
    ]
    assert {each.method for each in found.comparisons} == {"Games-Howell"}


def test_a_cell_without_variance_withholds_the_test(one_way: Callable[..., Design]) -> None:
    """The effect has a reason in place of a p-value."""
    (effect,) = analyze_design(one_way([5.0, 5.0], [5.0, 5.0], [1.0, 2.0])).effects
    assert (effect.p, effect.note) == (None, "not possible: a cell has no variance")


def test_unbalanced_type_ii_has_no_comparisons(published: Published) -> None:
    """Type II tests weighted means, and comparisons are of unweighted ones."""
    design = published("Moore", "conformity", "fcategory", "partner.status")
    assert analyze_design(design, "classical", sums_of_squares="II").comparisons == ()
    assert len(analyze_design(design, "classical").comparisons) == 3


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=6), min_size=2, max_size=4
    ).filter(lambda groups: any(max(group) - min(group) > 1e-3 for group in groups)),
    st.sampled_from([method for method in METHODS if method != "permutation"]),
)
def test_every_design_has_an_answer(groups: list[list[float]], method: str) -> None:
    """Whatever the values, each p-value is one or has a reason, and effect sizes are shares."""
    values = [value for group in groups for value in group]
    labels = [place for place, group in enumerate(groups) for _ in group]
    table = make_table("t", [make_column("y", values), make_column("g", labels)])
    design = make_design(table, response="y", factors=["g"])
    analysis = analyze_design(design, next(each for each in METHODS if each == method))
    for effect in analysis.effects:
        assert effect.note if effect.p is None else 0.0 <= effect.p <= 1.0
        assert all(0.0 <= size.value <= 1.0 for size in effect.sizes)
    assert all(0.0 <= pair.p <= 1.0 for each in analysis.comparisons for pair in each.pairs)


def test_simulated_level() -> None:
    """Welch's test of normal groups with unequal variances rejects 5 % of true hypotheses, within its error."""
    import numpy as np

    from clau_doom.table_analysis.marginal_means import Cells, effects_of
    from clau_doom.table_analysis.welch_james import welch_james

    rng, sizes, deviations = np.random.default_rng(7), np.array([5.0, 10.0, 30.0]), np.array([4.0, 2.0, 1.0])
    table = make_table("t", [make_column("y", [1.0, 2.0] * 3), make_column("g", [0, 0, 1, 1, 2, 2])])
    (effect,) = effects_of(make_design(table, response="y", factors=["g"]))
    rejected = 0
    for _ in range(4000):
        groups = [rng.normal(0, sd, int(n)) for n, sd in zip(sizes, deviations, strict=True)]
        cells = Cells(
            sizes=sizes,
            means=np.array([group.mean() for group in groups]),
            variances=np.array([group.var(ddof=1) for group in groups]),
        )
        found = welch_james(effect.contrasts, cells)
        rejected += found is not None and found.p < 0.05
    assert rejected / 4000 == pytest.approx(0.055, abs=0.012)
