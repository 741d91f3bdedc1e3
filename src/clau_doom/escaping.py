"""Text from outside, made harmless: shortened, and without characters that act on a terminal or a log."""

import unicodedata

__all__ = ["LONGEST", "printable"]

LONGEST = 200
"""Characters of a name or a value that a message shows."""


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


def _is_harmless(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
