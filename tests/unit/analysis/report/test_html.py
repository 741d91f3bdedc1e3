"""Tests of rendering a report as an HTML page."""

from clau_doom.analysis.document import Column, Document, Fact, Listing, Measured, Paragraph, Section, Table
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


def test_numbers_of_wide_tables_break_before_intervals_only() -> None:
    """A table that is too wide breaks its cells, so that no column is cut."""
    table = Table(
        title="t",
        columns=(Column("n"), Column("n"), Column("mean")),
        rows=(("10 and 10", "100 and 100", Measured(value=1.0, low=-1.0, high=3.0)),),
    )
    page = render(
        Document(kind="k", title="t", subtitle="s", sections=(Section(name="a", title="b", blocks=(table,)),))
    )
    tied = page.replace("\N{NO-BREAK SPACE}", "_")
    assert "<td>10_and_10</td><td>100 and_100</td><td>1.0 [\N{MINUS SIGN}1.0,_3.0]</td>" in tied
