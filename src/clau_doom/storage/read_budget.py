"""Limits on steps and bytes of one reading transaction, in proportion to the size of the database file.

The database file is untrusted. Several pages may point to one page, so that a small file looks like an endless table:
neither the number of rows nor their bytes are limited by the size of the file.
"""

import sqlite3
from collections.abc import Iterator
from math import fsum
from typing import Any

from clau_doom.errors import StoreCorrupted

__all__ = ["MOST_BYTES_A_VALUE", "ReadBudget", "Row"]

Row = tuple[Any, ...]

MOST_BYTES_A_VALUE = 64 * 2**20
"""Maximum bytes of a text, BLOB or row; enough for a genome of 8 million genes."""
_SQLITE_LONGEST = 1_000_000_000

_STEPS_AT_ONCE = 10_000  # steps of SQLite's virtual machine between two calls of the progress handler
_STEPS = 2_000_000  # a fraction of a second
_STEPS_A_BYTE = 16
_BYTES = 2**20
_EXPANSION = 8  # numbers as text have up to 21 bytes in place of 3, and two columns of a query may return one value


class ReadBudget:
    """Counts the steps and bytes of one connection's transactions. Used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Limit a connection that is not used by other code."""
        self._connection = connection
        self._steps = 0
        self._bytes = 0
        self.allow_values(0)
        connection.set_progress_handler(self._count_steps, _STEPS_AT_ONCE)

    def allow_values(self, more: int) -> None:
        """Raise the maximum length of values by some bytes."""
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(MOST_BYTES_A_VALUE + more, _SQLITE_LONGEST))

    def begin(self) -> None:
        """Begin a transaction with a budget in proportion to the size of the database."""
        self._steps = _STEPS
        self._connection.execute("BEGIN")
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (page_size,) = self._connection.execute("PRAGMA page_size").fetchone()
        self._steps += pages * page_size * _STEPS_A_BYTE
        self._bytes = _BYTES + pages * page_size * _EXPANSION

    def rows(self, query: str, parameters: tuple[object, ...] = ()) -> Iterator[Row]:
        """Yield the rows of a query.

        Raises:
            StoreCorrupted: The rows have more bytes than the file can contain.
        """
        for row in self._connection.execute(query, parameters):
            self._bytes -= sum([len(value) for value in row if isinstance(value, (str, bytes))])
            if self._bytes < 0:
                raise StoreCorrupted("its tables are larger than its file")
            yield row

    def numbers(self, query: str) -> Iterator[Row]:
        """Yield the rows of a query for numbers. Rows of numbers need no bytes of the budget.

        Raises:
            StoreCorrupted: A value is not a number, or is out of range.
        """
        for row in self._connection.execute(query):
            try:
                fsum(row)  # checks the types of a row in C, in a tenth of the time of a loop over its values
            except (TypeError, ValueError, OverflowError):
                raise StoreCorrupted("a number of an episode is out of range or not a number") from None
            yield row

    def _count_steps(self) -> bool:
        """Return whether SQLite must interrupt the query."""
        self._steps -= _STEPS_AT_ONCE
        return self._steps < 0
