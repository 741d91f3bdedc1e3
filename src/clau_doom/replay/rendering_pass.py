"""Second pass of a replay: rendering of the same actions, with checks that the episode is the same."""

from collections.abc import Iterator

from clau_doom.domain import Measures
from clau_doom.errors import ReplayDiffers
from clau_doom.ports import Action, Engine, Frame, Observation
from clau_doom.replay.verification import Decision, Performance

__all__ = ["RenderingPass"]

# Excluded are measures per decision (shots, distance), because decisions are tics here, and tics, because all tics of
# an action that leaves the map count.
_COMPARED = ("kills", "deaths", "health", "armor", "hits", "damage_dealt", "damage_taken", "items")
_DIFFERENCE = "the repetition for the film differs from the episode:"
_ROUNDING = 1e-6  # rewards are summed and rounded for each tic here


class RenderingPass:
    """Frames of a performed episode; a `ports.FrameSource`.

    An action of four tics is performed as four actions of one tic, so that each tic is rendered. The variables at each
    decision, the end of the episode and its measures are checked against the first pass.
    """

    def __init__(self, engine: Engine, performance: Performance) -> None:
        """Prepare the second pass.

        Args:
            engine: Engine started with a screen.
            performance: Result of the first pass.
        """
        self._engine = engine
        self._performance = performance

    def frames(self) -> Iterator[Frame]:
        """Yield a frame for each tic; see the port.

        Raises:
            ReplayDiffers: The episode differs; the message has the first difference.
            EngineCrashed: The engine has ended.
        """
        engine, before = self._engine, self._performance
        seen: Observation | None = engine.begin(before.outcome.seed)
        for number, decision in enumerate(before.decisions):
            self._check(number, decision, seen)
            action = Action([*decision.buttons], 1)
            for _ in range(decision.tics):
                if seen is None:  # the episode ended during the last action
                    break
                assert seen.screen is not None
                yield Frame(tic=seen.tic, decision=number, variables=seen.variables, pixels=seen.screen)
                seen = engine.act(action)
        if seen is not None:
            raise ReplayDiffers(f"{_DIFFERENCE} the episode continues after its {len(before.decisions)} decisions")
        self._check_end(engine.measures(), before.outcome.measures)

    def _check(self, number: int, decision: Decision, seen: Observation | None) -> None:
        if seen is None:
            raise ReplayDiffers(f"{_DIFFERENCE} the episode ends before its decision {number}")
        if seen.tic != decision.tic:
            raise ReplayDiffers(f"{_DIFFERENCE} decision {number} is at tic {seen.tic}, and was at {decision.tic}")
        pairs = zip(self._engine.facts.variables, seen.variables.tolist(), decision.variables.tolist(), strict=True)
        for name, here, there in pairs:
            if here != there:
                raise ReplayDiffers(f"{_DIFFERENCE} {name} is {here:g} at decision {number}, and was {there:g}")

    def _check_end(self, here: Measures, there: Measures) -> None:
        for name in _COMPARED:
            found, expected = getattr(here, name), getattr(there, name)
            if found != expected:
                raise ReplayDiffers(f"{_DIFFERENCE} its {name.replace('_', ' ')} is {found:g}, not {expected:g}")
        if abs(here.reward - there.reward) > _ROUNDING * max(1.0, abs(there.reward)):
            raise ReplayDiffers(f"{_DIFFERENCE} its reward is {here.reward:g}, not {there.reward:g}")
