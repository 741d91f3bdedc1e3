"""Findings of the health checks of `clau-doom doctor`."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "HealthStatus"]


class HealthStatus(StrEnum):
    """Result of a health check."""

    FINE = "fine"
    WARNING = "warning"
    """A run works, with limitations."""
    MISSING = "missing"
    """A run does not work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Finding of one health check.

    Attributes:
        name: The checked item.
        verdict: The result of the check.
        found: The observed state.
        remedy: The remedy, or empty if no action is needed.
    """

    name: str
    verdict: HealthStatus
    found: str
    remedy: str = ""
