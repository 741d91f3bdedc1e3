"""Limits of configuration texts and messages, the same for all sources.

The command line, gRPC and HTTP read configurations through `strict_yaml` and `load`, which apply these limits. They
bound the time and memory for untrusted text before any of its values is used.
"""

from collections.abc import Iterable

from clau_doom.errors import ConfigError
from clau_doom.escaping import printable

__all__ = [
    "MOST_BYTES",
    "MOST_DIGITS",
    "MOST_ENTRIES",
    "MOST_LEVELS",
    "MOST_LINES",
    "MOST_PROBLEMS",
    "check_entries",
    "shortened",
]

MOST_BYTES = 1_000_000
"""Maximum bytes of a text in UTF-8."""
MOST_LINES = 20_000
MOST_ENTRIES = 10_000
"""Maximum keys and list items of a document, at all levels in total."""
MOST_LEVELS = 32
MOST_DIGITS = 30
MOST_PROBLEMS = 20
"""Maximum problems in one error."""
_MOST_SHOWN = 60


def check_entries(data: object, *, name: str) -> None:
    """Refuse data with too many keys and list items.

    Args:
        data: Mappings, lists and plain values.
        name: Name for messages.

    Raises:
        ConfigError: There are more than 10,000 keys and items in total, or more than 32 levels.
    """
    count, level = 0, [data]
    for _ in range(MOST_LEVELS + 1):
        level = [item for value in level for item in _items(value)]
        count += len(level)
        if count > MOST_ENTRIES:
            raise ConfigError(f"{name} has more than {MOST_ENTRIES:,} keys and list items: leave some out")
        if not level:
            return
    raise ConfigError(f"{name} is more than {MOST_LEVELS} levels deep: nest its values less deeply")


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def shortened(text: str, most: int = _MOST_SHOWN) -> str:
    """Escape a text; a text of more than `most` characters is cut, with its length appended."""
    return printable(text, limit=most)
