"""A policy of one's own: walk to the nearest item in sight, and look for one when there is none.

It has four genes, remembers something within an episode, draws from the episode's generator, and needs nothing from
clau-doom but the words of the port.
"""

import numpy as np

from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts, SeenObject

__all__ = ["Gatherer"]


class Gatherer:
    """Walks to the item whose box is tallest on the screen: items of one kind look taller the nearer they are.

    Args:
        facts: What the scenario offers; it must have TURN_LEFT, TURN_RIGHT and MOVE_FORWARD.
        kind: What to gather, as `SeenObject.kind` has it.
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
        """Visible objects; without this line there would be none."""
        return Needs(objects=True)

    @property
    def space(self) -> GenomeSpace:
        """What evolution may choose."""
        return GenomeSpace(
            (
                Gene.real("straight", 0.0, 80.0, "Items at most this many columns off are walked to without turning."),
                Gene.real("curve", 0.0, 80.0, "Items at most this many columns off are walked to in a curve."),
                Gene.integer("patience", 1, 200, "Decisions for which to look around before walking on."),
                Gene.integer("stroll", 1, 50, "Decisions for which to walk on."),
            )
        )

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the agent for one episode; whatever it remembers ends with it."""
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
