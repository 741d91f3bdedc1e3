"""Tests of documents as text."""

import io

from rich.console import Console

from clau_doom.analysis.document import Column, Document, Listing, Marked, Measured, Paragraph, Section, Table, Trend
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.app.document_rendering import block_view, document_view


def text(renderable: object, width: int = 80) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(renderable)
    return console.export_text()


def table(rows: int, *, spread: bool = False) -> Table:
    cells = tuple((at, Marked(Measured(value=10.0 + at, low=1.0, high=20.0)), f"agent {at}") for at in range(rows))
    columns = (Column("index"), Column("mean [95 %]"), Column("agent", text=True))
    return Table(title="t", columns=columns, rows=cells, note="a note", spread=spread)


def test_document_has_title_notices_and_sections() -> None:
    """Sections have their name, so that a user can request them."""
    blocks = (Paragraph(text="A sentence."), Unavailable(missing="too few values"))
    section = Section(name="part", title="A part", blocks=blocks)
    shown = text(
        document_view(Document(kind="k", title="T", subtitle="s", sections=(section,), notices=("n",)), whole=False)
    )
    assert shown.split("\n") == ["T  s", "n", "", "A part  part", "A sentence.", "Not available: too few values.", ""]


def test_long_table_is_shortened() -> None:
    """Twelve rows are shown, from the start or over the whole length, with the number of rows."""
    first = text(block_view(table(100), whole=False))
    assert "agent 11" in first
    assert "agent 12" not in first
    assert "12 of 100 rows are shown" in first
    spread = text(block_view(table(100, spread=True), whole=False))
    assert "agent 0" in spread
    assert "agent 99" in spread
    whole = text(block_view(table(100), whole=True))
    assert "agent 99" in whole
    assert "a note" in whole
    assert "rows are shown" not in whole


def test_numbers_are_folded_last() -> None:
    """In a narrow terminal, text is folded first. Numbers are folded without a loss."""
    assert "10.0 [1.0, 20.0]" in text(block_view(table(1), whole=True), width=50)
    narrow = "".join(text(block_view(table(1), whole=True), width=24).split())
    for part in ("10.0", "20.0]"):
        assert part in narrow


def test_trends_are_sparklines_and_long_listings_are_counted() -> None:
    """A folded listing is left out, with its number of lines."""
    trend = Table(title="t", columns=(Column("x"),), rows=((Trend((1.0, 2.0)),),))
    assert "▁█" in text(block_view(trend, whole=True))
    assert "configuration: 2 lines, in the HTML report" in text(
        block_view(Listing(title="configuration", text="a\nb", folded=True), whole=True)
    )
    assert "a: 1" in text(block_view(Listing(title="configuration", text="a: 1"), whole=True))
