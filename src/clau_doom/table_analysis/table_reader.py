"""Reader of tables in CSV and Parquet files. Each value keeps the text of the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from clau_doom.errors import ConfigError
from clau_doom.parameter_names import parameter
from clau_doom.regular_files import check_regular
from clau_doom.table_analysis.csv_dialect import CsvOptions, find_dialect, not_utf_8
from clau_doom.table_analysis.table import DataColumn, DataTable, check_names, make_column

__all__ = ["column_loader", "read_table", "typed_column"]

_FORMATS = ("csv", "parquet")
_DEFAULT = CsvOptions()


def read_table(path: Path, options: CsvOptions = _DEFAULT) -> DataTable:
    """Read a CSV or Parquet file, by its suffix.

    In a CSV file, empty cells and unquoted texts such as ``NA`` are missing. Columns of a Parquet file are read on
    first use: numbers become their shortest texts, booleans ``true`` and ``false``, dates and times their ISO form.

    Args:
        path: The file.
        options: Format of a CSV file.

    Raises:
        ConfigError: The file is missing, empty, of another kind, or not readable in the format of its suffix; or CSV
            options are given for a Parquet file.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in _FORMATS:
        raise ConfigError(f"{str(path)!r} is not a {' or '.join(f'.{name}' for name in _FORMATS)} file")
    if kind != "csv" and options != _DEFAULT:
        *others, last = map(parameter, ("delimiter", "decimal", "encoding", "skip_rows", "na"))
        raise ConfigError(f"{', '.join(others)} and {last} are for .csv files: omit them")
    try:
        check_regular(path.stat(), path)
        return _csv_table(path, options) if kind == "csv" else _parquet_table(path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeError:
        raise not_utf_8(path) from None
    except pa.ArrowException as error:
        if "invalid UTF8" in str(error):
            raise not_utf_8(path) from None
        raise ConfigError(f"{path} cannot be read as {kind}: {' '.join(str(error).split())}") from error


def _csv_table(path: Path, options: CsvOptions) -> DataTable:
    dialect = find_dialect(path, options)
    missing = {} if options.na is None else {"null_values": list(options.na)}
    # Duplicate names are refused below; reading needs unique ones.
    keys = [str(place) for place in range(len(dialect.names))]
    found = csv.read_csv(
        path,
        read_options=csv.ReadOptions(column_names=keys, skip_rows=dialect.skip_lines, encoding=dialect.encoding),
        parse_options=csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(keys, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            **missing,
        ),
    )
    columns = dict(zip(dialect.names, keys, strict=True))

    def load(name: str) -> DataColumn:
        return _text_column(name, found.column(columns[name]), decimal=options.decimal)

    return _table(path, dialect.names, found.num_rows, load)


def _parquet_table(path: Path) -> DataTable:
    file = parquet.ParquetFile(path)

    def load(name: str) -> DataColumn:
        return typed_column(name, file.read(columns=[name]).column(0))

    return _table(path, tuple(file.schema_arrow.names), file.metadata.num_rows, load)


def _table(path: Path, names: tuple[str, ...], rows: int, load: Callable[[str], DataColumn]) -> DataTable:
    check_names(path.name, names, rows)
    return DataTable(name=path.name, names=names, numbers=np.arange(1, rows + 1), load=column_loader(str(path), load))


def column_loader(table: str, load: Callable[[str], DataColumn]) -> Callable[[str], DataColumn]:
    """Return a function that loads each column once.

    Args:
        table: Name of the table, for messages.
        load: Loads the column of a name.

    Raises:
        ConfigError: By the function: the column cannot be read.
    """
    loaded: dict[str, DataColumn] = {}

    def column(name: str) -> DataColumn:
        if name not in loaded:
            try:
                loaded[name] = load(name)
            except (pa.ArrowException, OSError, OverflowError) as error:
                raise ConfigError(f"{table}: column {name!r} cannot be read: {' '.join(str(error).split())}") from error
        return loaded[name]

    return column


def _text_column(name: str, found: Any, *, decimal: str) -> DataColumn:
    """Return a column of strings; equal strings share one object."""
    encoded = found.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
    return DataColumn(name=name, levels=tuple(encoded.dictionary.to_pylist()), codes=codes, decimal=decimal)


def typed_column(name: str, found: Any) -> DataColumn:
    """Return the column of a typed Arrow array."""
    kind = found.type
    if pa.types.is_dictionary(kind):
        found, kind = found.cast(kind.value_type), kind.value_type
    if pa.types.is_integer(kind) or pa.types.is_temporal(kind) or pa.types.is_boolean(kind):
        # A duration has no text form and becomes the number of its units.
        whole = found.cast(pa.int64()) if pa.types.is_duration(kind) else found
        return _text_column(name, whole.cast(pa.string()), decimal=".")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _text_column(name, found.cast(pa.string()), decimal=".")
    if pa.types.is_floating(kind):
        return make_column(name, found.to_pylist())
    return make_column(name, [None if value is None else str(value) for value in found.to_pylist()])
