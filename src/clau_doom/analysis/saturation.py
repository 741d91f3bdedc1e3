"""Saturation of fitness: sets of episodes of which most have the largest value.

A set of at least `FEWEST` episodes is saturated if more than half of its values equal the largest value of all sets.
Its median is then the largest value, and better agents have the same fitness in these episodes. The limit of one half
is that of `statistics.intervals`, which withholds intervals of such values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.analysis.wording import joined
from clau_doom.number_format import number

__all__ = ["FEWEST", "KnownMaximum", "Saturation", "known_maximum", "saturated", "saturation_sentence"]

FEWEST = 5
"""Smallest number of episodes that can be called saturated."""

_ROUNDING = 1e-9  # relative to the largest value; values that differ by less are equal


@dataclass(frozen=True, kw_only=True, slots=True)
class Saturation:
    """A set of episodes of which most have the largest value.

    Attributes:
        episodes: Name of the set, such as ``held-out episodes of the champion``.
        n: Number of episodes.
        at_largest: Number of episodes with the largest value.
        largest: The largest value.
    """

    episodes: str
    n: int
    at_largest: int
    largest: float


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownMaximum:
    """Largest possible fitness of an episode.

    Attributes:
        value: The fitness.
        reason: The property of the game that limits it.
    """

    value: float
    reason: str


def saturated(sets: Sequence[tuple[str, Sequence[float]]]) -> tuple[Saturation, ...]:
    """Return the saturated sets of episodes.

    Args:
        sets: Name and fitness values of each set.
    """
    values = [value for _, row in sets for value in row]
    if not values:
        return ()
    largest = max(values)
    tolerance = _ROUNDING * max(map(abs, values))
    found = []
    for name, row in sets:
        at_largest = sum(largest - value <= tolerance for value in row)
        if len(row) >= FEWEST and 2 * at_largest > len(row):
            found.append(Saturation(episodes=name, n=len(row), at_largest=at_largest, largest=largest))
    return tuple(found)


def known_maximum(scenario: str, fitness: str, timeout: int | None) -> KnownMaximum | None:
    """Return the largest possible fitness of an episode, or None if it is unknown.

    Args:
        scenario: Name of the scenario.
        fitness: Name of the fitness.
        timeout: Configured tics after which an episode ends, or None.
    """
    if (scenario, fitness) == ("defend_the_center", "kills"):
        return KnownMaximum(value=26.0, reason="an agent has 26 rounds of ammunition")
    if fitness == "survival" and timeout is not None:
        return KnownMaximum(value=float(timeout), reason=f"an episode ends after {timeout} tics")
    return None


def saturation_sentence(found: Sequence[Saturation], maximum: KnownMaximum | None) -> str:
    """Return a caution about saturated episodes, or an empty text.

    Args:
        found: The saturated sets.
        maximum: Largest possible fitness, or None.
    """
    if not found:
        return ""
    counts = joined(f"{each.at_largest:,} of {each.n:,} {each.episodes}" for each in found)
    known = "" if maximum is None else f" The maximum is {number(maximum.value)}, because {maximum.reason}."
    return (
        f"Fitness has its largest value, {number(found[0].largest)}, in {counts}.{known} Such runs cannot distinguish "
        "strategies: a better agent has the same fitness in these episodes."
    )
