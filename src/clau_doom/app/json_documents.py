"""Version of JSON documents."""

from collections.abc import Mapping

__all__ = ["versioned"]

_SCHEMA_VERSION = 1
"""Version of the JSON documents of commands; raised when a field changes its meaning or is removed."""


def versioned(data: Mapping[str, object]) -> dict[str, object]:
    """Return a JSON document with its `schema_version` first."""
    return {"schema_version": _SCHEMA_VERSION, **data}
