"""Memory sizes such as ``512k``, ``256m`` and ``2g``."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

__all__ = ["Size", "format_size", "parse_size"]

_PATTERN = re.compile(r"(\d{1,9})([kmg])", re.ASCII)
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LARGEST = 1 << 50


def parse_size(value: object) -> int:
    """Parse a size such as ``512m`` or ``2g`` into bytes; units are powers of 1024, as in Docker.

    An integer is a number of bytes that was parsed before.

    Raises:
        ValueError: The value is not a size, or is out of range.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    else:
        match = _PATTERN.fullmatch(value) if isinstance(value, str) else None
        if not match:
            raise ValueError("is not a size: write 512k, 256m or 2g")
        size = int(match[1]) * _UNITS[match[2]]
    if not 1024 <= size <= _LARGEST:
        raise ValueError("is out of range: use 1k to 1048576g")
    return size


def format_size(size: int) -> str:
    """Format bytes, in whole kilobytes, as the shortest text that `parse_size` accepts."""
    for unit in ("g", "m", "k"):
        if size % _UNITS[unit] == 0 or unit == "k":
            return f"{size // _UNITS[unit]}{unit}"
    raise AssertionError


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}[kmg]$", "examples": ["512k", "256m", "2g"]}),
]
