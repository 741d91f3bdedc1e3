"""Interface of a clock, which tests replace."""

from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Source of time."""

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        ...
