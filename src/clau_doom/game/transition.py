"""Result of an action in an engine, beyond the next observation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Transition"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """Result of an action that an `Observation` does not contain; also available after the end of an episode.

    Attributes:
        variables: The values of `ScenarioFacts.variables` after the action, float64, shape (variables,).
        tic: Tics since the episode began.
        reward: The scenario's reward for the action. The rewards of an episode add up to `Measures.reward`.
        timed_out: Whether the episode has reached `ScenarioFacts.timeout`.
    """

    variables: NDArray[np.float64]
    tic: int
    reward: float
    timed_out: bool
