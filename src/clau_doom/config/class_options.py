"""Options of a user's class: keyword arguments from the configuration."""

import math
from typing import Annotated

from pydantic import BeforeValidator

__all__ = ["Options"]


def _option(value: object) -> object:
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("is not an option: use text, a finite number, true or false")


Options = dict[str, Annotated[bool | int | float | str, BeforeValidator(_option)]]
"""Type of a field with options: text, finite numbers, true or false by name."""
