"""HTML of a document for notebooks: summary, cautions and tables. All text is escaped.

The charts of a document need the styles of a report's page, so that they are left out.
"""

from collections.abc import Iterator, Sequence

from clau_doom.analysis.document import (
    Block,
    Cell,
    Chart,
    Document,
    Listing,
    Marked,
    Paragraph,
    Section,
    Table,
    TextTable,
    Trend,
)
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import cell_text
from clau_doom.api.notebook_html import facts_html, text_html
from clau_doom.app.document_rendering import shortened_rows
from clau_doom.app.text_format import sparkline

__all__ = ["document_html"]

_TAGS = {"strong": "strong", "warning": "em"}


def document_html(document: Document) -> str:
    """Return a document as a fragment of HTML. Long tables are shortened."""
    facts = {fact.label: f"{fact.value} {fact.detail}".strip() for fact in document.facts}
    parts = [
        f"<h3>{text_html(document.title)}</h3><p>{text_html(document.subtitle)}</p>",
        facts_html("", facts) if facts else "",
        *(f"<p>{text_html(sentence)}</p>" for sentence in document.summary),
        _cautions(document.cautions),
        *map(_section, document.sections),
    ]
    return f"<div>{''.join(parts)}</div>"


def _cautions(cautions: Sequence[str]) -> str:
    if not cautions:
        return ""
    lines = "".join(f"<li>{text_html(caution)}</li>" for caution in cautions)
    return f"<p><strong>What must not be concluded</strong></p><ul>{lines}</ul>"


def _section(section: Section) -> str:
    shown = "".join(part for block in section.blocks for part in _block(block))
    return f"<h4>{text_html(section.title)}</h4>{shown}"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(kind="note"):
            yield f"<p><small>{text_html(block.text)}</small></p>"
        case Paragraph():
            yield f"<p>{text_html(block.text)}</p>"
        case Unavailable():
            yield f"<p><small>Not available: {text_html(block.missing)}.</small></p>"
        case Table():
            yield _table(block)
        case Chart(text_table=TextTable.INSTEAD):
            yield _table(block.table)
        case Chart() | Listing():
            pass


def _table(table: Table) -> str:
    sides = ["left" if column.text else "right" for column in table.columns]
    head = "".join(
        f"<th style='text-align:{side}'>{text_html(column.heading)}</th>"
        for side, column in zip(sides, table.columns, strict=True)
    )
    rows = shortened_rows(table)
    body = "".join(
        f"<tr>{''.join(_cell(cell, side) for cell, side in zip(row, sides, strict=True))}</tr>" for row in rows
    )
    hidden = len(table.rows) - len(rows)
    rest = f"<p><small>{len(rows)} of {len(table.rows):,} rows are shown.</small></p>" if hidden else ""
    caption = f"<caption>{text_html(table.title)}</caption>" if table.title else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _cell(cell: Cell, side: str) -> str:
    return f"<td style='text-align:{side}'>{_content(cell)}</td>"


def _content(cell: Cell) -> str:
    if isinstance(cell, Marked):
        tag = _TAGS[cell.emphasis]
        return f"<{tag}>{_content(cell.cell)}</{tag}>"
    return text_html(sparkline(cell.values) if isinstance(cell, Trend) else cell_text(cell))
