"""Properties of each backend that other packages depend on, in place of comparisons with its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["BACKENDS", "BackendTraits"]


@dataclass(frozen=True, kw_only=True)
class BackendTraits:
    """Properties of a backend.

    Attributes:
        trusted: Outcomes are accepted without verification. If False, the backend's section has a field `verify`.
        policy_in_image: Custom policies are imported in containers only, from the image, and never in this process.
    """

    trusted: bool = True
    policy_in_image: bool = False


BACKENDS: Mapping[str, BackendTraits] = MappingProxyType(
    {
        "local": BackendTraits(),
        "docker": BackendTraits(trusted=False, policy_in_image=True),
        "ray": BackendTraits(),
    }
)
"""Traits by the name in `execution.backend`."""
