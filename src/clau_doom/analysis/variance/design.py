"""What is asked of a table: a response, one factor or two, and perhaps blocks; checked once, here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clau_doom.analysis.tables import Column, Table, Value
from clau_doom.errors import ConfigError

__all__ = ["Design", "Factor", "make_design"]

_MOST_LEVELS = 1_000  # a model has a column for each level, and a test of rank for each pair of them


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A column that tells groups apart.

    Attributes:
        name: The column's.
        levels: The groups' names: numbers by size, then text in the order of the alphabet.
        codes: Each row's level, as an index into `levels`; shape (rows,).
    """

    name: str
    levels: tuple[str, ...]
    codes: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Design:
    """A response and what may explain it; every cell holds two values at least.

    Attributes:
        response: The response's name.
        values: Its values in the table's order, finite; shape (rows,).
        factors: One or two.
        block: What is allowed for and not asked about, such as the seed that was played, or None.
    """

    response: str
    values: NDArray[np.float64]
    factors: tuple[Factor, ...]
    block: Factor | None = None

    @cached_property
    def cells(self) -> Factor:
        """Every combination of the factors' levels as one factor; the factor itself where there is one."""
        if len(self.factors) == 1:
            return self.factors[0]
        first, second = self.factors
        return Factor(
            name=f"{first.name}:{second.name}",
            levels=tuple(f"{one}:{other}" for one in first.levels for other in second.levels),
            codes=first.codes * len(second.levels) + second.codes,
        )

    @property
    def balanced(self) -> bool:
        """Whether all cells have equally many values."""
        return len(set(np.bincount(self.cells.codes).tolist())) == 1

    def groups(self, values: NDArray[np.float64] | None = None) -> tuple[NDArray[np.float64], ...]:
        """Return the response's values, or others of its shape, by cell."""
        chosen = self.values if values is None else values
        return tuple(chosen[self.cells.codes == code] for code in range(len(self.cells.levels)))


def make_design(table: Table, *, response: str, factors: Sequence[str], block: str | None = None) -> Design:
    """Return the design that a table and its columns' names make.

    Args:
        table: The rows that count.
        response: The column to explain.
        factors: One or two columns that may explain it.
        block: A column to allow for, or None.

    Raises:
        ConfigError: A column is missing or named twice, the response is not a finite number everywhere, a factor has
            one level only, a cell has fewer than two values, or the response does not vary within the cells.
    """
    if not 1 <= len(factors) <= 2:
        raise ConfigError(f"{len(factors)} factors: name one or two")
    names = [response, *factors, *([] if block is None else [block])]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{name!r} is named twice: response, factors and block must be different columns")
    columns = {name: table.column(name) for name in names}
    design = Design(
        response=response,
        values=_numbers(columns[response], table),
        factors=tuple(_factor(columns[name], table, "factor") for name in factors),
        block=None if block is None else _factor(columns[block], table, "block"),
    )
    _check_cells(design)
    _check_spread(design)
    return design


def _numbers(column: Column, table: Table) -> NDArray[np.float64]:
    for number, value in zip(table.numbers, column.values, strict=True):
        problem = _not_a_number(value)
        if problem is not None:
            remedy = f"leave such rows out with --where, as in --where '`{column.name}` == `{column.name}`'"
            if isinstance(value, str):
                remedy = "a response must be a number in every row"
            elif value is not None:
                remedy = f"leave such rows out with --where, as in --where '`{column.name}` < 1e300'"
            raise ConfigError(f"{table.name}, row {number}: the response {column.name} is {problem}: {remedy}")
    return np.array(column.values, dtype=np.float64)


def _not_a_number(value: Value) -> str | None:
    if value is None:
        return "missing"
    try:
        return None if math.isfinite(float(value)) else f"not finite ({value})"
    except ValueError:
        return f"no number but {value!r}"


def _factor(column: Column, table: Table, role: str) -> Factor:
    for number, value in zip(table.numbers, column.values, strict=True):
        if value is None:
            raise ConfigError(
                f"{table.name}, row {number}: the {role} {column.name} is missing: leave such rows out with --where, "
                f"as in --where '`{column.name}` == `{column.name}`'"
            )
    found = sorted(dict.fromkeys(column.values), key=_level_order)
    if len(found) < 2:
        raise ConfigError(
            f"the {role} {column.name} has one level only, {_level_name(found[0])!r}: there is nothing to compare"
        )
    if len(found) > _MOST_LEVELS:
        raise ConfigError(f"the {role} {column.name} has {len(found)} levels: {_MOST_LEVELS} at most can be told apart")
    places = {value: place for place, value in enumerate(found)}
    codes = np.array([places[value] for value in column.values], dtype=np.intp)
    return Factor(name=column.name, levels=tuple(_level_name(value) for value in found), codes=codes)


def _level_order(value: Value) -> tuple[bool, float, str]:
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value or 0), "")


def _level_name(value: Value) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _check_cells(design: Design) -> None:
    sizes = np.bincount(design.cells.codes, minlength=len(design.cells.levels))
    for size, level in zip(sizes.tolist(), design.cells.levels, strict=True):
        if size >= 2:
            continue
        names = " and ".join(
            f"{factor.name} {part!r}" for factor, part in zip(design.factors, _parts(design, level), strict=True)
        )
        if size == 0:
            raise ConfigError(
                f"no row has {names}: with an empty cell two factors cannot be told apart; choose levels with --where, "
                "or one factor"
            )
        raise ConfigError(f"one row only has {names}: each needs two values of {design.response} at least")


def _parts(design: Design, cell: str) -> tuple[str, ...]:
    """Return the levels that make a cell, one of each factor."""
    place = design.cells.levels.index(cell)
    if len(design.factors) == 1:
        return (cell,)
    first, second = divmod(place, len(design.factors[1].levels))
    return design.factors[0].levels[first], design.factors[1].levels[second]


def _check_spread(design: Design) -> None:
    if all(float(np.ptp(group)) == 0.0 for group in design.groups()):
        raise ConfigError(
            f"{design.response} does not vary within any group: chance cannot explain the differences, and no test is "
            "needed"
        )
