"""A table of named columns, as it is asked for statistics: whatever file it came from."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.errors import ConfigError

__all__ = ["Column", "Table", "Value", "make_table"]

Value = int | float | str | None
"""What a cell holds; None where nothing was written."""

_SHOWN = 30  # of more columns than these the message names the first


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Unique within its table.
        values: One a row, in the table's order.
    """

    name: str
    values: tuple[Value, ...]

    @property
    def is_text(self) -> bool:
        """Whether any of the values is text; numbers are compared with numbers, and text with text."""
        return any(isinstance(value, str) for value in self.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Columns of equal length.

    Attributes:
        name: What it is called in messages, such as the file that it was read from.
        columns: The columns, in the file's order.
        numbers: Each row's number in the file, from 1, the header left out.
    """

    name: str
    columns: tuple[Column, ...]
    numbers: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.numbers)

    def column(self, name: str) -> Column:
        """Return a column.

        Raises:
            ConfigError: There is none of that name; the message suggests the closest, and names those that there are.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ConfigError(f"{self.name} has no column {name!r}{self._suggestion(name)}")

    def only(self, kept: Sequence[bool]) -> "Table":
        """Return the rows for which `kept`, one a row, is true."""
        places = [place for place, keep in enumerate(kept) if keep]
        return Table(
            name=self.name,
            columns=tuple(
                Column(name=column.name, values=tuple([column.values[place] for place in places]))
                for column in self.columns
            ),
            numbers=tuple([self.numbers[place] for place in places]),
        )

    def _suggestion(self, name: str) -> str:
        names = [column.name for column in self.columns]
        lowered = {other.lower(): other for other in reversed(names)}
        nearest = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.5)
        hint = f", did you mean {lowered[nearest[0]]!r}?" if nearest else ""
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return f"{hint} (it has {', '.join(names[:_SHOWN])}{more})"


def make_table(name: str, columns: Sequence[Column]) -> Table:
    """Return a table of all rows of its columns.

    Raises:
        ConfigError: There is no column or no row, or two columns have one name.
    """
    if not columns or not columns[0].values:
        raise ConfigError(f"{name} has no {'rows' if columns else 'columns'}")
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise ConfigError(f"{name} has two columns called {column.name!r}: rename one")
        seen.add(column.name)
    return Table(name=name, columns=tuple(columns), numbers=tuple(range(1, len(columns[0].values) + 1)))
