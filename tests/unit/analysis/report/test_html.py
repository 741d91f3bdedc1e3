"""Tests of rendering a report as an HTML page."""

from clau_doom.analysis.document import Column, Document, Fact, Listing, Paragraph, Section, Table
from clau_doom.analysis.report.html import render


def test_untrusted_text_is_shortened_and_escaped() -> None:
    """Names in titles, sentences, tables and listings have no control characters, and long names are shortened."""
    name = "<b>\x1b[2J\x00" + "x" * 1_000
    blocks = (
        Paragraph(text=name),
        Table(title=name, columns=(Column(name, text=True),), rows=((name,),)),
        Listing(title=name, text=f"a: {name}\nb: 2"),
    )
    fact = Fact(label="l", value=name)
    section = Section(name="a", title="A", blocks=blocks, facts=(fact,), summary=(name,), cautions=(name,))
    page = render(Document(kind="report", title=name, subtitle=name, sections=(section,)))
    assert not {"\x1b", "\x00"} & set(page)
    assert "<b>\\x1b" not in page
    assert page.count("&lt;b&gt;\\x1b[2J\\x00xxx") >= 9
    assert "x" * 201 not in page
    assert "\nb: 2" in page
