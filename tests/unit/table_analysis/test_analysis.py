"""Tests of the analysis of a design by each method."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.table_analysis import (
    METHODS,
    Design,
    TableAnalysis,
    anova,
    fit,
    make_column,
    make_design,
    make_table,
)
from clau_doom.table_analysis.analysis import analyze_design
from clau_doom.table_analysis.table_reader import read_table

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


@pytest.mark.parametrize("method", ["default", "permutation"])
def test_tiny_variances_do_not_underflow(one_way: Callable[..., Design], method: str) -> None:
    """A cell whose variance is 1e-192 of another's has degrees of freedom."""
    design = one_way([0.0, 0.0], [0.0, 1.0], [0.0, 5.2e-96])
    analysis = analyze_design(design, "default" if method == "default" else "permutation")
    assert all(0.0 <= pair.p <= 1.0 for each in analysis.comparisons for pair in each.pairs)


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

    from clau_doom.table_analysis.effect_contrasts import Cells, effects_of
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


CASES = Path(__file__).parents[2] / "cases/stat_scales"


def analysis(columns: dict[str, list[str]], values: list[float]) -> TableAnalysis:
    made = [make_column("y", values), *(make_column(name, levels) for name, levels in columns.items())]
    return analyze_design(make_design(make_table("t", made), response="y", factors=[*columns]))


@pytest.mark.parametrize(("name", "f"), [("hugescale", 8.64891), ("tinyscale", 23.7596)])
def test_extreme_values_do_not_overflow(name: str, f: float) -> None:
    """Statistics are those of the values in another unit; means and differences are in the values' own."""
    table = read_table(CASES / f"{name}.csv")
    found = analyze_design(make_design(table, response="y", factors=["g"]), "classical")
    values = table.column("y").floats()[0]
    first = values[table.column("g").codes == 0]
    assert found.effects[0].statistic == pytest.approx(f, rel=1e-5)
    assert found.effects[0].sum_of_squares is None  # a double cannot hold its square
    assert found.residual == (21, None)
    assert found.groups[0].mean.mean == pytest.approx(float(np.mean(first)), rel=1e-12)
    assert found.groups[0].mean.low is not None
    assert found.groups[0].mean.low < float(np.mean(first))
    assert all(
        pair.low is not None and pair.high is not None and pair.low < pair.high
        for each in found.comparisons
        for pair in each.pairs
    )


def test_rounding_errors_are_not_variance() -> None:
    """0.1 + 0.2 and 0.3 are equal values, with or without a common offset."""
    group = [0.3, 0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2]
    for other in ([0.35, 0.4, 0.45, 0.5, 0.55], [0.35, 0.4, 0.45, 0.5, 9.0]):
        found = analysis({"g": ["a"] * 5 + ["b"] * 5}, [*group, *other])
        assert found.groups[0].mean.reason == "all 5 values are equal"


@pytest.mark.parametrize("unit", [2.0**600, 2.0**-600, 1.7e308 / 8])
def test_unit_does_not_change_statistics(unit: float) -> None:
    """Each effect's F, p and effect size are those of ordinary values."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=48).clip(-4, 4)
    columns = {"a": ["x", "y"] * 24, "b": ["1", "1", "2", "2", "3", "3"] * 8}
    plain, scaled = (analysis(columns, each.tolist()) for each in (values, values * unit))
    for one, other in zip(plain.effects, scaled.effects, strict=True):
        assert (other.statistic, other.p) == pytest.approx((one.statistic, one.p), rel=1e-9)
        assert [size.value for size in other.sizes] == pytest.approx([size.value for size in one.sizes], rel=1e-9)
    assert scaled.test == plain.test
    assert scaled.groups[0].deviation == pytest.approx(plain.groups[0].deviation * unit, rel=1e-12)


def test_memory_does_not_grow_with_rows_times_cells() -> None:
    """A model has a row for each combination of levels, and not one for each value."""
    rows, levels = 40_000, 12
    rng = np.random.default_rng(2)
    made = [make_column("y", rng.normal(size=rows).tolist())]
    made += [make_column(name, rng.integers(levels, size=rows).tolist()) for name in ("a", "b")]
    design = make_design(make_table("t", made), response="y", factors=["a", "b"])
    tracemalloc.start()
    model = fit(design)
    anova(design, model, "II")
    assert len(model.residuals) == rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150 * rows  # a matrix of rows and cells has 1,152 bytes a row


def test_model_of_cells_equals_the_model_of_rows() -> None:
    """Parameters, their covariance and residuals are those of least squares over all rows."""
    rng = np.random.default_rng(3)
    columns = {"a": rng.integers(3, size=200).tolist(), "b": rng.integers(4, size=200).tolist()}
    made = [make_column("y", rng.normal(size=200).tolist()), *(make_column(*each) for each in columns.items())]
    design = make_design(make_table("t", made), response="y", factors=["a", "b"])
    model = fit(design)
    matrix = np.hstack([np.ones((200, 1)), *(term[model.grid.codes] for term in model.terms.values())])
    params = np.linalg.lstsq(matrix, design.values, rcond=None)[0]
    residuals = design.values - matrix @ params
    assert model.params == pytest.approx(params)
    assert model.residuals == pytest.approx(residuals)
    assert model.ssr == pytest.approx(float(residuals @ residuals))
    assert model.df_resid == 200 - 12
    assert model.covariance == pytest.approx(np.linalg.inv(matrix.T @ matrix) * model.ssr / model.df_resid)


def test_tests_of_skewed_values_are_withheld_with_a_remedy(one_way: Callable[..., Design]) -> None:
    """The remedy tests the hypothesis of equal distributions, for which skewness does no harm."""
    design = one_way([0.0, 1.0, 2.0, 9.0], [1.0, 2.0, 3.0, 10.0])
    found = analyze_design(design)
    assert found.comparisons == ()
    assert [(effect.p, effect.note) for effect in found.effects] == [
        (
            None,
            (
                "withheld: a skewness of 1.02, at most 1.00 with 4 values in a cell; use test='ranks' or "
                "test='permutation'"
            ),
        )
    ]
    assert analyze_design(design, "permutation").effects[0].p is not None
