"""Export of tables to CSV and Parquet files.

The package does not import this module, because importing pyarrow takes half a second. Each file is completed under
another name in its folder before the first file is moved to its final name.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pyarrow import csv, parquet

from clau_doom.atomic_write import atomic_file, sync_to_disk
from clau_doom.errors import ConfigError, DiskFull, StorageFailed
from clau_doom.parameter_names import argument, form_for
from clau_doom.storage.arrow_tables import arrow_batch, arrow_schema
from clau_doom.storage.export_schema import ExportedTable, Value

__all__ = ["FORMATS", "TableFiles", "TableFormat", "writing_tables"]

TableFormat = Literal["csv", "parquet"]
FORMATS: tuple[TableFormat, ...] = ("csv", "parquet")
"""Kinds of file, by suffix."""

_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, kw_only=True)
class _Open:
    """Open file of a table, and the path that it is moved to."""

    table: ExportedTable
    target: Path
    schema: Any
    writer: Any


class TableFiles:
    """Open files of an export."""

    def __init__(self, files: Sequence[_Open]) -> None:
        self._files = {file.table.name: file for file in files}
        self._rows = dict.fromkeys(self._files, 0)

    @property
    def written(self) -> tuple[tuple[Path, int], ...]:
        """Files and their numbers of rows so far."""
        return tuple((file.target, self._rows[name]) for name, file in self._files.items())

    def add(self, table: str, rows: Sequence[Sequence[Value]]) -> None:
        """Append rows to a table; each row has a value for each column."""
        file = self._files[table]
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            file.writer.write_batch(arrow_batch(file.schema, rows[first : first + _ROWS_AT_ONCE]))
        self._rows[table] += len(rows)

    def add_table(self, table: str, rows: Any) -> None:
        """Append the rows of an Arrow table that has the schema of a table."""
        self._files[table].writer.write_table(rows)
        self._rows[table] += len(rows)


@contextmanager
def writing_tables(
    folder: Path, tables: Sequence[ExportedTable], kind: TableFormat, *, force: bool
) -> Iterator[TableFiles]:
    """Write one file for each table into a folder: all of them or none.

    Args:
        folder: Target folder, created if missing.
        tables: Tables; a file has the name of its table and the suffix `kind`.
        kind: Kind of file.
        force: Replace existing files.

    Yields:
        Files that accept rows; when the context ends without an error, they are moved to their final names.

    Raises:
        ConfigError: A file exists, and `force` is not set.
        DiskFull: The disk is full.
        StorageFailed: The folder cannot be created or written.
    """
    targets = [folder / f"{table.name}.{kind}" for table in tables]
    with _export_errors(folder), ExitStack() as moves:
        _refuse_existing(targets, force=force)
        if not folder.exists():
            folder.mkdir(parents=True)
            moves.callback(_remove_if_empty, folder)
        staged = [moves.enter_context(atomic_file(target, sync=False)) for target in targets]
        with ExitStack() as closing:
            places = zip(tables, targets, staged, strict=True)
            yield TableFiles([_open(table, target, path, kind, closing) for table, target, path in places])
        for path in staged:
            sync_to_disk(path)
        _refuse_existing(targets, force=force)


def _open(table: ExportedTable, target: Path, staged: Path, kind: TableFormat, closing: ExitStack) -> _Open:
    schema = arrow_schema(table)
    sink = closing.enter_context(staged.open("wb"))
    writer = csv.CSVWriter(sink, schema) if kind == "csv" else parquet.ParquetWriter(sink, schema)
    closing.callback(writer.close)
    return _Open(table=table, target=target, schema=schema, writer=writer)


def _refuse_existing(targets: Sequence[Path], *, force: bool) -> None:
    folder = form_for(command_line="--to", python="folder")
    for target in targets:
        if target.is_dir():
            raise ConfigError(f"{target} is a folder: choose another {folder}")
        if target.exists() and not force:
            raise ConfigError(
                f"{target} exists already: choose another {folder}, or replace it with {argument('force', value=True)}"
            )


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def _export_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"no space is left on the disk of {folder}: nothing was exported") from error
        raise StorageFailed(f"nothing was exported, because {folder} cannot be written: {error}") from error
    except pa.ArrowException as error:
        raise StorageFailed(f"nothing was exported to {folder}: {error}") from error
