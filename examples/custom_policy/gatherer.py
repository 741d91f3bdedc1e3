"""Example of a custom policy: walk to the nearest visible item, and search for an item if none is visible.

The policy has four genes, state within an episode, and random numbers from the episode's generator. Of clau-doom, it
uses only the types of the policy port.
"""

import numpy as np

from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts, SeenObject

__all__ = ["Gatherer"]


class Gatherer:
    """Policy that walks to the item with the tallest box on the screen. Near items of one kind have taller boxes.

    Args:
        facts: Facts about the scenario, which must have TURN_LEFT, TURN_RIGHT and MOVE_FORWARD.
        kind: Kind of items to gather, as in `SeenObject.kind`.
    """

    def __init__(self, facts: ScenarioFacts, *, kind: str = "pickup") -> None:
        missing = {"TURN_LEFT", "TURN_RIGHT", "MOVE_FORWARD"} - set(facts.buttons)
        if missing:
            raise ValueError(f"{facts.name} has no {', '.join(sorted(missing))}")
        self._kind = kind
        self._buttons = facts.buttons
        self._middle = facts.resolution[0] / 2.0

    @property
    def needs(self) -> Needs:
        """Visible objects; without this property observations contain no objects."""
        return Needs(objects=True)

    @property
    def space(self) -> GenomeSpace:
        """Genes that evolution varies."""
        return GenomeSpace(
            (
                Gene.real("straight", 0.0, 80.0, "Items at most this many columns off are walked to without turning."),
                Gene.real("curve", 0.0, 80.0, "Items at most this many columns off are walked to in a curve."),
                Gene.integer("patience", 1, 200, "Decisions for which to look around before walking on."),
                Gene.integer("stroll", 1, 50, "Decisions for which to walk on."),
            )
        )

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the agent for one episode; its state ends with the episode."""
        side = "TURN_LEFT" if rng.random() < 0.5 else "TURN_RIGHT"
        straight, curve, patience, stroll = genome.values
        searched = 0

        def decide(observation: Observation) -> Action:
            nonlocal searched
            item = self._tallest(observation)
            if item is None:
                searched += 1
                return self._press(side if searched % (patience + stroll) < patience else "MOVE_FORWARD")
            searched = 0
            off = item.x + item.width / 2.0 - self._middle
            pressed = [] if abs(off) <= straight else ["TURN_RIGHT" if off > 0.0 else "TURN_LEFT"]
            return self._press(*pressed, *(["MOVE_FORWARD"] if abs(off) <= max(straight, curve) else []))

        return decide

    def _tallest(self, observation: Observation) -> SeenObject | None:
        wanted = [seen for seen in observation.objects if seen.kind == self._kind]
        return max(wanted, key=_height, default=None)

    def _press(self, *names: str) -> Action:
        return Action([float(name in names) for name in self._buttons])


def _height(seen: SeenObject) -> tuple[int, int]:
    return seen.height, -seen.id
