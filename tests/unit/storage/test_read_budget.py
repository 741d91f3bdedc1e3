"""Tests of the limits of reading transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from clau_doom.errors import StoreCorrupted
from clau_doom.storage.read_budget import ReadBudget


@pytest.fixture
def budget() -> Iterator[ReadBudget]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        found = ReadBudget(connection)
        found.begin()
        yield found


def test_rows_of_numbers_are_unchanged(budget: ReadBudget) -> None:
    rows = list(budget.numbers("SELECT 1, -2.5, 9007199254740993 UNION ALL SELECT 0, 1e150, -1e150"))
    assert sorted(rows) == [(0, 1e150, -1e150), (1, -2.5, 2**53 + 1)]


@pytest.mark.parametrize("value", ["'1'", "x'00'", "NULL", "zeroblob(1000000)"])
def test_other_values_in_place_of_numbers_are_damage(budget: ReadBudget, value: str) -> None:
    with pytest.raises(StoreCorrupted, match="not a number"):
        list(budget.numbers(f"SELECT 1, {value}"))
