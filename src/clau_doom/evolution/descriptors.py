"""Behaviour descriptors of agents, from 0 to 1, independent of fitness.

All are made from the mean measures over an agent's episodes. An unbounded amount x is squashed to x / (x + h), which is
0 at 0, one half at h, and nears 1:

- ``aggression``: shots for each 100 decisions, h = 10 (a pistol at frame skip 4 reaches about 28);
- ``movement``: map units covered for each tic, h = 4 (walking covers about 8 a tic, running 17);
- ``survival``: tics survived, h = 1050 (half of the default timeout);
- ``accuracy``: hits for each shot, at most 1; 0 without a shot;
- ``items``: items picked up, h = 5;
- ``kills``: monsters killed, h = 10;
- ``health``: health at the end, a hundredth of it, from 0 to 1.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from clau_doom.domain import Measures

__all__ = ["DESCRIPTORS", "describe_behaviour"]


def _squash(amount: float, half: float) -> float:
    amount = max(amount, 0.0)
    return amount / (amount + half) if math.isfinite(amount) else 1.0


def _ratio(amount: float, per: float) -> float:
    return amount / per if per > 0.0 else 0.0


DESCRIPTORS: Mapping[str, Callable[[Measures], float]] = MappingProxyType(
    {
        "aggression": lambda m: _squash(100.0 * _ratio(m.shots, m.decisions), 10.0),
        "movement": lambda m: _squash(_ratio(m.distance, m.tics), 4.0),
        "survival": lambda m: _squash(m.tics, 1050.0),
        "accuracy": lambda m: min(max(_ratio(m.hits, m.shots), 0.0), 1.0),
        "items": lambda m: _squash(m.items, 5.0),
        "kills": lambda m: _squash(m.kills, 10.0),
        "health": lambda m: min(max(m.health / 100.0, 0.0), 1.0),
    }
)
"""Descriptors by name in the configuration."""


def describe_behaviour(name: str, measures: Measures) -> float:
    """Return one descriptor of an agent: from 0 to 1, or the mean of a user's measure in its own unit.

    Args:
        name: A key of `DESCRIPTORS`, or the name of a user's measure.
        measures: The mean over the agent's episodes.
    """
    descriptor = DESCRIPTORS.get(name)
    return measures.value(name) if descriptor is None else descriptor(measures)
