"""Tests of rendering a report as an HTML page."""

from clau_doom.analysis.report.html import render
from clau_doom.analysis.report.page import Fact, Listing, Paragraph, Report, Section, Table


def test_texts_from_outside_are_short_and_escaped() -> None:
    """Names in titles, sentences, tables and listings have no control characters, and long names are shortened."""
    name = "<b>\x1b[2J\x00" + "x" * 1_000
    blocks = (
        Paragraph(text=name),
        Table(title=name, columns=(name,), rows=((name,),)),
        Listing(title=name, text=f"a: {name}\nb: 2"),
    )
    section = Section(anchor="a", title="A", blocks=blocks)
    page = render(
        Report(
            kind="report", title=name, subtitle=name, facts=(Fact(label="l", value=name),), summary=(name,),
            cautions=(name,), sections=(section,),
        )
    )  # fmt: skip
    assert not {"\x1b", "\x00"} & set(page)
    assert "<b>\\x1b" not in page
    assert page.count("&lt;b&gt;\\x1b[2J\\x00xxx") >= 9
    assert "x" * 201 not in page
    assert "\nb: 2" in page
