"""Published data sets, and numbers as they are printed."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clau_doom.table_analysis import DataTable, Design, make_column, make_design, make_table
from clau_doom.table_analysis.table_reader import read_table

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def published() -> Callable[..., Design]:
    """Return what makes a design of a published data set."""

    def design(name: str, response: str, *factors: str, block: str | None = None) -> Design:
        return make_design(read_table(DATA / f"{name}.csv"), response=response, factors=factors, block=block)

    return design


@pytest.fixture
def printed() -> Callable[[str], Any]:
    """Return what a number must be near to be printed so: within half a unit of its last digit."""

    def near(text: str) -> Any:
        exponent = Decimal(text).as_tuple().exponent
        assert isinstance(exponent, int)
        return pytest.approx(float(text), rel=0, abs=0.5001 * 10.0**exponent)

    return near


@pytest.fixture
def one_way() -> Callable[..., Design]:
    """Return what makes a design of one factor out of its groups."""

    def design(*groups: list[float]) -> Design:
        values = [value for group in groups for value in group]
        labels = [f"g{place}" for place, group in enumerate(groups) for _ in group]
        return make_design(table_of(y=values, group=labels), response="y", factors=["group"])

    return design


@pytest.fixture
def table() -> Callable[..., DataTable]:
    """Return what makes a table of columns given by name."""
    return table_of


def table_of(**columns: Any) -> DataTable:
    return make_table("t.csv", [make_column(name, values) for name, values in columns.items()])
