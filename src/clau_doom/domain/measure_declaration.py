"""Declared type and range of a user's measure, against which every value is checked."""

import math
from dataclasses import dataclass

__all__ = ["LARGEST", "MeasureDeclaration"]

LARGEST = 1e100
"""Largest magnitude of a measure. Sums and squares of larger numbers may not be finite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasureDeclaration:
    """Type and range of a measure.

    Attributes:
        low: Smallest value.
        high: Largest value.
        integer: Whether all values are whole numbers.
    """

    low: float = -LARGEST
    high: float = LARGEST
    integer: bool = False

    def problem(self, value: object) -> str | None:
        """Return the reason why a value is not in the declared range, or None if it is valid."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"is {value!r:.100}, which is not a finite number"
        if not self.low <= value <= self.high:
            return f"is {value:g}, which is outside of its declared range, {self.low:g} to {self.high:g}"
        if self.integer and value != int(value):
            return f"is {value:g}, but it is declared as a whole number"
        return None
