"""Rendering of a document as one HTML file without scripts or external files."""

from functools import cache
from itertools import dropwhile

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from clau_doom.analysis import document
from clau_doom.analysis.document import Cell, Document, Marked, Trend
from clau_doom.analysis.report.chart_svg import draw, legend
from clau_doom.analysis.report.svg import sparkline
from clau_doom.analysis.report.typographic_characters import breakable, typographic, unbroken
from clau_doom.analysis.report.view_models import (
    BlockView,
    FigureView,
    ListingView,
    ParagraphView,
    SectionView,
    TableView,
)
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import cell_text
from clau_doom.escaping import printable_message

__all__ = ["MARK", "render"]

MARK = '<meta name="generator" content="clau-doom report">'
"""Mark near the beginning of a file that identifies it as a report of clau-doom."""

_ONE_LINE = 9  # characters of a text in a column of numbers without line breaks


def render(whole: Document) -> str:
    """Render a document as HTML. All text is escaped; charts are inserted as SVG."""
    # The first section follows the summary: its sentences would be repeated in a row.
    repeated = [frozenset(whole.summary), *[frozenset[str]()] * (len(whole.sections) - 1)]
    sections = [_page_section(*each) for each in zip(whole.sections, repeated, strict=False)]
    numbers = {FigureView: 0, TableView: 0}
    titles = {FigureView: "Figure", TableView: "Table"}
    labels: dict[int, str] = {}
    for section in sections:
        for block in section.blocks:
            if isinstance(block, FigureView | TableView):
                numbers[type(block)] += 1
                labels[id(block)] = f"{titles[type(block)]} {numbers[type(block)]}"

    def label(block: FigureView | TableView) -> str:
        return labels[id(block)]

    return _template().render(document=whole, sections=sections, label=label)


def _page_section(section: document.Section, repeated: frozenset[str]) -> SectionView:
    """Return a section of the page, without the first paragraphs that repeat the summary."""
    shown = dropwhile(lambda each: isinstance(each, document.Paragraph) and each.text in repeated, section.blocks)
    blocks = tuple(_page_block(block) for block in shown)
    return SectionView(anchor=section.name, title=section.title, blocks=blocks)


def _page_block(block: document.Block) -> BlockView:
    match block:
        case document.Paragraph():
            return ParagraphView(text=block.text, kind=block.kind)
        case Unavailable():
            return ParagraphView(text=f"Not shown: {block.missing}.", kind="gap")
        case document.Table():
            return _page_table(block)
        case document.Listing():
            return ListingView(title=block.title, text=block.text, folded=block.folded)
        case document.Chart():
            return FigureView(
                anchor=f"fig-{block.name}",
                title=block.title,
                caption=f"{block.caption} {block.marks}".strip(),
                alt=block.alt,
                picture=draw(block.plot, block.alt),
                table=_page_table(block.table),
                keys=legend(block.plot),
            )


def _page_table(table: document.Table) -> TableView:
    return TableView(
        title=table.title,
        columns=tuple(column.heading for column in table.columns),
        rows=tuple(
            tuple(
                _page_count(cell) if isinstance(cell, str) and not column.text else _page_cell(cell)
                for column, cell in zip(table.columns, row, strict=True)
            )
            for row in table.rows
        ),
        words=tuple(at for at, column in enumerate(table.columns) if column.text),
        note=table.note,
    )


def _page_count(text: str) -> str:
    """Return the text of a column of numbers: short ones, such as "10 and 10", on one line."""
    spaces = " " if len(text) <= _ONE_LINE else " and "
    return breakable(text).replace(spaces, f"{spaces[:-1]}\N{NO-BREAK SPACE}")


def _page_cell(cell: Cell) -> str:
    if isinstance(cell, Marked):
        return Markup('<b class="{}">{}</b>').format(cell.emphasis, _printable(_page_cell(cell.cell)))
    if isinstance(cell, Trend):
        return sparkline(cell.values)
    text = cell_text(cell)
    return text if isinstance(cell, str) else breakable(typographic(text))


def _printable(value: object) -> object:
    """Return a template value without characters that HTML forbids or hides, and with long words shortened."""
    return printable_message(value, limit=None) if type(value) is str else value


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("clau_doom.analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typographic"] = lambda text: unbroken(typographic(text))
    kinds = {"figure": FigureView, "table": TableView, "listing": ListingView, "paragraph": ParagraphView}
    for name, kind in kinds.items():
        environment.tests[name] = lambda block, kind=kind: isinstance(block, kind)
    return environment.get_template("report.html.j2")
