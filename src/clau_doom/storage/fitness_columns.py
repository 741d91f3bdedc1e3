"""Fitness of many episodes, computed from columns of measures."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Fitness

__all__ = ["fitness_of_columns"]


def fitness_of_columns(fitness: Fitness, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the fitness of each episode, equal to `Fitness.of_episode` to the bit.

    Args:
        fitness: The fitness function.
        columns: Values of each measure by name, of shape (episodes,).

    Returns:
        Fitness, shape (episodes,).

    Example:
        >>> columns = {"kills": np.array([3.0, 1.0]), "deaths": np.array([0.0, 1.0])}
        >>> fitness_of_columns(Fitness((("deaths", -0.5), ("kills", 1.0))), columns).tolist()
        [3.0, 0.5]
    """
    terms = [weight * _column(columns, name) for name, weight in fitness.weights]
    if len(terms) == 1:
        return terms[0] + 0.0  # a sum never is negative zero
    sums = map(math.fsum, zip(*[term.tolist() for term in terms], strict=True))
    return np.fromiter(sums, dtype=np.float64, count=len(terms[0]))


def _column(columns: Mapping[str, NDArray[np.float64]], name: str) -> NDArray[np.float64]:
    if name != "score":
        return columns[name]
    kills, fought = columns["kills"], columns["kills"] + columns["deaths"]
    ratio = np.divide(kills, fought, out=np.zeros_like(kills), where=fought != 0.0)
    return 0.5 * ratio + 0.5 * np.clip(columns["health"], 0.0, 100.0) / 100.0
