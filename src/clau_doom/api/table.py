"""Table of results, with conversions to pandas, polars and Arrow."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from clau_doom.api.notebook_html import rows_html
from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Table"]

_AT_ONCE = 10_000  # rows that iteration converts to Python objects at once
_ENDS = 5  # rows from each end that a notebook shows
_COLUMNS = 24  # columns that a notebook shows


class Table:
    """Rows of an experiment, stored in Arrow's columns. The table does not change.

    Columns and types are those of `clau-doom export`. A missing value is None. `polars.DataFrame(table)`, DuckDB and
    other libraries with Arrow's C interface read a table without a conversion.

    Example:
        >>> import clau_doom as cd
        >>> table = cd.Table({"agent": ["lab-g000-a000", "lab-g000-a001"], "fitness": [1.5, None]}, name="agents")
        >>> len(table), table.columns
        (2, ['agent', 'fitness'])
        >>> table["fitness"]
        [1.5, None]
        >>> table[-1]
        {'agent': 'lab-g000-a001', 'fitness': None}
        >>> [row["agent"] for row in table]
        ['lab-g000-a000', 'lab-g000-a001']
    """

    def __init__(self, data: "pa.Table | dict[str, Sequence[object]]", *, name: str = "table") -> None:
        """Create a table.

        Args:
            data: An Arrow table, or the values of each column by name.
            name: Name for display.
        """
        import pyarrow as pa  # noqa: PLC0415 - half a second

        self._arrow: Any = data if isinstance(data, pa.Table) else pa.table(data)
        self._name = name

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        names: list[str] = self._arrow.column_names
        return names

    def to_arrow(self) -> "pa.Table":
        """Return the Arrow table, without a copy."""
        return self._arrow

    def to_pandas(self) -> "pd.DataFrame":
        """Return a pandas DataFrame. Missing values of numbers become NaN.

        Raises:
            ConfigError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - optional
        except ImportError as error:
            raise _missing("to_pandas", "pandas") from error
        frame: pd.DataFrame = self._arrow.to_pandas()
        return frame

    def to_polars(self) -> "pl.DataFrame":
        """Return a polars DataFrame.

        Raises:
            ConfigError: polars is not installed.
        """
        try:
            import polars as pl  # noqa: PLC0415 - optional
        except ImportError as error:
            raise _missing("to_polars", "polars") from error
        frame = pl.from_arrow(self._arrow)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def __len__(self) -> int:
        rows: int = self._arrow.num_rows
        return rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows as dictionaries."""
        for batch in self._arrow.to_batches(max_chunksize=_AT_ONCE):
            yield from batch.to_pylist()

    @overload
    def __getitem__(self, key: str) -> list[Any]: ...

    @overload
    def __getitem__(self, key: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, key: slice) -> "Table": ...

    def __getitem__(self, key: str | int | slice) -> "list[Any] | dict[str, Any] | Table":
        """Return a column by name, a row by index, or a table of some rows by a slice."""
        if isinstance(key, str):
            if key not in self.columns:
                raise KeyError(f"{self._name} has no column {key!r}: choose one of {', '.join(self.columns)}")
            column: list[Any] = self._arrow.column(key).to_pylist()
            return column
        places = range(len(self))[key]
        if isinstance(places, int):
            row: dict[str, Any] = self._arrow.slice(places, 1).to_pylist()[0]
            return row
        some = self._arrow.slice(places.start, len(places)) if places.step == 1 else self._arrow.take([*places])
        return Table(some, name=self._name)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Export the rows through Arrow's C stream interface."""
        return self._arrow.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<Table {self._name}: {self._size()}: {', '.join(self._shown_columns())}>"

    def _repr_html_(self) -> str:
        """Return the first and the last rows for a notebook."""
        names = self._shown_columns()
        shown = [name for name in names if name in self.columns]
        ends = [self._arrow] if len(self) <= 2 * _ENDS else [self[:_ENDS].to_arrow(), self[-_ENDS:].to_arrow()]
        rows: list[list[object]] = []
        for place, part in enumerate(ends):
            rows += [["…"] * len(names)] if place else []
            columns = {name: part.column(name).to_pylist() for name in shown}
            rows += [[columns[name][row] if name in columns else "…" for name in names] for row in range(len(part))]
        return rows_html(f"{self._name}: {self._size()}", names, rows)

    def _size(self) -> str:
        rows, columns = len(self), len(self.columns)
        return f"{rows:,} {'row' if rows == 1 else 'rows'}, {columns} {'column' if columns == 1 else 'columns'}"

    def _shown_columns(self) -> list[str]:
        names = self.columns
        if len(names) <= _COLUMNS:
            return names
        return [*names[: _COLUMNS // 2], "…", *names[-_COLUMNS // 2 :]]


def _missing(method: str, package: str) -> ConfigError:
    return ConfigError(f"{method} needs {package}, which is not installed: pip install 'clau-doom[{package}]'")
