"""Tests of designs and of the refusal of impossible ones."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from clau_doom.errors import ConfigError
from clau_doom.table_analysis import DataTable, fit, make_design

Make = Callable[..., DataTable]


def test_levels_are_ordered_and_named(table: Make) -> None:
    """By size where all are numbers, and as texts otherwise; the codes follow the rows, and texts stay as written."""
    made = table(
        y=[1.0, 2.0, 3.0, 5.0, 4.0, 4.0],
        dose=["10", "2.5", "10", "+3", "2.5", "+3"],
        id=["1", "01", "1", "b", "01", "b"],
    )
    dose, ids = make_design(made, response="y", factors=["dose"]), make_design(made, response="y", factors=["id"])
    assert dose.factors[0].levels == ("2.5", "+3", "10")
    assert dose.factors[0].codes.tolist() == [2, 0, 2, 1, 0, 1]
    assert ids.factors[0].levels == ("01", "1", "b")


def test_cells_are_all_combinations(table: Make) -> None:
    """Two factors make a cell of each pair of levels, the second factor's level changing fastest."""
    made = table(y=range(8), a=["x", "x", "x", "x", "y", "y", "y", "y"], b=[2, 2, 1, 1, 1, 1, 2, 2])
    design = make_design(made, response="y", factors=["a", "b"])
    assert design.cells.levels == ("x:1", "x:2", "y:1", "y:2")
    assert [group.tolist() for group in design.groups()] == [[2, 3], [0, 1], [4, 5], [6, 7]]
    assert design.balanced


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"y": [1.0, None, 3.0, 4.0]}, "row 2: the response y is missing: exclude such rows with where='`y` == `y`'"),
        ({"y": [1.0, 2.0, math.inf, 4.0]}, r"row 3: the response y is not finite \(inf\)"),
        ({"y": [1.0, 2.0, 3.0, "dead"]}, "row 4: the response y is not a number but 'dead'"),
        ({"y": ["1", "2", "3", "nan"]}, r"row 4: the response y is not finite \(nan\)"),
        ({"a": ["x", "x", "x", "x"]}, "the factor a has only one level, 'x'"),
        ({"a": ["x", "x", None, "z"]}, "row 3: the factor a is missing"),
        ({"a": ["x", "x", "x", "z"]}, "only one row has a 'z': each cell needs at least two values of y"),
        ({"y": [1.0, 1.0, 2.0, 2.0]}, "y does not vary within any group"),
    ],
)
def test_impossible_design_is_refused(table: Make, columns: dict[str, Any], message: str) -> None:
    """The error names the row or level and the remedy."""
    made = table(**({"y": [1.0, 2.0, 3.0, 4.0], "a": ["x", "x", "z", "z"]} | columns))
    with pytest.raises(ConfigError, match=message):
        make_design(made, response="y", factors=["a"])


def test_empty_cell_is_refused(table: Make) -> None:
    """The error names both levels."""
    made = table(y=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], a=["x", "x", "x", "x", "z", "z"], b=[1, 1, 2, 2, 1, 1])
    with pytest.raises(ConfigError, match="no row has a 'z' and b '2': several factors need values in each cell"):
        make_design(made, response="y", factors=["a", "b"])


@pytest.mark.parametrize(
    ("factors", "block", "message"),
    [
        (["y"], None, "'y' is named twice"),
        (["a", "a"], None, "'a' is named twice"),
        (["a"], "a", "'a' is named twice"),
        (["a", "b", "c", "d", "e"], None, "5 factors: give one to 4"),
        (["A"], None, r"t.csv has no column 'A', did you mean 'a'\? \(it has y, a, b\)"),
        (["a"], "seed", "t.csv has no column 'seed'"),
    ],
)
def test_columns_that_do_not_fit_are_named(table: Make, factors: list[str], block: str | None, message: str) -> None:
    """A column that is not there or is named twice is refused, with the columns that there are."""
    made = table(y=[1.0, 2.0, 3.0, 4.0], a=["x", "x", "z", "z"], b=[1, 2, 1, 2])
    with pytest.raises(ConfigError, match=message):
        make_design(made, response="y", factors=factors, block=block)


def test_too_many_levels_are_refused(table: Make) -> None:
    """A factor with a level for nearly every row, such as a digest, is refused before a model is made of it."""
    made = table(y=np.arange(4002.0).tolist(), a=[place // 2 for place in range(4002)])
    with pytest.raises(ConfigError, match="the factor a has 2001 levels: at most 1000"):
        make_design(made, response="y", factors=["a"])


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ([1, 1, 1, 2, 2, 2], "the block b is confounded with a"),
        ([1, 2, 3, 4, 5, 6], "6 rows are too few for 6 blocks of b"),
    ],
)
def test_useless_blocks_are_refused(table: Make, block: list[int], message: str) -> None:
    """They equal the factor or leave no degrees of freedom."""
    made = table(y=[1.0, 2.0, 4.0, 3.0, 5.0, 6.0], a=["x", "x", "x", "z", "z", "z"], b=block)
    with pytest.raises(ConfigError, match=message):
        fit(make_design(made, response="y", factors=["a"], block="b"))


def test_a_response_that_blocks_explain_is_refused(table: Make) -> None:
    """Where factor and block together explain the response to the last bit, nothing is left to judge by."""
    made = table(y=[1.0, 2.0, 3.0, 3.0, 4.0, 5.0], a=["x", "x", "x", "z", "z", "z"], b=[1, 2, 3, 1, 2, 3])
    with pytest.raises(ConfigError, match="y does not vary within the blocks of b"):
        fit(make_design(made, response="y", factors=["a"], block="b"))
