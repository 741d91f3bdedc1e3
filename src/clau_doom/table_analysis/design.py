"""Design of an analysis of variance: a response, factors, and optional blocks."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.table_analysis.table import Column, Table

__all__ = ["Design", "Factor", "make_design", "make_factor", "response_values"]

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_SMALLEST, _LARGEST = 1e-100, 1e100
_MOST_FACTORS = 4
_DIGITS = 1e-6  # leading digits that values may have in common
_MOST_LEVELS = 1_000  # a model has a column for each level


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A column that defines groups.

    Attributes:
        name: The column's name.
        levels: The distinct values as texts, sorted as numbers if all are numbers, else as texts.
        codes: Each row's level, as an index into `levels`; shape (rows,).
    """

    name: str
    levels: tuple[str, ...]
    codes: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Design:
    """A response and its factors. Each cell has at least two values.

    Attributes:
        response: The response's name.
        values: Its values divided by `unit`, in the table's order, finite; shape (rows,).
        factors: One to four.
        block: A nuisance factor, such as the seed of the episode, or None.
        unit: 1, or a power of two if squares of the response would overflow or underflow.
    """

    response: str
    values: NDArray[np.float64]
    factors: tuple[Factor, ...]
    block: Factor | None = None
    unit: float = 1.0

    @cached_property
    def cells(self) -> Factor:
        """The combinations of the factors' levels as one factor; with one factor, that factor."""
        if len(self.factors) == 1:
            return self.factors[0]
        codes = np.zeros(len(self.values), dtype=np.intp)
        for factor in self.factors:
            codes = codes * len(factor.levels) + factor.codes
        return Factor(
            name=":".join(factor.name for factor in self.factors),
            levels=tuple(":".join(levels) for levels in self.cell_levels),
            codes=codes,
        )

    @property
    def cell_levels(self) -> tuple[tuple[str, ...], ...]:
        """The level of each factor in each cell, the last factor's changing fastest."""
        return tuple(product(*(factor.levels for factor in self.factors)))

    @property
    def balanced(self) -> bool:
        """Whether all cells have equally many values."""
        return len(set(np.bincount(self.cells.codes).tolist())) == 1

    @cached_property
    def offset(self) -> float:
        """The smallest magnitude of values within a factor of two, with their sign; else 0."""
        low, high = float(self.values.min()), float(self.values.max())
        if low > 0.0 and high <= 2.0 * low:
            return low
        return high if high < 0.0 and low >= 2.0 * high else 0.0

    @cached_property
    def centred(self) -> NDArray[np.float64]:
        """The values minus the offset, without rounding; shape (rows,).

        Sums of values with common leading digits lose the other digits. The difference of two doubles within a factor
        of two is exact (Sterbenz, "Floating-Point Computation", 1974).
        """
        return np.asarray(self.values - self.offset, dtype=np.float64)

    def magnitude(self, group: NDArray[np.float64]) -> float:
        """Return the magnitude relative to which centred values of a group are equal, far above rounding errors."""
        return max(float(np.abs(group).max()), _DIGITS * float(np.abs(group + self.offset).max()))

    def groups(self, values: NDArray[np.float64] | None = None) -> tuple[NDArray[np.float64], ...]:
        """Return the response, or other values of its shape, split by cell."""
        chosen = self.values if values is None else values
        ends = np.cumsum(np.bincount(self.cells.codes, minlength=len(self.cells.levels)))[:-1]
        return tuple(np.split(chosen[self._by_cell], ends))

    @cached_property
    def _by_cell(self) -> NDArray[np.intp]:
        """Indices of the rows sorted by cell, stable; shape (rows,)."""
        return np.argsort(self.cells.codes, kind="stable")


def make_design(table: Table, *, response: str, factors: Sequence[str], block: str | None = None) -> Design:
    """Return the design of columns of a table.

    Args:
        table: The selected rows.
        response: The response column.
        factors: One to four factor columns.
        block: The column of blocks, or None.

    Raises:
        ConfigError: A column is missing or named twice, the response has a value that is not a finite number, a factor
            has only one level, a cell has fewer than two values, or the response does not vary within the cells.
    """
    if not 1 <= len(factors) <= _MOST_FACTORS:
        raise ConfigError(f"{len(factors)} factors: give one to {_MOST_FACTORS}")
    names = [response, *factors, *([] if block is None else [block])]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{name!r} is named twice: response, factors and block must be different columns")
    interactions = {":".join(part) for size in range(2, len(factors) + 1) for part in combinations(factors, size)}
    for name in sorted(interactions & set(names)):
        raise ConfigError(f"the column {name!r} has the name of an interaction: rename it")
    columns = {name: table.column(name) for name in names}
    values = response_values(columns[response], table)
    unit = _unit(values)
    design = Design(
        response=response,
        values=values / unit,
        unit=unit,
        factors=tuple(make_factor(columns[name], table, "factor") for name in factors),
        block=None if block is None else make_factor(columns[block], table, "block"),
    )
    _check_cells(design)
    _check_spread(design)
    return design


def response_values(column: Column, table: Table) -> NDArray[np.float64]:
    """Return the numbers of a response column; shape (rows,).

    Raises:
        ConfigError: A value is missing, not a number, or not finite; the message names the row.
    """
    found, text = column.floats()
    if text is not None:
        place = int(np.argmax(column.codes == column.levels.index(text)))
        remedy = "a response must be a number in every row"
        if column.decimal == "." and _DECIMAL_COMMA.fullmatch(text.strip()):
            remedy = "read decimal commas with --decimal ,"
        raise _no_response(table, place, column, f"not a number but {text!r}", remedy)
    if (column.codes < 0).any():
        place = int(np.argmax(column.codes < 0))
        remedy = f"exclude such rows with --where, as in --where '`{column.name}` == `{column.name}`'"
        raise _no_response(table, place, column, "missing", remedy)
    if not np.isfinite(found).all():
        place = int(np.argmin(np.isfinite(found)))
        remedy = f"exclude such rows with --where, as in --where \"`{column.name}` != '{column.values[place]}'\""
        raise _no_response(table, place, column, f"not finite ({column.values[place]})", remedy)
    return found


def _unit(values: NDArray[np.float64]) -> float:
    """Return the power of two that scales the values so that their squares neither overflow nor underflow."""
    largest = float(np.max(np.abs(values)))
    if largest == 0.0 or _SMALLEST <= largest <= _LARGEST:
        return 1.0
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def _no_response(table: Table, place: int, column: Column, problem: str, remedy: str) -> ConfigError:
    return ConfigError(f"{table.name}, row {table.numbers[place]}: the response {column.name} is {problem}: {remedy}")


def make_factor(column: Column, table: Table, role: str) -> Factor:
    """Return the levels of a column.

    Args:
        column: The column.
        table: Its table, for messages.
        role: Role of the column, for messages.

    Raises:
        ConfigError: A value is missing, or the number of levels is 1 or above 1,000.
    """
    if (column.codes < 0).any():
        number = table.numbers[int(np.argmax(column.codes < 0))]
        raise ConfigError(
            f"{table.name}, row {number}: the {role} {column.name} is missing: exclude such rows with --where, as in "
            f"--where '`{column.name}` == `{column.name}`', or name the texts that mean missing with --na"
        )
    if len(column.levels) < 2:
        raise ConfigError(f"the {role} {column.name} has only one level, {column.levels[0]!r}: nothing can be compared")
    if len(column.levels) > _MOST_LEVELS:
        count = len(column.levels)
        raise ConfigError(f"the {role} {column.name} has {count} levels: at most {_MOST_LEVELS} are supported")
    order = sorted(range(len(column.levels)), key=_level_order(column))
    places = np.empty(len(order), dtype=np.intp)
    places[order] = np.arange(len(order))
    return Factor(name=column.name, levels=tuple(column.levels[at] for at in order), codes=places[column.codes])


def _level_order(column: Column) -> Callable[[int], tuple[Decimal, str]]:
    """Return the sort key of levels: numeric if all are numbers, else as texts."""
    exact = column.exact if column.is_number else [None] * len(column.levels)
    return lambda at: (exact[at] or Decimal(0), column.levels[at])


def _check_cells(design: Design) -> None:
    sizes = np.bincount(design.cells.codes, minlength=len(design.cells.levels))
    for size, levels in zip(sizes.tolist(), design.cell_levels, strict=True):
        if size >= 2:
            continue
        pairs = zip(design.factors, levels, strict=True)
        names = " and ".join(f"{factor.name} {level!r}" for factor, level in pairs)
        if size == 0:
            raise ConfigError(
                f"no row has {names}: several factors need values in each cell; select levels with --where, or give "
                "one factor"
            )
        raise ConfigError(f"only one row has {names}: each cell needs at least two values of {design.response}")


def _check_spread(design: Design) -> None:
    if all(float(np.ptp(group)) == 0.0 for group in design.groups()):
        raise ConfigError(f"{design.response} does not vary within any group: no test can be computed")
