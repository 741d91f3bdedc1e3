"""Duration texts such as ``90s``, ``15m``, ``2h`` and ``1h30m``."""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

__all__ = ["Duration", "format_duration", "parse_duration"]

_PATTERN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", re.ASCII)
_LONGEST = 100_000 * 3600.0


def parse_duration(value: object) -> float:
    """Parse a duration such as ``90s``, ``15m`` or ``1h30m`` into seconds, rounded to a thousandth.

    A float is a number of seconds that was parsed before.

    Raises:
        ValueError: The value is not a duration, is zero, or is longer than 100,000 hours.
    """
    if isinstance(value, float):
        total = value
    else:
        match = _PATTERN.fullmatch(value) if isinstance(value, str) and value else None
        if not match:
            raise ValueError("is not a duration: write 90s, 15m, 2h or 1h30m")
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        total = hours * 3600 + minutes * 60 + seconds
    if not math.isfinite(total) or not 0.001 <= total <= _LONGEST:
        raise ValueError("is out of range: use 0.001s to 100000h")
    return round(total, 3)


def format_duration(seconds: float) -> str:
    """Format seconds, rounded to a thousandth, as the shortest text that `parse_duration` accepts."""
    rest, parts = round(seconds * 1000), []
    for unit, size in (("h", 3_600_000), ("m", 60_000)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    if rest or not parts:
        parts.append(f"{rest / 1000:g}s")
    return "".join(parts)


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(?=.)(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?$",
            "examples": ["90s", "15m", "2h", "1h30m"],
        }
    ),
]
