"""Time, so that tests can own it."""

from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Time, so that tests can own it."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...
