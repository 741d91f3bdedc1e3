"""The aligned rank transform."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.table_analysis import (
    Design,
    Table,
    Value,
    aligned,
    aligned_rank_anova,
    aligned_ranks,
    anova,
    cell_ranks,
    fit,
    kruskal_wallis,
    make_column,
    make_design,
    make_table,
)

Make = Callable[..., Table]


def two_by_two(values: list[float]) -> Design:
    columns: dict[str, list[Value]] = {"y": [*values], "a": [0, 0, 0, 0, 1, 1, 1, 1], "b": [0, 0, 1, 1, 0, 0, 1, 1]}
    table = make_table("t", [make_column(name, column) for name, column in columns.items()])
    return make_design(table, response="y", factors=["a", "b"])


def test_alignment_by_hand() -> None:
    """Cells' means 2, 6, 4, 12: a's effect is -2 and 2, b's -3 and 3, the interaction's 1, -1, -1, 1."""
    design = two_by_two([1.0, 3.0, 4.5, 7.5, 3.0, 5.0, 8.0, 16.0])
    model = fit(design)
    residuals = np.array([-1.0, 1.0, -1.5, 1.5, -1.0, 1.0, -4.0, 4.0])
    assert aligned(model, "a") == pytest.approx(residuals + np.array([-2, -2, -2, -2, 2, 2, 2, 2]))
    assert aligned(model, "b") == pytest.approx(residuals + np.array([-3, -3, 3, 3, -3, -3, 3, 3]))
    assert aligned(model, "a:b") == pytest.approx(residuals + np.array([1, 1, -1, -1, -1, -1, 1, 1]))
    # -3, -1, -3.5, -0.5, 1, 3, -2, 6
    assert aligned_ranks(model, "a").tolist() == [2, 4, 1, 5, 6, 7, 3, 8]
    # 0, 2, -2.5, 0.5, -2, 0, -3, 5: the two zeros share ranks 4 and 5.
    assert aligned_ranks(model, "a:b").tolist() == [4.5, 7, 2, 6, 3, 4.5, 1, 8]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=8, max_size=8, unique=True))
def test_alignment_leaves_one_effect(values: list[int]) -> None:
    """Aligned values sum to zero, and their analysis finds the other effects to be nothing (Wobbrock et al., 2011)."""
    design = two_by_two([float(value) for value in values])
    model = fit(design)
    for name in ("a", "b", "a:b"):
        left = aligned(model, name)
        assert float(np.sum(left)) == pytest.approx(0.0, abs=1e-9 * 8000)
        table = anova(design, fit(design, left), "III")
        original = anova(design, model, "III").effect(name).sum_of_squares
        assert table.effect(name).sum_of_squares == pytest.approx(original, abs=1e-6)
        for other in {"a", "b", "a:b"} - {name}:
            assert table.effect(other).sum_of_squares == pytest.approx(0.0, abs=1e-6)


def test_of_one_factor_it_is_kruskal_and_wallis(one_way: Callable[..., Design]) -> None:
    """The F of plain ranks is (n - k) H / ((k - 1) (n - 1 - H)) (Conover and Iman, The American Statistician, 1981)."""
    design = one_way([1.0, 2.0, 9.0, 4.0], [3.0, 8.0, 12.0], [10.0, 11.0, 7.0, 20.0, 15.0])
    h = kruskal_wallis(design).statistic
    (effect,) = aligned_rank_anova(design, fit(design)).effects
    assert effect.f == pytest.approx((12 - 3) * h / ((3 - 1) * (12 - 1 - h)))


def test_blocks_are_taken_off_before_ranking(table: Make) -> None:
    """Hodges and Lehmann: what differs between blocks alone changes no rank."""
    values = [1.0, 2.5, 4.0, 3.0, 3.7, 6.2]
    shifted = [value + 100.0 * (place % 3) for place, value in enumerate(values)]
    designs = [
        make_design(
            table(y=column, a=["x", "x", "x", "z", "z", "z"], seed=[1, 2, 3, 1, 2, 3]),
            response="y",
            factors=["a"],
            block="seed",
        )
        for column in (values, shifted)
    ]
    models = [fit(design) for design in designs]
    assert aligned_ranks(models[0], "a").tolist() == aligned_ranks(models[1], "a").tolist()
    assert cell_ranks(designs[0], models[0]).tolist() == cell_ranks(designs[1], models[1]).tolist()
    assert [effect.name for effect in aligned_rank_anova(designs[1], models[1]).effects] == ["a"]


def test_rounding_makes_no_ranks() -> None:
    """Values that are equal but for the last bits share their rank."""
    design = two_by_two([0.1, 0.3, 0.1 + 0.2, 0.1, 1.1, 1.3, 1.1, 1.3])
    ranks = cell_ranks(design, fit(design))
    assert ranks[1] == ranks[2]
