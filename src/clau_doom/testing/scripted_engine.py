"""Deterministic game without ViZDoom, which needs almost no time and can crash on request."""

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Measures
from clau_doom.errors import EngineCrashed
from clau_doom.game.scenarios import CANONICAL_VARIABLES
from clau_doom.game.trajectory_recorder import ActionCheck, EpisodeRecorder
from clau_doom.ports import Action, Needs, Observation, ScenarioFacts, SeenObject

__all__ = ["SCRIPTED_FACTS", "ScriptedEngine"]

SCRIPTED_FACTS = ScenarioFacts(
    name="scripted",
    buttons=("TURN_LEFT", "TURN_RIGHT", "ATTACK"),
    variables=(*CANONICAL_VARIABLES, "AMMO2"),
    frame_skip=4,
    timeout=2100,
    resolution=(160, 120),
    doom_skill=3,
)
"""Default facts of a `ScriptedEngine`."""

_MASK = (1 << 64) - 1


def _mixed(state: int, value: int) -> int:
    """Return the next state: one step of SplitMix64 (Steele, Lea and Flood, 2014) over state and value."""
    mixed = (state + value * 0xBF58476D1CE4E5B9 + 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


class ScriptedEngine:
    """A guessing game behind the `Engine` port. Its results depend on the seed and the actions only.

    A monster is at the position of one button. An action with the greatest value at that button kills it: one kill, ten
    points of damage, one point of reward. Any other action costs up to seven points of health. At zero health, the
    player is dead and the episode ends. Every action moves the player by its tics and uses one round of ammunition. The
    monster's next position depends on the seed and all actions so far. It is observable in the variable ``ANGLE`` (the
    button's share of the circle). On request, it is also observable as an object and in the screen's grey.

    Args:
        facts: Facts of the scenario; the canonical variables must come first.
        decisions: Number of decisions in an episode.
        crash_at: The decision, from 0 and counted over all episodes, at which the engine crashes; None: never.
        crash_on_start: Whether the engine crashes at its start.

    Attributes:
        asked_to_draw: The `in_full` argument of each call of `draw`. The screen is always one grey.
    """

    def __init__(
        self,
        facts: ScenarioFacts = SCRIPTED_FACTS,
        *,
        decisions: int = 10,
        crash_at: int | None = None,
        crash_on_start: bool = False,
    ) -> None:
        self._facts = facts
        self._checked = ActionCheck(len(facts.buttons), facts.frame_skip)
        self._decisions = decisions
        self._crash_at = crash_at
        self._crash_on_start = crash_on_start
        self._needs = Needs()
        self._record = self._started = self._running = False
        self._recorded: bytes | None = None
        self._played = 0
        self._tally: EpisodeRecorder | None = None
        self.asked_to_draw: list[bool] = []

    @property
    def facts(self) -> ScenarioFacts:
        """Facts of the scenario."""
        return self._facts

    def start(self, needs: Needs, *, record: bool) -> None:
        """Start the game."""
        if self._crash_on_start:
            raise EngineCrashed("the engine is scripted not to start")
        self._needs, self._record, self._started, self._running, self._tally = needs, record, True, False, None
        self._recorded = None

    def begin(self, seed: int) -> Observation:
        """Begin an episode and return the first observation."""
        if not self._started:
            raise EngineCrashed("no game is running: start the engine first")
        self._state = _mixed(0, seed)
        self._tic = 0
        self._decided = 0
        self._kills = 0
        self._health = 100
        self._x = 0
        self._running = True
        row = self._row(ammunition=50)
        self._tally = EpisodeRecorder(row, 0)
        return self._observation(row)

    def act(self, action: Action) -> Observation | None:
        """Perform an action and return the next observation, or None when the episode has ended."""
        if not self._started:
            raise EngineCrashed("no game is running: start the engine first")
        if not self._running or self._tally is None:
            raise RuntimeError("no episode is running: call begin first")
        buttons, tics, written = self._checked(action)
        if self._played == self._crash_at:
            self._started = False
            raise EngineCrashed(f"the engine is scripted to crash at decision {self._played}")
        self._played += 1
        if buttons.index(max(buttons)) == self._expected_button:
            self._kills += 1
        else:
            self._health -= self._state >> 8 & 7
        for value in buttons:
            self._state = _mixed(self._state, hash(value))
        self._tic += tics
        self._x += tics
        self._decided += 1
        row = self._row(ammunition=50 - self._decided)
        self._tally.add(written, row, self._tic)
        over = self._decided >= self._decisions or self._tic >= self._facts.timeout or self._health <= 0
        self._running = not over
        if over:
            self._recorded = f"scripted {self._state:016x} {self._decided}".encode()
        return None if over else self._observation(row)

    def measures(self) -> Measures:
        """Return the episode's measures so far; final once `act` has returned None."""
        if self._tally is None:
            raise RuntimeError("no measures are available: call begin first")
        return self._tally.measures(float(self._kills))

    def trajectory_sha256(self) -> str:
        """Return the SHA-256 over every decision so far."""
        if self._tally is None:
            raise RuntimeError("no episode was played: call begin first")
        return self._tally.trajectory_sha256()

    def actions(self) -> bytes:
        """Return the episode's actions so far."""
        if self._tally is None:
            raise RuntimeError("no episode was played: call begin first")
        return self._tally.actions()

    def history(self) -> NDArray[np.float64]:
        """Return the variables of the episode's decisions so far."""
        if self._tally is None:
            raise RuntimeError("no episode was played: call begin first")
        return self._tally.history()

    def draw(self, *, in_full: bool) -> None:
        """Record the argument in `asked_to_draw`."""
        self.asked_to_draw.append(in_full)

    def screen(self) -> NDArray[np.uint8]:
        """Return a grey that encodes the monster's position."""
        width, height = self._facts.resolution
        return np.full((height, width), 10 * self._expected_button, dtype=np.uint8)

    def recording(self) -> bytes | None:
        """Return bytes that identify the last finished episode, or None unless started with `record`."""
        return self._recorded if self._record else None

    def close(self) -> None:
        """End the game."""
        self._started = self._running = False

    @property
    def _expected_button(self) -> int:
        return self._state % len(self._facts.buttons)

    def _row(self, *, ammunition: int) -> NDArray[np.float64]:
        known = {
            "KILLCOUNT": self._kills,
            "HEALTH": self._health,
            "HITCOUNT": self._kills,
            "DAMAGECOUNT": 10 * self._kills,
            "DAMAGE_TAKEN": 100 - self._health,
            "DEAD": self._health <= 0,
            "SELECTED_WEAPON": 2,
            "SELECTED_WEAPON_AMMO": ammunition,
            "AMMO2": ammunition,
            "ATTACK_READY": 1,
            "POSITION_X": self._x,
            "ANGLE": self._expected_button * 360 / len(self._facts.buttons),
        }
        return np.array([float(known.get(name, 0.0)) for name in self._facts.variables])

    def _observation(self, row: NDArray[np.float64]) -> Observation:
        width, height = self._facts.resolution
        left = self._expected_button * width // len(self._facts.buttons)
        monster = SeenObject(
            self._kills, "Demon", "enemy", left, height // 2, 10, 20, (100.0, float(left), 0.0), (0.0, 0.0, 0.0)
        )
        return Observation(
            row,
            self._tic,
            [monster] if self._needs.objects else (),
            self.screen() if self._needs.screen else None,
        )
