"""Strings and drawings of a page, as its templates need them."""

from dataclasses import dataclass

from markupsafe import Markup

__all__ = ["BlockView", "FigureView", "Key", "ListingView", "ParagraphView", "SectionView", "TableView"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ParagraphView:
    """A paragraph of text.

    Attributes:
        text: The text.
        kind: ``plain``; ``note`` for a description of a method; ``caution`` for a warning; ``gap`` for a result that
            the data do not allow.
    """

    text: str
    kind: str = "plain"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableView:
    """A table with text cells.

    Attributes:
        title: Caption of the table.
        columns: Headings of the columns.
        rows: Rows with one cell for each column.
        words: Indices of the columns that contain text and are left-aligned. Numbers are right-aligned.
        note: Text below the table.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)
    note: str = ""

    @property
    def long(self) -> bool:
        """Whether the table is longer than a printed page and is left out in print."""
        return len(self.rows) > _PRINTED


_PRINTED = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """An entry of a figure's legend.

    Attributes:
        mark: ``line``, ``dash``, ``band``, ``bar``, ``arrow``, ``dot`` or ``ring``.
        colour: CSS class of the colour.
        label: Meaning of the mark.
    """

    mark: str
    colour: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureView:
    """A figure with caption, legend and data.

    Attributes:
        anchor: Id of the figure in the page.
        title: Short title of the figure.
        caption: Explanation: n, intervals and seeds.
        alt: Description for readers who cannot see the figure.
        picture: SVG of the figure.
        table: Drawn numbers.
        keys: Legend.
    """

    anchor: str
    title: str
    caption: str
    alt: str
    picture: Markup
    table: TableView
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ListingView:
    """Preformatted text, such as a configuration.

    Attributes:
        title: Title of the listing.
        text: The text.
        folded: Whether the listing is collapsed at first.
    """

    title: str
    text: str
    folded: bool = False


BlockView = ParagraphView | TableView | FigureView | ListingView


@dataclass(frozen=True, kw_only=True, slots=True)
class SectionView:
    """A section of a report.

    Attributes:
        anchor: Id of the section in the page.
        title: Heading of the section.
        blocks: Content in order.
    """

    anchor: str
    title: str
    blocks: tuple[BlockView, ...]
