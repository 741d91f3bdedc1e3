"""Random policy: the baseline of champions."""

import numpy as np

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts

__all__ = ["RandomPolicy"]

_DELTA_RANGE = 10.0  # degrees or map units per tic


class RandomPolicy:
    """Presses each button with probability one half, and draws a small value for each ``*_DELTA`` button."""

    def __init__(self, facts: ScenarioFacts) -> None:
        self._delta = np.array([name.endswith("_DELTA") for name in facts.buttons], dtype=bool)

    @property
    def needs(self) -> Needs:
        """Nothing."""
        return Needs()

    @property
    def space(self) -> GenomeSpace:
        """No genes."""
        return GenomeSpace(())

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the agent for one episode; it draws only from `rng`."""
        self.space.check(genome)
        delta = self._delta

        def decide(observation: Observation) -> Action:
            del observation
            drawn = rng.random(len(delta))
            return Action(np.where(delta, (2.0 * drawn - 1.0) * _DELTA_RANGE, drawn < 0.5).tolist())

        return decide
