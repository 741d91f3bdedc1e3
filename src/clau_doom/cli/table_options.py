"""The options of `clau-doom analyze --data`: the question about a table, and how its file is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.table_analysis import CsvOptions

__all__ = [
    "Block",
    "Data",
    "Decimals",
    "Delimiter",
    "Encoding",
    "Factors",
    "MissingTexts",
    "Response",
    "SkipRows",
    "TableRequest",
    "Where",
]

_PANEL = "Any table"

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="FILE", rich_help_panel=_PANEL, help="A table to analyse (.csv or .parquet)."),
]
Response = Annotated[
    str | None,
    typer.Option("--response", metavar="COLUMN", rich_help_panel=_PANEL, help="The numbers to explain."),
]
Factors = Annotated[
    list[str] | None,
    typer.Option("--factor", metavar="COLUMN", rich_help_panel=_PANEL, help="What may explain them; once or twice."),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        rich_help_panel=_PANEL,
        help="The rows that count, such as \"purpose == 'held_out' and kills >= 1\".",
    ),
]
Block = Annotated[
    str | None,
    typer.Option("--block", metavar="COLUMN", rich_help_panel=_PANEL, help="What to allow for, such as the seed."),
]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", metavar="CHAR", rich_help_panel=_PANEL, help="Between two columns of a CSV; or tab."),
]
Decimals = Annotated[
    str | None,
    typer.Option("--decimal", metavar="CHAR", rich_help_panel=_PANEL, help="Before decimals in a CSV: . or , ."),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding", metavar="NAME", rich_help_panel=_PANEL, help="Of a CSV, such as latin-1 (default: UTF-8)."
    ),
]
SkipRows = Annotated[
    int | None,
    typer.Option(
        "--skip-rows", metavar="N", min=0, rich_help_panel=_PANEL, help="Lines of a CSV to skip before its header."
    ),
]
MissingTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--na",
        metavar="TEXT",
        rich_help_panel=_PANEL,
        help="An unquoted text that means missing in a CSV; repeatable (default: empty, NA, NaN and the like).",
    ),
]


@dataclass(frozen=True, kw_only=True)
class TableRequest:
    """What is asked about a table, and how its file is written; None where an option is not given."""

    response: str | None
    factors: Sequence[str] | None
    where: str | None
    block: str | None
    delimiter: str | None
    decimal: str | None
    encoding: str | None
    skip_rows: int | None
    na: Sequence[str] | None

    def refuse_without_data(self) -> None:
        """Raise a `ConfigError` if an option about a table is given, for a command without a table."""
        given = {"response": self.response, "factor": self.factors, "where": self.where, "block": self.block}
        given |= {"delimiter": self.delimiter, "decimal": self.decimal, "encoding": self.encoding, "na": self.na}
        given |= {"skip-rows": None if self.skip_rows is None else str(self.skip_rows)}
        for option, value in given.items():
            if value:
                raise ConfigError(f"--{option} is about a table: name its file with --data")

    @property
    def csv_options(self) -> "CsvOptions":
        """How a CSV file is written.

        Raises:
            ConfigError: A value is not one of those that can be read.
        """
        from clau_doom.table_analysis import CsvOptions

        delimiter = {"tab": "\t", "\\t": "\t"}.get(self.delimiter or "", self.delimiter)
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()):
            raise ConfigError(f"--delimiter {delimiter!r}: use one character, such as ';', or tab")
        if self.decimal not in {None, ".", ","}:
            raise ConfigError(f"--decimal {self.decimal!r}: use . or ,")
        return CsvOptions(
            delimiter=delimiter,
            decimal=self.decimal or ".",
            encoding=self.encoding,
            skip_rows=self.skip_rows or 0,
            na=None if self.na is None else tuple(self.na),
        )
