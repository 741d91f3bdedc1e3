"""What a report is made of, before anybody thinks of pages: sections of paragraphs, figures, tables and listings."""

from dataclasses import dataclass, field

from markupsafe import Markup

from clau_doom.analysis.unavailable import Unavailable

__all__ = ["Block", "Fact", "Figure", "Key", "Listing", "Paragraph", "Report", "Section", "Table", "gap"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """A paragraph of text.

    Attributes:
        text: Its words.
        kind: ``plain``; ``note`` for how something was computed; ``caution`` for what must not be overlooked; ``gap``
            for what the data do not allow.
    """

    text: str
    kind: str = "plain"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table; every cell is text.

    Attributes:
        title: What it shows, as a caption.
        columns: The headings.
        rows: As many cells each.
        words: Places of the columns that hold words and begin at the left; numbers end at the right.
        note: What is to be said below it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)
    note: str = ""

    @property
    def long(self) -> bool:
        """Whether it would fill more than a printed page, so that print leaves it out."""
        return len(self.rows) > _PRINTED


_PRINTED = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A line of a figure's legend.

    Attributes:
        mark: ``line``, ``dash``, ``band``, ``bar``, ``dot`` or ``ring``.
        colour: The class of its colour.
        label: What it stands for.
    """

    mark: str
    colour: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A picture with what is needed to read it, and its numbers.

    Attributes:
        anchor: Its name within the page.
        title: What it shows, in a few words.
        caption: How to read it: n, intervals, seeds.
        alt: What it shows, for those who cannot see it.
        picture: The SVG.
        table: The numbers that are drawn.
        keys: The legend.
    """

    anchor: str
    title: str
    caption: str
    alt: str
    picture: Markup
    table: Table
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Text that is kept as it is, such as a configuration.

    Attributes:
        title: What it is.
        text: The text.
        folded: Whether it is shown on request only.
    """

    title: str
    text: str
    folded: bool = False


Block = Paragraph | Table | Figure | Listing


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of a report.

    Attributes:
        anchor: Its name within the page.
        title: Its heading.
        blocks: What it holds, in order.
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A number that is seen first.

    Attributes:
        label: What it is.
        value: The number.
        detail: Its interval, its n, or what it is beside.
    """

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report whole.

    Attributes:
        kind: What kind of report it is, for people.
        title: The page's.
        subtitle: What it is about, on one line.
        facts: The numbers that are seen first.
        summary: What it comes to, in sentences.
        cautions: What must not be concluded.
        sections: The rest.
    """

    kind: str
    title: str
    subtitle: str
    facts: tuple[Fact, ...]
    summary: tuple[str, ...]
    cautions: tuple[str, ...]
    sections: tuple[Section, ...] = field(default=())


def gap(missing: Unavailable) -> Paragraph:
    """Return what the data do not allow, as a sentence."""
    return Paragraph(text=f"Not shown: {missing.missing}.", kind="gap")
