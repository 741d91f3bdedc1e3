"""JSON of documents: agents as ids, unavailable results as ``{"missing": reason}``."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from clau_doom.analysis.document import Document
from clau_doom.domain import AgentRef

__all__ = ["document_json", "plain_value"]


def document_json(document: Document) -> dict[str, object]:
    """Return the values of a document and of its sections in one object."""
    found = dict(document.data)
    for section in document.sections:
        found.update(section.data)
    return {key: plain_value(value, document.experiment) for key, value in found.items()}


def plain_value(value: object, experiment: str) -> object:
    """Convert a value for JSON. Infinite and NaN values become null.

    Args:
        value: A value of dataclasses, mappings, sequences and scalars.
        experiment: Id of the experiment, for the ids of agents.
    """
    if isinstance(value, AgentRef):
        return value.agent_id(experiment)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain_value(getattr(value, each.name), experiment) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_value(item, experiment) for key, item in value.items()}
    return [plain_value(item, experiment) for item in value] if isinstance(value, tuple | list) else value
