"""Durations as people write them: ``90s``, ``15m``, ``2h``, ``1h30m``."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

__all__ = ["Duration", "format_duration", "parse_duration"]

_PATTERN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def parse_duration(value: object) -> float:
    """Return the seconds that a text such as ``90s``, ``15m`` or ``1h30m`` means.

    Raises:
        ValueError: It is none, or no time at all.
    """
    if isinstance(value, float):  # a value that was parsed before
        return value
    match = _PATTERN.fullmatch(value) if isinstance(value, str) and value else None
    if not match:
        raise ValueError("is no duration: write 90s, 15m, 2h or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total <= 0:
        raise ValueError("must be longer than nothing")
    return total


def format_duration(seconds: float) -> str:
    """Return the shortest text that `parse_duration` reads as `seconds`, to a thousandth."""
    whole, parts = round(seconds, 3), []
    for unit, size in (("h", 3600), ("m", 60)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{int(count)}{unit}")
    if whole or not parts:
        parts.append(f"{round(whole, 3):g}s")
    return "".join(parts)


Duration = Annotated[float, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)]
