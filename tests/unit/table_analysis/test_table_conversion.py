"""Tests of the conversion of data frames and columns."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clau_doom.errors import ConfigError
from clau_doom.table_analysis import convert_table

COLUMNS = {
    "agent": ["a", "b", None],
    "kills": [1, 2, 30],
    "fitness": [1.5, float("nan"), -2.0],
    "alive": [True, False, True],
}
TEXTS = {
    "agent": ("a", "b", None),
    "kills": ("1", "2", "30"),
    "fitness": ("1.5", None, "-2"),
    "alive": ("true", "false", "true"),
}


@pytest.mark.parametrize(
    "data",
    [
        COLUMNS,
        pd.DataFrame(COLUMNS, index=[7, 8, 9]),
        pl.DataFrame(COLUMNS),
        pa.table(COLUMNS),
        pa.RecordBatch.from_pydict(COLUMNS),
        {name: np.array(values, dtype=object) for name, values in COLUMNS.items()},
    ],
    ids=["dict", "pandas", "polars", "arrow", "batch", "numpy"],
)
def test_each_kind_of_table_has_the_same_values(data: object) -> None:
    """Numbers are their shortest texts. NaN and None are missing. Rows are counted from 1."""
    table = convert_table(data)
    assert table.names == tuple(COLUMNS)
    assert table.numbers.tolist() == [1, 2, 3]
    assert {name: table.column(name).values for name in table.names} == TEXTS


def test_categories_dates_and_names_of_pandas_become_texts() -> None:
    frame = pd.DataFrame({"level": pd.Categorical(["x", "y", "x"]), 3: pd.to_datetime([date(2026, 1, 2)] * 3)})
    table = convert_table(frame)
    assert table.names == ("level", "3")
    assert table.column("level").values == ("x", "y", "x")
    assert table.column("3").levels[0].startswith("2026-01-02")


def test_unused_columns_are_not_converted() -> None:
    """A column of mixed values is refused at its use, with its name."""
    table = convert_table({"mixed": [1, "a", 2.0], "huge": [2**70, 1, 1], "y": [1, 2, 3]})
    assert table.column("y").values == ("1", "2", "3")
    for name in ("mixed", "huge"):
        with pytest.raises(ConfigError, match=f"the table: column '{name}' cannot be read: "):
            table.column(name)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1, 2], "list is not a table: give the path of a .csv or .parquet file, a data frame, an Arrow table, or"),
        ({}, "the table has no columns"),
        ({"a": []}, "the table has no rows"),
        ({"a": [1, 2], "b": [1]}, "the columns of the table have different lengths: a 2, b 1"),
        ({"a": "text"}, "the table: the column 'a' has the type str: give a sequence of values"),
        ({"a": 3}, "the table: the column 'a' has the type int: give a sequence of values"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "the table has two columns named 'a': rename one"),
    ],
)
def test_other_data_are_refused(data: Any, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        convert_table(data)
    assert message in str(refused.value)
