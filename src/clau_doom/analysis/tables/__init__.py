"""Tables, whatever they came from, and which of their rows count; and the tables that an experiment is exported as.

A `Table` is columns of numbers and text; `rows_where` chooses rows by a condition that is read into values and never
run as code; `EXPORTED` says which tables and columns an experiment has, and what each means. Files are read and written
by an adapter, elsewhere.
"""

from clau_doom.analysis.tables.export_schema import (
    EXPORTED,
    ExportedColumn,
    ExportedTable,
    agent_rows,
    episode_rows,
    exported_tables,
    generation_rows,
)
from clau_doom.analysis.tables.row_filter import Condition, parse_where, rows_where
from clau_doom.analysis.tables.table import Column, Table, Value, check_names, make_column, make_table

__all__ = [
    "EXPORTED",
    "Column",
    "Condition",
    "ExportedColumn",
    "ExportedTable",
    "Table",
    "Value",
    "agent_rows",
    "check_names",
    "episode_rows",
    "exported_tables",
    "generation_rows",
    "make_column",
    "make_table",
    "parse_where",
    "rows_where",
]
