"""Placeholder for a result that the data do not allow, with the reason."""

from dataclasses import dataclass

__all__ = ["Unavailable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unavailable:
    """A result that the data do not allow.

    Attributes:
        missing: The reason, as a sentence without a full stop.
    """

    missing: str
