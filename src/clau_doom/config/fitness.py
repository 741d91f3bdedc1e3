"""Configuration of the fitness: the name of a measure, or weights of measures."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Field, Tag

__all__ = ["FitnessConfig"]


def _fitness_form(value: object) -> str:
    return "weights" if isinstance(value, Mapping) else "name"


FitnessConfig = Annotated[
    Annotated[str, Tag("name")] | Annotated[dict[str, float], Field(min_length=1), Tag("weights")],
    Discriminator(_fitness_form),
]
"""Names are checked with the user's measures; see `measure_clashes`."""
