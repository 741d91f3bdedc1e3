"""Text from outside, made harmless: shortened, and without characters that act on a terminal or a log."""

import re
import unicodedata

__all__ = ["LONGEST", "printable", "printable_message", "quoted"]

LONGEST = 200
"""Characters of a name or a value that a message shows."""

_LONGEST_MESSAGE = 20_000
_LONG_WORD = re.compile(rf"\S{{{LONGEST + 101},}}")


def printable(text: str, *, limit: int | None = LONGEST, keep: str = "") -> str:
    r"""Shorten a text and escape what is not printable in it, as Python writes it: ESC becomes ``\x1b``.

    Control characters, marks of writing direction, invisible characters, line separators and lone surrogates are
    escaped; the spaces of other scripts stay.

    Args:
        text: The text, from a user, a file, a client or a worker.
        limit: The most characters to show, or None for all; of a longer text, its beginning and its length are shown.
        keep: Characters to leave as they are, such as newlines.
    """
    rest = ""
    if limit is not None and len(text) > limit:
        rest = f"... ({len(text):,} characters)"
        text = text[:limit]
    if not text.isprintable():
        text = "".join(char if char in keep or _is_harmless(char) else _escape(char) for char in text)
    return text + rest


def quoted(text: str, *, limit: int = LONGEST) -> str:
    """Return a name or a value in single quotes, shortened and escaped."""
    return f"'{printable(text, limit=limit)}'"


def printable_message(text: str, *, limit: int | None = _LONGEST_MESSAGE) -> str:
    """Shorten and escape a message that holds text from outside; its line breaks and tabs stay.

    Long words are shortened one by one, so that what stands behind them is still shown.

    Args:
        text: The message.
        limit: The most characters to show, or None for all.
    """
    shortened = text if len(text) <= LONGEST else _LONG_WORD.sub(lambda word: printable(word.group()), text)
    return printable(shortened, limit=limit, keep="\n\t")


def _is_harmless(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
