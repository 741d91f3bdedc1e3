"""Analysis of any table: `cd.analyze_table`."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from clau_doom.api.analysis import Analysis
from clau_doom.api.user_paths import expanded_path
from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.table_analysis import CsvOptions, DataTable

__all__ = ["analyze_table"]


def analyze_table(
    data: object,
    response: str,
    *,
    factors: str | Iterable[str],
    where: str | None = None,
    block: str | None = None,
    covariates: str | Iterable[str] = (),
    test: Literal["default", "classical", "ranks", "permutation"] = "default",
    sums_of_squares: Literal["II", "III"] = "III",
    order: str | None = None,
    margin: float | None = None,
    task: str | None = None,
    normalize: str | tuple[str, str] | None = None,
    baseline: str | None = None,
    delimiter: str | None = None,
    decimal: str = ".",
    encoding: str | None = None,
    skip_rows: int = 0,
    na: Iterable[str] | None = None,
) -> Analysis:
    """Analyse a table, as `clau-doom analyze --data` does: ANOVA, or a comparison of methods over tasks.

    The default tests allow unequal variances. docs/tables.md describes all methods.

    Args:
        data: A pandas or polars data frame, an Arrow table, a `cd.Table`, a dict of columns, or the path of a ``.csv``
            or ``.parquet`` file. The index of a pandas data frame is not a column.
        response: Column of numbers.
        factors: One to four columns of groups. With `task`: the column of methods.
        where: Condition that selects rows, such as ``"purpose == 'held_out' and kills >= 1"``. None: all rows.
        block: Column of blocks, such as the seed of the episode. None: independent rows.
        covariates: Columns of numbers with a linear effect.
        test: ``default``, ``classical`` (analysis of variance), ``ranks`` or ``permutation``.
        sums_of_squares: Type for ``classical`` in unbalanced designs.
        order: Column with the order of the rows, to test their independence. None: no test.
        margin: Smallest difference of interest, above 0, in the unit of the response, for tests of equivalence.
            None: no such tests.
        task: Column of tasks, for a comparison of methods over tasks. None: an analysis of factors.
        normalize: Scale of the scores with `task`: two columns whose values become 0 and 1 in each task, or ``range``.
            None: the scores are not normalised.
        baseline: Method that the others are compared with, with `task`. None: all pairs.
        delimiter: Delimiter of a CSV file. None: it is detected.
        decimal: Decimal separator of a CSV file, ``.`` or ``,``.
        encoding: Encoding of a CSV file. None: UTF-8, or that of a byte-order mark.
        skip_rows: Lines before the header of a CSV file.
        na: Unquoted texts of missing values in a CSV file. None: empty cells, ``NA``, ``NaN`` and similar texts.

    Raises:
        ConfigError: The data cannot be read, or the columns do not allow the analysis. Rows are counted from 1.

    Example:
        >>> import clau_doom as cd
        >>> runs = {"kills": [5, 6, 7, 9, 8, 11], "policy": ["rules"] * 3 + ["neural"] * 3}
        >>> found = cd.analyze_table(runs, "kills", factors="policy")
        >>> round(found.to_dict()["effects"][0]["p"], 4)
        0.0522
        >>> found.report("policies.html")  # doctest: +SKIP
    """
    from clau_doom.api.documents import whole_document  # noqa: PLC0415 - scipy and statsmodels
    from clau_doom.app.analyze_table import TableQuestion, describe_table  # noqa: PLC0415 - as above
    from clau_doom.table_analysis import CsvOptions  # noqa: PLC0415 - as above

    question = TableQuestion(
        response=response,
        factors=_names(factors),
        where=where,
        block=block,
        covariates=_names(covariates),
        task=task,
        normalize=normalize if normalize is None or isinstance(normalize, str) else ",".join(normalize),
        baseline=baseline,
        method=test,
        sums_of_squares=sums_of_squares,
        order=order,
        margin=margin,
    )
    options = CsvOptions(
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        skip_rows=skip_rows,
        na=None if na is None else tuple(na),
    )
    table, source = _table(data, options)
    return whole_document(describe_table(table, question, source=source))


def _names(columns: str | Iterable[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _table(data: object, options: "CsvOptions") -> "tuple[DataTable, str | None]":
    """Return the table, and the path of its file or None."""
    from clau_doom.table_analysis import CsvOptions, convert_table, read_table  # noqa: PLC0415 - as above

    if isinstance(data, str | os.PathLike):
        path = expanded_path(data)
        return read_table(path, options), str(path)
    if options != CsvOptions():
        raise ConfigError("options of CSV files need the path of a .csv file: omit them, or give the path")
    return convert_table(data), None
