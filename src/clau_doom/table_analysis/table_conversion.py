"""Conversion of data frames, Arrow tables and columns of other libraries to tables."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from clau_doom.errors import ConfigError
from clau_doom.table_analysis.table import DataColumn, DataTable, check_names
from clau_doom.table_analysis.table_reader import column_loader, typed_column

__all__ = ["convert_table"]


def convert_table(data: object, *, name: str = "the table") -> DataTable:
    """Return the table of a data frame or of columns. A column is converted at its first use.

    Args:
        data: A pandas or polars data frame, an Arrow table, another object with Arrow's C interface, or a mapping of
            names to columns of equal length. The index of a pandas data frame is not a column.
        name: Name for messages.

    Raises:
        ConfigError: The data have another type, are empty, or their columns have different lengths or the same name.
    """
    if isinstance(data, Mapping):
        names, rows, column = [*data], _common_length(data, name), data.__getitem__
    elif hasattr(data, "iloc") and hasattr(data, "columns"):  # pandas
        names, rows, column = [*data.columns], len(data), _by_name_of_pandas(data)  # type: ignore[arg-type]
    elif hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        table = pa.table(data)
        names, rows, column = table.column_names, table.num_rows, table.column
    else:
        raise ConfigError(
            f"{type(data).__name__} is not a table: give the path of a .csv or .parquet file, a data frame, an Arrow "
            "table, or a dict of columns"
        )
    return _table(name, names, rows, column)


def _table(name: str, keys: list[Any], rows: int, column: Callable[[Any], object]) -> DataTable:
    names = tuple(map(str, keys))
    check_names(name, names, rows)
    by_name = dict(zip(names, keys, strict=True))

    def load(chosen: str) -> DataColumn:
        return typed_column(chosen, _array(column(by_name[chosen])))

    return DataTable(name=name, names=names, numbers=np.arange(1, rows + 1), load=column_loader(name, load))


def _by_name_of_pandas(frame: Any) -> Callable[[Any], object]:
    places = {key: place for place, key in enumerate(frame.columns)}

    def column(key: Any) -> object:
        return frame.iloc[:, places[key]]

    return column


def _array(values: object) -> Any:
    if isinstance(values, pa.ChunkedArray):
        return values
    array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)  # NaN and NaT are missing
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _common_length(columns: Mapping[Any, Any], name: str) -> int:
    lengths = {}
    for key, values in columns.items():
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise ConfigError(
                f"{name}: the column {key!r} has the type {type(values).__name__}: give a sequence of values"
            )
        lengths[key] = len(values)
    if len({*lengths.values()}) > 1:
        shown = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise ConfigError(f"the columns of {name} have different lengths: {shown}")
    return next(iter(lengths.values()), 0)
