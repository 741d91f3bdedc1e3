"""Tests of TOPSIS."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.analysis.topsis import Criterion, topsis


def criteria(*weights: float) -> list[Criterion]:
    return [Criterion(name=f"c{at}", weight=weight) for at, weight in enumerate(weights)]


def test_topsis_agrees_with_hwang_and_yoon() -> None:
    """Hwang and Yoon 1981, chapter III: fighter aircraft, with the fourth criterion as a cost."""
    aircraft = [
        [2.0, 1500.0, 20000.0, 5.5, 5.0, 9.0],
        [2.5, 2700.0, 18000.0, 6.5, 3.0, 5.0],
        [1.8, 2000.0, 21000.0, 4.5, 7.0, 7.0],
        [2.2, 1800.0, 20000.0, 5.0, 5.0, 5.0],
    ]
    found = topsis(["A1", "A2", "A3", "A4"], aircraft, criteria(0.2, 0.1, 0.1, -0.1, 0.2, 0.3))
    assert [(row.name, row.rank) for row in found.rows] == [("A1", 1), ("A3", 2), ("A4", 3), ("A2", 4)]
    assert [row.closeness for row in found.rows] == pytest.approx([0.643, 0.613, 0.312, 0.268], abs=1e-3)


def test_weights_are_normalised() -> None:
    """Weights 2 and -6 become a quarter and three quarters, with their signs."""
    found = topsis(["a", "b"], [[1.0, 1.0], [2.0, 2.0]], criteria(2.0, -6.0))
    assert [criterion.weight for criterion in found.criteria] == [0.25, -0.75]
    assert found.rows[0].name == "a"


def test_equal_alternatives_share_a_rank() -> None:
    """Equal alternatives share rank 1 with closeness 0.5, and a criterion of zeros has no effect."""
    found = topsis(["a", "b"], [[1.0, 0.0], [1.0, 0.0]], criteria(1.0, 1.0))
    assert [(row.rank, row.closeness) for row in found.rows] == [(1, 0.5), (1, 0.5)]


rows = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=2, max_size=8)


@settings(max_examples=50, deadline=None)
@given(rows, st.integers(2, 9))
def test_closeness_does_not_depend_on_units_or_order(values: list[tuple[int, int]], scale: int) -> None:
    """Other units, or another order of the alternatives, do not change the closeness."""
    names = [str(at) for at in range(len(values))]
    plain = [[float(one), float(other)] for one, other in values]
    wanted = {row.name: row.closeness for row in topsis(names, plain, criteria(1.0, -2.0)).rows}
    scaled = topsis(names, [[one, scale * other] for one, other in plain], criteria(1.0, -2.0))
    turned = topsis(names[::-1], plain[::-1], criteria(1.0, -2.0))
    assert {row.name: row.closeness for row in scaled.rows} == pytest.approx(wanted)
    assert {row.name: row.closeness for row in turned.rows} == pytest.approx(wanted)
    assert all(0.0 <= closeness <= 1.0 for closeness in wanted.values())


@settings(max_examples=50, deadline=None)
@given(rows)
def test_dominating_alternative_is_first(values: list[tuple[int, int]]) -> None:
    """An alternative that is best in every criterion has closeness 1."""
    plain = [[float(one), float(other)] for one, other in values]
    found = topsis(["winner", *map(str, range(len(plain)))], [[60.0, 0.5], *plain], criteria(1.0, -2.0))
    assert (found.rows[0].name, found.rows[0].closeness) == ("winner", 1.0)
