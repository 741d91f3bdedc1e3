"""Tables of named columns. A column stores each distinct text once."""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from math import isnan

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError

__all__ = ["DataColumn", "DataTable", "Value", "check_names", "make_column", "make_table"]

Value = int | float | str | None
"""The value of a cell; None if it is missing."""

_SHOWN = 30  # columns that a message names at most
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:inf|infinity|nan)", re.ASCII | re.IGNORECASE)
_INTEGRAL = 15  # digits of a float's text, if they are enough to give the same float


@dataclass(frozen=True, kw_only=True)
class DataColumn:
    """One column, with the texts of the file.

    Attributes:
        name: The name, unique within its table.
        levels: The distinct texts, in the order of their first rows.
        codes: Index into `levels` for each row, -1 if missing; shape (rows,).
        decimal: The decimal separator.
    """

    name: str
    levels: tuple[str, ...]
    codes: NDArray[np.intp]
    decimal: str = "."

    @cached_property
    def exact(self) -> tuple[Decimal | None, ...]:
        """Each level as an exact number; None if it is not a finite number."""
        texts = [self._pointed(level) for level in self.levels]
        return tuple([Decimal(text) if _NUMBER.fullmatch(text) else None for text in texts])

    @cached_property
    def is_number(self) -> bool:
        """Whether every level is a finite number."""
        return None not in self.exact

    @property
    def values(self) -> tuple[str | None, ...]:
        """The text of each row; None if missing."""
        return tuple([None if code < 0 else self.levels[code] for code in self.codes.tolist()])

    def floats(self) -> tuple[NDArray[np.float64], str | None]:
        """Return the numbers, NaN if missing, shape (rows,), and the first level that is not a number, or None."""
        found = np.full(len(self.levels) + 1, np.nan)  # the last entry belongs to code -1
        for place, level in enumerate(self.levels):
            text = self._pointed(level)
            if not (_NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text)):
                return np.full(len(self.codes), np.nan), level
            found[place] = float(text)
        return found[self.codes], None

    def only(self, kept: NDArray[np.bool_]) -> "DataColumn":
        """Return the rows where `kept`, shape (rows,), is true, without unused levels."""
        codes = self.codes[kept]
        used = np.zeros(len(self.levels) + 1, dtype=bool)
        used[codes] = True
        places = np.cumsum(used) - 1
        places[-1] = -1
        levels = tuple([level for level, has in zip(self.levels, used[:-1].tolist(), strict=True) if has])
        return DataColumn(name=self.name, levels=levels, codes=places[codes], decimal=self.decimal)

    def _pointed(self, text: str) -> str:
        """Return a text with a decimal point. With another separator, a text with a point does not become a number."""
        text = text.strip()
        return text if self.decimal == "." else text.replace(".", "_").replace(self.decimal, ".")


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """Columns of equal length, each loaded on first use.

    Attributes:
        name: Name for messages, such as the file name.
        names: Names of the columns, in the file's order.
        numbers: Row numbers in the file, from 1, without the header; shape (rows,).
        load: Returns the column of one of `names`.
    """

    name: str
    names: tuple[str, ...]
    numbers: NDArray[np.intp]
    load: Callable[[str], DataColumn] = field(repr=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.numbers)

    def column(self, name: str) -> DataColumn:
        """Return a column.

        Raises:
            ConfigError: No column has this name; the message suggests the closest and lists the columns.
        """
        if name in self.names:
            return self.load(name)
        raise ConfigError(f"{self.name} has no column {name!r}{self._suggestion(name)}")

    def only(self, kept: NDArray[np.bool_]) -> "DataTable":
        """Return the rows where `kept`, shape (rows,), is true."""
        return DataTable(
            name=self.name,
            names=self.names,
            numbers=self.numbers[kept],
            load=lambda name: self.load(name).only(kept),
        )

    def _suggestion(self, name: str) -> str:
        lowered = {other.lower(): other for other in reversed(self.names)}
        nearest = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.5)
        hint = f", did you mean {lowered[nearest[0]]!r}?" if nearest else ""
        more = f" and {len(self.names) - _SHOWN} more" if len(self.names) > _SHOWN else ""
        return f"{hint} (it has {', '.join(self.names[:_SHOWN])}{more})"


def make_column(name: str, values: Iterable[Value], *, decimal: str = ".") -> DataColumn:
    """Return a column of values. Numbers become their shortest texts; NaN is missing."""
    places: dict[str, int] = {}
    texts = [
        None if value is None or (isinstance(value, float) and isnan(value)) else _level_text(value) for value in values
    ]
    codes = [-1 if text is None else places.setdefault(text, len(places)) for text in texts]
    return DataColumn(name=name, levels=tuple(places), codes=np.array(codes, dtype=np.intp), decimal=decimal)


def make_table(name: str, columns: Sequence[DataColumn]) -> DataTable:
    """Return a table of all rows of its columns.

    Raises:
        ConfigError: The table is empty, or two columns have the same name.
    """
    known = {column.name: column for column in columns}
    check_names(name, [column.name for column in columns], len(columns[0].codes) if columns else 0)
    return DataTable(
        name=name, names=tuple(known), numbers=np.arange(1, len(columns[0].codes) + 1), load=known.__getitem__
    )


def check_names(name: str, columns: Sequence[str], rows: int) -> None:
    """Check that a table is not empty and its column names are unique.

    Raises:
        ConfigError: It is empty, or two columns have the same name.
    """
    if not columns or not rows:
        raise ConfigError(f"{name} has no {'rows' if columns else 'columns'}")
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            raise ConfigError(f"{name} has two columns named {column!r}: rename one")
        seen.add(column)


def _level_text(value: float | str) -> str:
    if not isinstance(value, float):
        return str(value)
    short = f"{value:.{_INTEGRAL}g}"
    return short if float(short) == value else repr(value)
