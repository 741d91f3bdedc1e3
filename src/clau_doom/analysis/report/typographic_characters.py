"""Typography of reports: minus signs, dashes and spaces that do not break."""

import re

from clau_doom import number_format

__all__ = ["breakable", "typographic", "unbroken"]

NONE = "–"  # noqa: RUF001 - dash for missing values in tables
_TIED = re.compile(r"(?<=\S) (?=[=<>%] ?)|(?<=[=<>]) (?=\S)|(?<=\d) (?=\[)|(?<=\d,) (?=\S+\])")
_HYPHEN = re.compile(r"(?<![\w.\-])-(?=\d)")
_MINUS = "−"  # noqa: RUF001 - minus sign, which has the width of a digit, unlike a hyphen


def typographic(text: str) -> str:
    """Replace hyphens: minus signs before numbers, an en dash for a missing value."""
    return NONE if text == number_format.MISSING else _HYPHEN.sub(_MINUS, text)


def unbroken(text: str) -> str:
    """Prevent line breaks within a number with its unit and interval."""
    return _TIED.sub("\N{NO-BREAK SPACE}", text)


def breakable(text: str) -> str:
    """Allow a line break in a table cell between an estimate and its interval, and not within them."""
    return unbroken(text).replace("\N{NO-BREAK SPACE}[", " [")
