"""Arrow tables with the columns of an export.

The package does not import this module, because importing pyarrow takes half a second.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from clau_doom.storage.export_schema import ColumnKind, ExportedTable, Value

__all__ = ["arrow_batch", "arrow_schema", "arrow_table"]

_TYPES = MappingProxyType({ColumnKind.TEXT: pa.string(), ColumnKind.WHOLE: pa.int64(), ColumnKind.NUMBER: pa.float64()})


def arrow_schema(table: ExportedTable) -> Any:
    """Return the Arrow schema of a table: strings, int64 and float64; each column may have missing values."""
    return pa.schema([pa.field(column.name, _TYPES[column.kind]) for column in table.columns])


def arrow_batch(schema: Any, rows: Sequence[Sequence[Value]]) -> Any:
    """Return rows as a record batch; each row has a value for each column."""
    columns = [pa.array([row[place] for row in rows], type=field.type) for place, field in enumerate(schema)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def arrow_table(table: ExportedTable, rows: Sequence[Sequence[Value]]) -> Any:
    """Return rows as an Arrow table; each row has a value for each column."""
    schema = arrow_schema(table)
    return pa.Table.from_batches([arrow_batch(schema, rows)], schema=schema)
