"""Functions that tests optimise. Processes import this module, so that it imports little."""

import math
import os
from typing import Any

__all__ = ["partly_failing", "process_killer", "smooth"]


def smooth(values: dict[str, Any]) -> float:
    """A function with its maximum 0 at x = 0.5, n = 7, kind = b."""
    return float(-((values["x"] - 0.5) ** 2) - 0.1 * abs(values["n"] - 7) - (values["kind"] == "a"))


def partly_failing(values: dict[str, Any]) -> float:
    """Fail in three ways for a part of the values."""
    if values["n"] == 1:
        raise ValueError("one\nis refused")
    if values["n"] == 2:
        return math.nan
    if values["n"] == 3:
        return math.inf
    return smooth(values)


def process_killer(values: dict[str, Any]) -> float:
    """End the process for some values, and print for the others."""
    print("output of a function must not disturb the answers")
    if values["n"] >= 8:
        os._exit(7)
    return smooth(values)
