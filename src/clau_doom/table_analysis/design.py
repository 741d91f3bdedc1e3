"""Design of an analysis of variance: a response, factors, optional blocks and covariates."""

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
from clau_doom.parameter_names import argument, parameter
from clau_doom.table_analysis.table import DataColumn, DataTable

__all__ = ["Covariate", "Design", "Factor", "make_design", "make_factor", "response_values"]

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_SMALLEST, _LARGEST = 1e-100, 1e100
_MOST_FACTORS = 4
_DIGITS = 1e-6  # leading digits that values may have in common
_MOST_LEVELS = 1_000  # a model has a column for each level
_LARGEST_MODEL = 20_000_000  # entries of a matrix
_SAME = 1e-13  # relative; a smaller spread is rounding error
_ROUNDING = 1e-9


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
class Covariate:
    """A column of numbers with a linear effect on the response.

    Attributes:
        name: The column's name.
        mean: The mean over the rows.
        unit: The standard deviation over the rows.
        values: (value - mean) / unit of each row; shape (rows,).
    """

    name: str
    mean: float
    unit: float
    values: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Design:
    """A response and its factors. Each cell has at least two values.

    Attributes:
        response: The response's name.
        values: Its values divided by `unit`, in the table's order, finite; shape (rows,).
        factors: One to four.
        block: A nuisance factor, such as the seed of the episode, or None.
        unit: 1, or a power of two if squares of the response would overflow or underflow.
        covariates: Columns whose linear effect is removed.
    """

    response: str
    values: NDArray[np.float64]
    factors: tuple[Factor, ...]
    block: Factor | None = None
    unit: float = 1.0
    covariates: tuple[Covariate, ...] = ()

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


def make_design(
    table: DataTable,
    *,
    response: str,
    factors: Sequence[str],
    block: str | None = None,
    covariates: Sequence[str] = (),
) -> Design:
    """Return the design of columns of a table.

    Args:
        table: The selected rows.
        response: The response column.
        factors: One to four factor columns.
        block: The column of blocks, or None.
        covariates: Columns of numbers.

    Raises:
        ConfigError: A column is missing or named twice, the response or a covariate has a value that is not a finite
            number, a factor has only one level, a cell has fewer than two values, the response does not vary within the
            cells, or the covariates are determined by the factors or by each other.
    """
    if not 1 <= len(factors) <= _MOST_FACTORS:
        raise ConfigError(f"{len(factors)} factors: give one to {_MOST_FACTORS}")
    names = [response, *factors, *([] if block is None else [block]), *covariates]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"{name!r} is named twice: response, factors, block and covariates must be different columns"
            )
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
        covariates=tuple(_covariate(columns[name], table) for name in covariates),
    )
    _check_cells(design)
    _check_spread(design)
    _check_covariates(design)
    return design


def response_values(column: DataColumn, table: DataTable, role: str = "response") -> NDArray[np.float64]:
    """Return the numbers of a response column; shape (rows,).

    Args:
        column: The column.
        table: Its table, for messages.
        role: Role of the column, for messages.

    Raises:
        ConfigError: A value is missing, not a number, or not finite; the message names the row.
    """
    found, text = column.floats()
    if text is not None:
        place = int(np.argmax(column.codes == column.levels.index(text)))
        remedy = f"a {role} must be a number in every row"
        if column.decimal == "." and _DECIMAL_COMMA.fullmatch(text.strip()):
            remedy = f"read decimal commas with {argument('decimal', ',')}"
        raise _no_number(table, place, f"{role} {column.name}", f"not a number but {text!r}", remedy)
    if (column.codes < 0).any():
        place = int(np.argmax(column.codes < 0))
        remedy = f"exclude such rows with {argument('where', f'`{column.name}` == `{column.name}`')}"
        raise _no_number(table, place, f"{role} {column.name}", "missing", remedy)
    if not np.isfinite(found).all():
        place = int(np.argmin(np.isfinite(found)))
        condition = f'`{column.name}` != "{column.values[place]}"'
        remedy = f"exclude such rows with {argument('where', condition)}"
        raise _no_number(table, place, f"{role} {column.name}", f"not finite ({column.values[place]})", remedy)
    return found


def _unit(values: NDArray[np.float64]) -> float:
    """Return the power of two that scales the values so that their squares neither overflow nor underflow."""
    largest = float(np.max(np.abs(values)))
    if largest == 0.0 or _SMALLEST <= largest <= _LARGEST:
        return 1.0
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def _no_number(table: DataTable, place: int, role: str, problem: str, remedy: str) -> ConfigError:
    return ConfigError(f"{table.name}, row {table.numbers[place]}: the {role} is {problem}: {remedy}")


def _covariate(column: DataColumn, table: DataTable) -> Covariate:
    values = response_values(column, table, "covariate")
    scale = _unit(values)
    scaled = values / scale
    mean, unit = float(scaled.mean()), float(scaled.std())
    if unit <= _SAME * float(np.abs(scaled).max()):
        raise ConfigError(f"the covariate {column.name} has the same value in all rows: omit it")
    return Covariate(name=column.name, mean=mean * scale, unit=unit * scale, values=(scaled - mean) / unit)


def make_factor(column: DataColumn, table: DataTable, role: str) -> Factor:
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
        condition = f"`{column.name}` == `{column.name}`"
        raise ConfigError(
            f"{table.name}, row {number}: the {role} {column.name} is missing: exclude such rows with "
            f"{argument('where', condition)}, or name the texts that mean missing with {parameter('na')}"
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


def _level_order(column: DataColumn) -> Callable[[int], tuple[Decimal, str]]:
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
                f"no row has {names}: several factors need values in each cell; select levels with "
                f"{parameter('where')}, or give one factor"
            )
        raise ConfigError(f"only one row has {names}: each cell needs at least two values of {design.response}")


def _check_spread(design: Design) -> None:
    if all(float(np.ptp(group)) == 0.0 for group in design.groups()):
        raise ConfigError(f"{design.response} does not vary within any group: no test can be computed")


def _check_covariates(design: Design) -> None:
    """Check that covariates vary within the cells, independently of each other, and leave degrees of freedom."""
    within = []
    for covariate in design.covariates:
        means = np.array([group.mean() for group in design.groups(covariate.values)])
        inside = covariate.values - means[design.cells.codes]
        if float(np.abs(inside).max()) <= _ROUNDING:
            raise ConfigError(
                f"the covariate {covariate.name} does not vary within the groups, so that its effect cannot be "
                "distinguished from theirs: omit it"
            )
        within.append(inside)
    if within and np.linalg.matrix_rank(np.column_stack(within)) < len(within):
        names = " and ".join(covariate.name for covariate in design.covariates)
        raise ConfigError(f"the covariates {names} are linearly dependent within the groups: omit one of them")
    count = len(design.cells.levels) + len(within)
    width = count + (0 if design.block is None else len(design.block.levels))
    if within and len(design.values) * width > _LARGEST_MODEL:
        raise ConfigError(
            f"{len(design.values)} rows and {width} parameters are too many for a model with covariates: at most "
            f"{_LARGEST_MODEL // width} rows are supported; select rows with {parameter('where')}"
        )
    if within and len(design.values) <= count:
        raise ConfigError(f"{len(design.values)} rows are too few for {count} parameters: omit a covariate")
