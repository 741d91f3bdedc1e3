"""Fitness of episodes and agents, computed from the measures of episodes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.domain.episode import MEASURES, Measures

__all__ = ["MEASURES", "Fitness", "score"]

_NAMED = {"reward": "reward", "kills": "kills", "survival": "tics"}


def score(kills: float, deaths: float, health: float) -> float:
    """Return the score 0.5 · kills / (kills + deaths) + 0.5 · health / 100, between 0 and 1.

    The first term is 0 if kills and deaths are both 0. Health is clamped to 0..100.
    """
    fought = kills + deaths
    ratio = kills / fought if fought else 0.0
    return 0.5 * ratio + 0.5 * min(max(health, 0.0), 100.0) / 100.0


@dataclass(frozen=True)
class Fitness:
    """Fitness function: a weighted sum of measures, averaged over episodes.

    Attributes:
        weights: (name, weight) pairs; a name is that of a measure, or ``score``.
    """

    weights: tuple[tuple[str, float], ...]

    @classmethod
    def named(cls, name: str) -> "Fitness":
        """Return the fitness function ``reward``, ``score``, ``kills`` or ``survival``."""
        return cls(((_NAMED.get(name, name), 1.0),))

    def of_episode(self, measures: Measures) -> float:
        """Return the fitness of one episode."""
        return math.fsum(weight * _value(measures, name) for name, weight in self.weights)

    def of_agent(self, episodes: Sequence[Measures]) -> float:
        """Return the mean over episodes. It does not depend on their order, because the sum is rounded once."""
        return math.fsum(self.of_episode(measures) for measures in episodes) / len(episodes)

    def variance_of(self, episodes: Sequence[Measures]) -> float | None:
        """Return the sample variance between episodes; None for fewer than two."""
        if len(episodes) < 2:
            return None
        mean = self.of_agent(episodes)
        deviations = [self.of_episode(each) - mean for each in episodes]
        return math.fsum(each * each for each in deviations) / (len(episodes) - 1)

    def error_of(self, episodes: Sequence[Measures]) -> float | None:
        """Return the standard error of the mean over episodes; None for fewer than two."""
        variance = self.variance_of(episodes)
        return None if variance is None else math.sqrt(variance / len(episodes))


def _value(measures: Measures, name: str) -> float:
    if name == "score":
        return score(measures.kills, measures.deaths, measures.health)
    return measures.value(name)
