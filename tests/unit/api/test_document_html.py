"""Tests of documents as HTML for notebooks."""

from dataclasses import replace

from clau_doom.analysis.charts import SmallCurves
from clau_doom.analysis.document import (
    Chart,
    Column,
    Document,
    Fact,
    Listing,
    Marked,
    Measured,
    Paragraph,
    Section,
    Table,
    TextTable,
    Trend,
)
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.api.document_html import document_html

TREND = Trend((1.0, 2.0))
TABLE = Table(
    title="t<",
    columns=(Column("name<", text=True), Column("mean"), Column("trend")),
    rows=tuple(
        (Marked(f"row{at}<"), Measured(value=at, low=at - 1, high=at + 1), Trend((1.0, 2.0))) for at in range(40)
    ),
)


def shown(*blocks: object) -> str:
    section = Section(name="s", title="S<", blocks=blocks, facts=(Fact(label="l<", value="v<"),), cautions=("c<",))  # type: ignore[arg-type]
    return document_html(Document(kind="k", title="T<", subtitle="s<", sections=(section,), notices=("n<",)))


def test_all_text_is_escaped() -> None:
    html = shown(Paragraph(text="p<"), Paragraph(text="q<", kind="note"), Unavailable(missing="u<"), TABLE)
    for text in ("T", "s", "S", "p", "q", "u", "t", "name", "row0", "l", "v", "c", "n"):
        assert f"{text}&lt;" in html
        assert f"{text}<" not in html.replace(f"{text}</", "")


def test_long_tables_are_shortened() -> None:
    html = shown(TABLE)
    assert "12 of 40 rows are shown" in html
    assert "row11&lt;" in html
    assert "row12&lt;" not in html


def test_estimates_have_intervals_and_trends_are_lines() -> None:
    html = shown(TABLE)
    assert "1.0 [0.0, 2.0]" in html
    assert "▁█" in html
    assert "<strong>row1&lt;</strong>" in html


def test_charts_without_a_table_of_their_own_and_listings_are_left_out() -> None:
    chart = Chart(name="c", title="c", caption="cap", alt="a", plot=SmallCurves(curves=()), table=TABLE)
    assert "<table><caption>" not in shown(chart, Listing(title="l", text="listed"))
    assert "<table><caption>" in shown(replace(chart, text_table=TextTable.INSTEAD))
