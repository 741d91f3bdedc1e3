"""The agent of `examples/remote_agent` as a policy in the worker, with the same decisions."""

import numpy as np

from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts

__all__ = ["Sentry"]

_SIDES = ("TURN_LEFT", "TURN_RIGHT")


class Sentry:
    """Policy that turns until an enemy is in the middle of the screen, and fires."""

    def __init__(self, facts: ScenarioFacts) -> None:
        self._middle = facts.resolution[0] / 2
        self._press = {name: [float(each == name) for each in facts.buttons] for name in facts.buttons}

    @property
    def needs(self) -> Needs:
        """Visible objects."""
        return Needs(objects=True)

    @property
    def space(self) -> GenomeSpace:
        """The agent's genes."""
        return GenomeSpace(
            (Gene.real("tolerance", 0.0, 40.0), Gene.integer("patience", 1, 100), Gene.choice("side", _SIDES))
        )

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the agent for one episode; it draws no random numbers."""
        del rng
        tolerance, patience, side = genome.values[0], int(genome.values[1]), int(genome.values[2])
        searched = 0

        def decide(observation: Observation) -> Action:
            nonlocal searched
            enemies = [seen for seen in observation.objects if seen.kind == "enemy"]
            if not enemies:
                searched += 1
                return Action(self._press[_SIDES[(searched // patience + side) % 2]])
            searched = 0
            off = min([seen.x + seen.width / 2 - self._middle for seen in enemies], key=abs)
            if abs(off) <= tolerance:
                return Action(self._press["ATTACK"], 1)
            return Action(self._press["TURN_RIGHT" if off > 0 else "TURN_LEFT"], 2)

        return decide
