"""Options of `clau-doom analyze --data`: the design, and the format of the table's file."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.app.analyze_table import TableQuestion
    from clau_doom.table_analysis import CsvOptions

__all__ = [
    "Block",
    "Covariates",
    "Data",
    "Decimals",
    "Delimiter",
    "Encoding",
    "Factors",
    "MissingTexts",
    "Normalize",
    "Order",
    "Response",
    "SkipRows",
    "Squares",
    "SumsOfSquares",
    "TableRequest",
    "TaskColumn",
    "Test",
    "TestMethod",
    "Where",
]

_PANEL = "Options for tables"

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="FILE", rich_help_panel=_PANEL, help="Table to analyse (.csv or .parquet)."),
]
Response = Annotated[
    str | None,
    typer.Option("--response", metavar="COLUMN", rich_help_panel=_PANEL, help="Response: a column of numbers."),
]
Factors = Annotated[
    list[str] | None,
    typer.Option("--factor", metavar="COLUMN", rich_help_panel=_PANEL, help="Factor; repeat it for up to four."),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        rich_help_panel=_PANEL,
        help="Select rows, such as \"purpose == 'held_out' and kills >= 1\".",
    ),
]
Block = Annotated[
    str | None,
    typer.Option("--block", metavar="COLUMN", rich_help_panel=_PANEL, help="Blocking column, such as the seed."),
]
TaskColumn = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="COLUMN",
        rich_help_panel=_PANEL,
        help="Column of tasks: compare the factor's levels over several tasks; each row is a run.",
    ),
]
Normalize = Annotated[
    str | None,
    typer.Option(
        "--normalize",
        metavar="LOW,HIGH",
        rich_help_panel=_PANEL,
        help="Columns whose values become 0 and 1 in each task, or range: the lowest and the highest score.",
    ),
]
Covariates = Annotated[
    list[str] | None,
    typer.Option(
        "--covariate",
        metavar="COLUMN",
        rich_help_panel=_PANEL,
        help="Covariate: a column of numbers whose linear effect is removed; repeatable.",
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter", metavar="CHAR", rich_help_panel=_PANEL, help="Delimiter of a CSV file: a character, or tab."
    ),
]
Decimals = Annotated[
    str | None,
    typer.Option("--decimal", metavar="CHAR", rich_help_panel=_PANEL, help="Decimal separator of a CSV file: . or ,"),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        rich_help_panel=_PANEL,
        help="Encoding of a CSV file (default: UTF-8).",
    ),
]
SkipRows = Annotated[
    int | None,
    typer.Option(
        "--skip-rows", metavar="N", min=0, rich_help_panel=_PANEL, help="Lines to skip before the header of a CSV file."
    ),
]
MissingTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--na",
        metavar="TEXT",
        rich_help_panel=_PANEL,
        help="Unquoted text of a missing value in a CSV file; repeatable (default: empty, NA, NaN and similar).",
    ),
]


class Test(StrEnum):
    """Values of --test: the methods of the analysis."""

    DEFAULT = "default"
    CLASSICAL = "classical"
    RANKS = "ranks"
    PERMUTATION = "permutation"


class SumsOfSquares(StrEnum):
    """Values of --sums-of-squares."""

    II = "II"
    III = "III"


TestMethod = Annotated[
    Test,
    typer.Option(
        "--test",
        rich_help_panel=_PANEL,
        help="Test: default allows unequal variances; classical is ANOVA.",
    ),
]
Squares = Annotated[
    SumsOfSquares,
    typer.Option("--sums-of-squares", rich_help_panel=_PANEL, help="Type of --test classical in unbalanced designs."),
]
Order = Annotated[
    str | None,
    typer.Option(
        "--order",
        metavar="COLUMN",
        rich_help_panel=_PANEL,
        help="Column with the order of the rows, to test their independence.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class TableRequest:
    """Values of the options; None for an option that is not given."""

    response: str | None
    factors: Sequence[str] | None
    where: str | None
    block: str | None
    covariates: Sequence[str] | None
    task: str | None
    normalize: str | None
    method: Test
    sums_of_squares: SumsOfSquares
    order: str | None
    margin: float | None
    baseline: str | None
    delimiter: str | None
    decimal: str | None
    encoding: str | None
    skip_rows: int | None
    na: Sequence[str] | None

    def refuse_without_data(self) -> None:
        """Refuse options of a table in a command without --data.

        Raises:
            ConfigError: One is given.
        """
        given = {"response": self.response, "factor": self.factors, "where": self.where, "block": self.block}
        given |= {"covariate": self.covariates}
        given |= {"task": self.task, "normalize": self.normalize}
        given |= {"test": None if self.method == Test.DEFAULT else self.method.value, "order": self.order}
        squares = self.sums_of_squares
        given |= {"sums-of-squares": None if squares == SumsOfSquares.III else squares.value}
        given |= {"delimiter": self.delimiter, "decimal": self.decimal, "encoding": self.encoding, "na": self.na}
        given |= {"skip-rows": None if self.skip_rows is None else str(self.skip_rows)}
        for option, value in given.items():
            if value:
                raise ConfigError(f"--{option} needs a table: use --data FILE")

    def check_columns(self) -> None:
        """Check that the columns of the analysis are given.

        Raises:
            ConfigError: An option is missing.
        """
        if self.response is None or not self.factors:
            one = "--task needs --response COLUMN and exactly one --factor COLUMN, the methods"
            several = "--data needs --response COLUMN and one or more of --factor COLUMN"
            raise ConfigError(several if self.task is None else one)

    @property
    def question(self) -> "TableQuestion":
        """Columns and method of the analysis.

        Raises:
            ConfigError: Options do not fit each other.
        """
        from clau_doom.app.analyze_table import TableQuestion

        return TableQuestion(
            response=self.response or "",
            factors=tuple(self.factors or ()),
            where=self.where,
            block=self.block,
            covariates=tuple(self.covariates or ()),
            task=self.task,
            normalize=self.normalize,
            baseline=self.baseline,
            method=self.method.value,
            sums_of_squares=self.sums_of_squares.value,
            order=self.order,
            margin=self.margin,
        )

    @property
    def csv_options(self) -> "CsvOptions":
        """Format of a CSV file.

        Raises:
            ConfigError: The delimiter or the decimal separator is invalid.
        """
        from clau_doom.table_analysis import CsvOptions

        return CsvOptions(
            delimiter={"tab": "\t", "\\t": "\t"}.get(self.delimiter or "", self.delimiter),
            decimal=self.decimal or ".",
            encoding=self.encoding,
            skip_rows=self.skip_rows or 0,
            na=None if self.na is None else tuple(self.na),
        )
