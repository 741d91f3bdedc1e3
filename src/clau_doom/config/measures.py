"""Measures of users in the configuration: their names, and checks of all fields that name a measure."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated

from pydantic import Field, StringConstraints

from clau_doom.config.base_section import Clash
from clau_doom.config.target_import import TARGET_PATTERN
from clau_doom.domain.fitness import MEASURES

__all__ = ["BEHAVIOURS", "FITNESS_NAMES", "MeasuresConfig", "measure_clashes"]

FITNESS_NAMES = ("reward", "score", "kills", "survival")
"""Fitness functions without a user's measure."""
BEHAVIOURS = ("aggression", "movement", "survival", "accuracy", "items", "kills", "health")
"""Behaviour descriptors without a user's measure."""

_MeasureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Target = Annotated[str, StringConstraints(pattern=TARGET_PATTERN, max_length=200)]
MeasuresConfig = Annotated[dict[_MeasureName, _Target], Field(max_length=20)]
"""Functions as ``module:function`` or names of plugins, by the names of the measures."""

_COLUMNS = ("experiment_id", "purpose", "agent", "generation", "index", "number", "seed", "trajectory_sha256", "role")
_RESERVED = frozenset({*MEASURES, *FITNESS_NAMES, *BEHAVIOURS, *_COLUMNS, "fitness", "custom", "sequence", "status"})


def measure_clashes(
    measures: Mapping[str, str],
    fitness: str | Mapping[str, float],
    behaviours: Iterable[str],
) -> Iterator[Clash]:
    """Yield the problems of measures, and of fields that name a measure that does not exist.

    Args:
        measures: The user's measures.
        fitness: Name of the fitness, or weights.
        behaviours: Measures of the archive's axes.
    """
    for name in measures:
        if name in _RESERVED or name.startswith("timing_"):
            yield f"measures.{name}", (), "has the name of a measure or column of clau-doom: use another name"
    own = sorted(measures)
    if isinstance(fitness, str):
        yield from _unknown("fitness", [fitness], [*FITNESS_NAMES, *own])
    else:
        yield from _unknown("fitness", fitness, ["score", *MEASURES, *own])
    yield from _unknown("evolution.descriptors", behaviours, [*BEHAVIOURS, *own])


def _unknown(path: str, names: Iterable[str], known: list[str]) -> Iterator[Clash]:
    for name in names:
        if name not in known:
            guess = get_close_matches(name[:60], known, n=1)
            hint = f"did you mean {guess[0]}? " if guess else ""
            yield path, ("measures",), f"names {name!r:.60}, which is not known: {hint}use {', '.join(known)}"
