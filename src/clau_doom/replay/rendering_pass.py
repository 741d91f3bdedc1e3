"""The second pass: the same actions drive an engine that people look at, and must lead to the same episode."""

from collections.abc import Iterator

from clau_doom.domain import Measures
from clau_doom.errors import ReplayDiffers
from clau_doom.ports import Action, Engine, Frame, Observation
from clau_doom.replay.verification import Decision, Performance

__all__ = ["Rerun"]

# Left out is what is counted at decisions, which are tics here (shots, distance), and the tics, because an action that
# leaves the map by an exit is counted in full.
_COMPARED = ("kills", "deaths", "health", "armor", "hits", "damage_dealt", "damage_taken", "items")
_ROUNDING = 1e-6  # rewards are summed tic by tic here, and rounded at each


class Rerun:
    """The frames of an episode that was performed before; a `ports.FrameSource`.

    An action that was held for four tics is performed four times for one, so that each tic can be seen. That this
    changes nothing is not believed but checked: the variables at each decision, the episode's end and its measures are
    those of the first pass.
    """

    def __init__(self, engine: Engine, performance: Performance) -> None:
        """Perform it again.

        Args:
            engine: An engine, started with a need for the screen.
            performance: What was performed before.
        """
        self._engine = engine
        self._performance = performance

    def frames(self) -> Iterator[Frame]:
        """Yield a frame for each tic; see the port.

        Raises:
            ReplayDiffers: It is another episode here; the message says from where on.
            EngineCrashed: The engine is gone.
        """
        engine, before = self._engine, self._performance
        seen: Observation | None = engine.begin(before.outcome.seed)
        for number, decision in enumerate(before.decisions):
            self._check(number, decision, seen)
            action = Action([*decision.buttons], 1)
            for _ in range(decision.tics):
                if seen is None:  # it ended while the last action was held
                    break
                assert seen.screen is not None
                yield Frame(tic=seen.tic, decision=number, variables=seen.variables, pixels=seen.screen)
                seen = engine.act(action)
        if seen is not None:
            raise ReplayDiffers(f"{self._place} the episode goes on after its {len(before.decisions)} decisions")
        self._check_end(engine.measures(), before.outcome.measures)

    def _check(self, number: int, decision: Decision, seen: Observation | None) -> None:
        if seen is None:
            raise ReplayDiffers(f"{self._place} the episode ends before its decision {number}")
        if seen.tic != decision.tic:
            raise ReplayDiffers(f"{self._place} decision {number} is at tic {seen.tic}, and was at {decision.tic}")
        pairs = zip(self._engine.facts.variables, seen.variables.tolist(), decision.variables.tolist(), strict=True)
        for name, here, there in pairs:
            if here != there:
                raise ReplayDiffers(f"{self._place} {name} is {here:g} at decision {number}, and was {there:g}")

    def _check_end(self, here: Measures, there: Measures) -> None:
        for name in _COMPARED:
            found, expected = getattr(here, name), getattr(there, name)
            if found != expected:
                raise ReplayDiffers(f"{self._place} its {name.replace('_', ' ')} came to {found:g}, not {expected:g}")
        if abs(here.reward - there.reward) > _ROUNDING * max(1.0, abs(there.reward)):
            raise ReplayDiffers(f"{self._place} its reward came to {here.reward:g}, not {there.reward:g}")

    @property
    def _place(self) -> str:
        return "performed again tic by tic for its pictures, the episode is another one:"
