"""Terminal output of documents: titles, sentences, tables and small charts."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis.document import (
    Block,
    Cell,
    Chart,
    Column,
    Document,
    Listing,
    Marked,
    Measured,
    Paragraph,
    Section,
    TextTable,
    Trend,
)
from clau_doom.analysis.document import Table as TableBlock
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import cell_text
from clau_doom.cli.format import sparkline
from clau_doom.cli.views.charts import chart_view

__all__ = ["block_view", "document_view", "section_view"]

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
    parts: list[RenderableType] = []
    if chart.text_table is not TextTable.INSTEAD:
        parts.append(chart_view(chart.plot))
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
    rows = block.rows if whole else _shortened(block)
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for at, column in enumerate(block.columns):
        _add_column(table, column, [row[at] for row in rows])
    for row in rows:
        table.add_row(*map(_cell, row))
    parts: list[RenderableType] = [table]
    if block.note and whole:
        parts.append(Text(block.note, "dim"))
    if len(rows) < len(block.rows):
        parts.append(Text(f"{len(rows)} of {len(block.rows):,} rows are shown; --section shows all.", "dim"))
    return parts


def _add_column(table: Table, column: Column, cells: Sequence[Cell]) -> None:
    narrow = not column.text and not any(isinstance(cell, str | Measured) for cell in cells)
    justify = "left" if column.text or any(isinstance(cell, Trend) for cell in cells) else "right"
    table.add_column(column.heading, justify=justify, no_wrap=narrow, overflow="fold")  # type: ignore[arg-type]


def _shortened(block: TableBlock) -> Sequence[tuple[Cell, ...]]:
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
