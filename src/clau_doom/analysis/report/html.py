"""Rendering of a report as one HTML file without scripts or external files."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from clau_doom.analysis.report.document import Figure, Listing, Paragraph, Report, Table
from clau_doom.analysis.report.typography import unbroken
from clau_doom.escaping import printable_message

__all__ = ["MARK", "render"]

MARK = '<meta name="generator" content="clau-doom report">'
"""Mark near the beginning of a file that identifies it as a report of clau-doom."""


def render(report: Report) -> str:
    """Render a report as HTML. All text is escaped; charts are inserted as SVG."""
    numbers = {Figure: 0, Table: 0}
    labels: dict[int, str] = {}
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Figure | Table):
                numbers[type(block)] += 1
                labels[id(block)] = f"{type(block).__name__} {numbers[type(block)]}"

    def label(block: Figure | Table) -> str:
        return labels[id(block)]

    return _template().render(report=report, label=label)


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
    environment.filters["unbroken"] = unbroken
    kinds = {"figure": Figure, "table": Table, "listing": Listing, "paragraph": Paragraph}
    for name, kind in kinds.items():
        environment.tests[name] = lambda block, kind=kind: isinstance(block, kind)
    return environment.get_template("report.html.j2")
