"""Console that prints untrusted text without effects on the terminal."""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Literal, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Span, Text

from clau_doom.escaping import printable

__all__ = ["literal_console"]


def literal_console(*, file: TextIO | None = None, width: int | None = None, styled: bool = True) -> Console:
    """Return a console that prints text without markup, and without characters that terminals interpret.

    Args:
        file: The output; None: standard output.
        width: Width in columns; None: width of the terminal.
        styled: False: without colours and styles, also if the environment requests them.
    """
    system: Literal["auto"] | None = "auto" if styled else None
    return _LiteralConsole(
        file=file,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=system,
        force_jupyter=False,  # in a notebook, rich would otherwise display the text in place of writing it to `file`
    )


class _LiteralConsole(Console):
    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as escaped text, before the layout."""
        return super().render_str(printable(text, limit=None, keep="\n\t"), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render with escaped texts, including cells, lines and titles."""
        return super().render(_escaped(renderable) if isinstance(renderable, Text) else renderable, options)


def _escaped(text: Text) -> Text:
    """Return a text with its styles, with non-printable characters escaped."""
    if printable(text.plain, limit=None, keep="\n\t") == text.plain:
        return text
    chars = [printable(char, limit=None, keep="\n\t") for char in text.plain]
    places = [0, *accumulate(map(len, chars))]
    escaped = text.copy()
    escaped.plain = "".join(chars)
    escaped.spans = [Span(places[span.start], places[min(span.end, len(chars))], span.style) for span in text.spans]
    return escaped
