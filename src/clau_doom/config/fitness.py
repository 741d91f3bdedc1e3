"""Configuration of the fitness: the name of a measure, or weights of measures."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

__all__ = ["FitnessConfig"]

FitnessName = Literal["reward", "score", "kills", "survival"]
WeightName = Literal[
    "score",
    "kills",
    "deaths",
    "health",
    "armor",
    "shots",
    "hits",
    "damage_dealt",
    "damage_taken",
    "items",
    "tics",
    "reward",
    "distance",
    "decisions",
]


def _fitness_form(value: object) -> str:
    return "weights" if isinstance(value, Mapping) else "name"


FitnessConfig = Annotated[
    Annotated[FitnessName, Tag("name")] | Annotated[dict[WeightName, float], Field(min_length=1), Tag("weights")],
    Discriminator(_fitness_form),
]
