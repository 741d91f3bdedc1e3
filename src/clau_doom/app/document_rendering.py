"""Terminal output of documents: titles, sentences, tables and small charts."""

from collections.abc import Sequence

from rich import box
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from clau_doom.analysis.charts import XYPlot
from clau_doom.analysis.document import (
    Block,
    Cell,
    Chart,
    Column,
    Document,
    Listing,
    Marked,
    Paragraph,
    Section,
    TextTable,
    Trend,
)
from clau_doom.analysis.document import Table as TableBlock
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import cell_text
from clau_doom.app.chart_rendering import chart_view
from clau_doom.app.text_format import sparkline

__all__ = ["block_view", "document_view", "section_view", "shortened_rows"]

_GAP = 3  # characters between columns
_TEXT_WIDTH = 10  # characters that a column of text needs
_ROWS = 12
"""Rows of a shortened table."""

_STYLES = {"plain": "", "note": "dim", "caution": "yellow"}
_EMPHASIS = {"strong": "bold", "warning": "bold red"}


def document_view(document: Document, *, whole: bool) -> RenderableType:
    """Return a document as text.

    Args:
        document: The document.
        whole: Whether long tables and the tables of charts are complete.
    """
    parts: list[RenderableType] = [Text.assemble((document.title, "bold"), f"  {document.subtitle}")]
    parts += [Text(notice, "yellow") for notice in document.notices]
    parts += [section_view(section, whole=whole) for section in document.sections]
    return Group(*parts)


def section_view(section: Section, *, whole: bool) -> RenderableType:
    """Return a section with its heading as text."""
    heading = Text.assemble("\n", (section.title, "bold"), (f"  {section.name}", "dim"))
    return Group(heading, *(block_view(block, whole=whole) for block in section.blocks))


def block_view(block: Block, *, whole: bool) -> RenderableType:
    """Return a block as text."""
    return Group(*_block(block, whole=whole))


def _block(block: Block, *, whole: bool) -> list[RenderableType]:
    match block:
        case Paragraph():
            return [Text(block.text, _STYLES[block.kind])]
        case Unavailable():
            return [Text(f"Not available: {block.missing}.", "dim")]
        case TableBlock():
            return _table(block, whole=whole)
        case Listing():
            return _listing(block, whole=whole)
        case Chart():
            return _chart(block, whole=whole)


def _chart(chart: Chart, *, whole: bool) -> list[RenderableType]:
    if not whole and isinstance(chart.plot, XYPlot) and not chart.plot.whole:
        return []  # distributions and clouds of points say little as text
    parts: list[RenderableType] = []
    if chart.text_table is not TextTable.INSTEAD:
        parts += ["", chart_view(chart.plot)]
    parts.append(Text(chart.caption, "dim"))
    if chart.text_table is TextTable.INSTEAD or (whole and chart.text_table is TextTable.REQUESTED):
        parts = [*parts[:-1], *_table(chart.table, whole=whole), parts[-1]]
    return parts


def _listing(listing: Listing, *, whole: bool) -> list[RenderableType]:
    if listing.folded or not whole:
        lines = listing.text.count("\n") + 1
        return [Text(f"{listing.title}: {lines} {'line' if lines == 1 else 'lines'}, in the HTML report", "dim")]
    return [Text(listing.title), Text(listing.text, "dim")]


def _table(block: TableBlock, *, whole: bool) -> list[RenderableType]:
    rows = block.rows if whole else shortened_rows(block)
    parts: list[RenderableType] = [_Columns(block.columns, rows)]
    if block.note and whole:
        parts.append(Text(block.note, "dim"))
    if len(rows) < len(block.rows):
        parts.append(Text(f"{len(rows)} of {len(block.rows):,} rows are shown; the complete section has all.", "dim"))
    return parts


class _Columns:
    """A table that wraps numbers only where the terminal is too narrow for them."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        self._columns = columns
        self._left = [
            column.text or any(isinstance(row[at], Trend) for row in rows) for at, column in enumerate(columns)
        ]
        self._rows = [[_cell(cell) for cell in row] for row in rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Return the table for the width of the terminal."""
        widths = [
            _TEXT_WIDTH if column.text else max((row[at].cell_len for row in self._rows), default=0)
            for at, column in enumerate(self._columns)
        ]
        fits = sum(widths) + _GAP * len(widths) <= options.max_width
        table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False, collapse_padding=True)
        for column, left in zip(self._columns, self._left, strict=True):
            justify: JustifyMethod = "left" if left else "right"
            table.add_column(column.heading, justify=justify, no_wrap=fits and not column.text, overflow="fold")
        for row in self._rows:
            table.add_row(*row)
        yield table


def shortened_rows(block: TableBlock) -> Sequence[tuple[Cell, ...]]:
    """Return the rows of a shortened table: all of a few rows, or else the first ones or a spread of them."""
    rows = block.rows
    if len(rows) <= _ROWS:
        return rows
    if block.spread:
        return [rows[round(place * (len(rows) - 1) / (_ROWS - 1))] for place in range(_ROWS)]
    return rows[:_ROWS]


def _cell(cell: Cell) -> Text:
    if isinstance(cell, Marked):
        text = _cell(cell.cell)
        text.stylize(_EMPHASIS[cell.emphasis])
        return text
    return Text(sparkline(cell.values), "cyan") if isinstance(cell, Trend) else Text(cell_text(cell))
