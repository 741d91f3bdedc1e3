"""Shortening and escaping of untrusted text for terminals and logs."""

import re
import unicodedata

__all__ = ["LONGEST", "printable", "printable_message", "quoted", "sanitized"]

LONGEST = 200
"""Maximum number of characters of a name or a value in a message."""

_LONGEST_MESSAGE = 20_000
_LONG_WORD = re.compile(rf"\S{{{LONGEST + 101},}}")


def printable(text: str, *, limit: int | None = LONGEST, keep: str = "") -> str:
    r"""Shorten a text and escape its non-printable characters as Python does: ESC becomes ``\x1b``.

    Control characters, marks of writing direction, invisible characters, line separators and lone surrogates are
    escaped. Spaces of other scripts are kept.

    Args:
        text: The text, from a user, a file, a client or a worker.
        limit: Maximum number of characters, or None for no limit. Of a longer text, the beginning and the length are
            shown.
        keep: Characters that are not escaped, such as newlines.
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


def sanitized(text: str, limit: int) -> str:
    """Return the first `limit` characters of an untrusted text, with spaces for its non-printable characters."""
    return "".join(char if char.isprintable() else " " for char in text[:limit])


def printable_message(text: str, *, limit: int | None = _LONGEST_MESSAGE) -> str:
    """Shorten and escape a message that contains untrusted text; line breaks and tabs are kept.

    Long words are shortened one by one, so that the text after them is still shown.

    Args:
        text: The message.
        limit: Maximum number of characters, or None for no limit.
    """
    shortened = text if len(text) <= LONGEST else _LONG_WORD.sub(lambda word: printable(word.group()), text)
    return printable(shortened, limit=limit, keep="\n\t")


def _is_harmless(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
