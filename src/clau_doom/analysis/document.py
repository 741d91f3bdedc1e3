"""Document model of analyses: sections of blocks, independent of the output format.

The sections describe results as blocks. Renderers for the terminal, HTML and JSON convert the blocks. They have no
knowledge of statistics.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from clau_doom.analysis.charts import Plot
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef

__all__ = [
    "Block",
    "Cell",
    "Chart",
    "Column",
    "Document",
    "Fact",
    "Fixed",
    "Listing",
    "Marked",
    "Measured",
    "PValue",
    "Paragraph",
    "Section",
    "Share",
    "Table",
    "TextTable",
    "Trend",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """An estimate with its interval.

    Attributes:
        value: The estimate.
        low: Lower end of the interval, or None without an interval.
        high: Upper end of the interval, or None.
        decimals: Decimals of all numbers. None: two significant digits of the interval's half-width.
    """

    value: float
    low: float | None
    high: float | None
    decimals: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A fraction, shown in percent.

    Attributes:
        value: The fraction, 0 to 1.
        low: Lower end of its interval, or None.
        high: Upper end of its interval, or None.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class PValue:
    """A p-value, or None if there is no test."""

    p: float | None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number with a fixed number of decimals."""

    value: float
    decimals: int


@dataclass(frozen=True, slots=True)
class Trend:
    """A series of values, shown as a small line."""

    values: tuple[float, ...]


Plain = str | int | float | None | Measured | Share | PValue | Fixed | Trend | AgentRef


@dataclass(frozen=True, slots=True)
class Marked:
    """A cell with emphasis: ``strong`` or ``warning``."""

    cell: Plain
    emphasis: str = "strong"


Cell = Plain | Marked
"""Content of a table cell. The format of a float is that of `number_format.number`; None is a dash."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """A paragraph of text.

    Attributes:
        text: The text.
        kind: ``plain``, ``note`` for the description of a method, or ``caution`` for a warning.
    """

    text: str
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        heading: Name of the column, with the unit.
        text: Whether the cells are text. Text is left-aligned, numbers are right-aligned.
    """

    heading: str
    text: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table with typed cells.

    Attributes:
        title: Caption of the table.
        columns: Columns.
        rows: Rows with one cell for each column.
        note: Text below the table.
        spread: Whether a shortened table shows rows from its whole length. Otherwise, it shows the first rows.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    spread: bool = False


class TextTable(StrEnum):
    """Condition for the table of a chart in text output."""

    NEVER = "never"
    REQUESTED = "requested"
    """The user requested the complete section."""
    INSTEAD = "instead"
    """The table replaces the chart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A chart as data.

    Attributes:
        name: Unique name of the chart in the document.
        title: Short title.
        caption: Method, n, intervals and seed.
        alt: Description for readers who cannot see the chart.
        plot: Data of the chart.
        table: The numbers of the chart.
        marks: Meaning of the drawn marks, for renderers that draw the chart.
        text_table: Condition for the table in text output.
    """

    name: str
    title: str
    caption: str
    alt: str
    plot: Plot
    table: Table
    marks: str = ""
    text_table: TextTable = TextTable.REQUESTED


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Preformatted text, such as a configuration.

    Attributes:
        title: Title of the listing.
        text: The text.
        folded: Whether the listing is collapsed at first.
    """

    title: str
    text: str
    folded: bool = False


Block = Paragraph | Unavailable | Table | Chart | Listing


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A key number at the top of a document.

    Attributes:
        label: Name of the number.
        value: The number.
        detail: Interval, n or reference of the number.
    """

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """Description of one result.

    Attributes:
        name: Unique name in the document, such as ``held-out``.
        title: Heading.
        blocks: Content in order.
        facts: Key numbers for the top of the document.
        summary: Sentences for the summary of the document.
        cautions: Conclusions that the result does not support, for the summary of the document.
        data: Values for JSON, by key of the JSON document.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    facts: tuple[Fact, ...] = ()
    summary: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A complete analysis.

    Attributes:
        kind: Kind of the document for display.
        title: Title.
        subtitle: Subject of the analysis, on one line.
        introduction: First sentence of the summary: subject and extent of the analysis.
        notices: Warnings about the data as a whole.
        sections: Sections in order.
        experiment: Id of the analyzed experiment, for ids of agents in JSON. Empty for several experiments.
        data: Values for JSON in addition to the values of the sections.
    """

    kind: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    introduction: str = ""
    notices: tuple[str, ...] = ()
    experiment: str = ""
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Key numbers of all sections."""
        return tuple(fact for section in self.sections for fact in section.facts)

    @property
    def summary(self) -> tuple[str, ...]:
        """Main results of all sections, as sentences."""
        found = (sentence for section in self.sections for sentence in section.summary)
        return (self.introduction, *found) if self.introduction else tuple(found)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Notices, and conclusions that the results do not support."""
        return (*self.notices, *(caution for section in self.sections for caution in section.cautions))
