"""What an analysis cannot say, and why: a value like any other, so that nothing is left out in silence."""

from dataclasses import dataclass

__all__ = ["Unavailable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unavailable:
    """A part of an analysis that its data do not allow.

    Attributes:
        missing: Why it is missing, as a sentence without its full stop.
    """

    missing: str
