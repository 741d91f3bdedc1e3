"""Gymnasium environment with the observations, decisions and seeds of a run. Needs Gymnasium."""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from numpy.typing import NDArray

from clau_doom.api.environment_engines import EnvironmentEngines
from clau_doom.api.episode_seed import LARGEST_SEED, check_seed
from clau_doom.api.observation_arrays import (
    MOST_OBJECTS,
    NAME_BYTES,
    OBJECT_COLUMNS,
    OBJECT_KINDS,
    Arrays,
    action_from_arrays,
    observation_to_arrays,
)
from clau_doom.domain import generator
from clau_doom.errors import ConfigError
from clau_doom.game import Scenario, Transition
from clau_doom.ports import Action, Needs, Observation, ScenarioFacts
from clau_doom.worker import CustomMeasure

__all__ = ["DoomEnv"]

_TICS_A_SECOND = 35
# The engine's variables are 32-bit integers and 16.16 fixed-point numbers.
_VARIABLE_LIMIT = 2.0**31
_MAP_LIMIT = 2.0**15
_RENDER_MODE = "rgb_array"


class DoomEnv(gymnasium.Env[Arrays, Arrays]):
    """Environment of one scenario; `make_env` documents spaces, rewards and ends of episodes.

    Args:
        scenario: Scenario to play.
        needs: Parts of the observations.
        measures: Measures of the user.
        max_objects: Rows of the arrays of objects.
        render_mode: ``rgb_array``, or None.

    Raises:
        ConfigError: `max_objects` or `render_mode` is not valid.
    """

    metadata = {"render_modes": [_RENDER_MODE], "render_fps": _TICS_A_SECOND / 4}  # noqa: RUF012 - Gymnasium's attribute
    observation_space: spaces.Dict
    action_space: spaces.Dict

    def __init__(
        self,
        scenario: Scenario,
        needs: Needs,
        *,
        measures: tuple[CustomMeasure, ...] = (),
        max_objects: int = MOST_OBJECTS,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in {None, _RENDER_MODE}:
            raise ConfigError(f"render_mode is {render_mode!r}: use {_RENDER_MODE!r} or None")
        if max_objects not in range(1, MOST_OBJECTS + 1):
            raise ConfigError(f"max_objects is {max_objects!r}: use 1 to {MOST_OBJECTS}")
        facts = scenario.facts
        self.render_mode = render_mode
        self.metadata = {**type(self).metadata, "render_fps": _TICS_A_SECOND / facts.frame_skip}
        self.observation_space = _observation_space(facts, needs, max_objects)
        self.action_space = _action_space(facts)
        self._facts = facts
        self._needs = needs
        self._max_objects = max_objects
        self._engines = EnvironmentEngines(scenario, needs, measures=measures, pictures=render_mode is not None)
        self._seeds: np.random.Generator | None = None
        self._seed = 0
        self._seen: Observation | None = None
        self._rendered = False

    @property
    def facts(self) -> ScenarioFacts:
        """Names of buttons and variables, and limits of the scenario."""
        return self._facts

    @property
    def engine_processes(self) -> tuple[int, ...]:
        """Process ids of the running engines."""
        return self._engines.processes

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Arrays, Arrays]:
        """Begin an episode, in a new engine if the last one has ended.

        Args:
            seed: Seed of the episode, 0 to 2^32 - 1, such as the seed of a recorded episode. None: the next seed of a
                sequence that depends on the last given seed.
            options: Not used.

        Returns:
            The first observation and `info`.

        Raises:
            ConfigError: The seed is out of range.
            EngineCrashed: The engine does not start.
        """
        if self._engines.closed:
            raise ClosedEnvironmentError("the environment is closed: make a new one")
        given = None if seed is None else check_seed(seed)
        super().reset(seed=given, options=options)
        self._seed = self._next_seed(given)
        self._seen = None
        seen = self._seen = self._engines.begin(self._seed)
        self._rendered = True
        return self._arrays(seen), self._info(seen)

    def step(self, action: Mapping[str, object] | Action) -> tuple[Arrays, float, bool, bool, Arrays]:
        """Perform an action and hold it for its tics.

        Args:
            action: Element of the action space, or an `Action`.

        Returns:
            Observation, reward, `terminated`, `truncated` and `info`. After the end, the variables and the tic are
            final. Objects and screen are those of the last decision, because the engine renders no further one.

        Raises:
            ConfigError: The action is not valid.
            EngineCrashed: The engine has ended; `reset` starts a new one.
            MeasureFailed: The episode has ended, and a measure of the user raised an error or left its range.
            ResetNeeded: No episode is running.
        """
        before = self._seen
        if before is None:
            raise ResetNeeded("no episode is running: call reset first")
        performed = action if isinstance(action, Action) else action_from_arrays(action, self._facts)
        self._seen = None
        seen = self._engines.act(performed)
        transition = self._engines.transition()
        if seen is not None:
            self._seen = seen
            return self._arrays(seen), transition.reward, False, False, self._info(seen)
        last = Observation(transition.variables, transition.tic, before.objects, before.screen)
        end = self._end(transition)
        info = self._info(last) | {"end": end} | self._outcome()
        return self._arrays(last), transition.reward, end != "timeout", end == "timeout", info

    def render(self) -> NDArray[np.uint8] | None:
        """Return the picture of the latest observation, uint8, shape (480, 640, 3); None without a render mode.

        Raises:
            ResetNeeded: No episode was begun.
        """
        if self.render_mode is None:
            return None
        if not self._rendered:
            raise ResetNeeded("there is nothing to render: call reset first")
        return self._engines.picture()

    def close(self) -> None:
        """End the engine. The environment cannot be used any more."""
        self._seen, self._rendered = None, False
        self._engines.close()

    def _next_seed(self, seed: int | None) -> int:
        if seed is not None or self._seeds is None:
            self._seeds = generator(self.np_random_seed, "environment")
        return int(self._seeds.integers(LARGEST_SEED + 1)) if seed is None else seed

    def _arrays(self, seen: Observation) -> Arrays:
        return observation_to_arrays(seen, self._needs, self._max_objects)

    def _info(self, seen: Observation) -> dict[str, Any]:
        value = dict(zip(self._facts.variables, seen.variables.tolist(), strict=True))
        return {"seed": self._seed, "tics": seen.tic, "kills": value["KILLCOUNT"], "health": max(0.0, value["HEALTH"])}

    def _outcome(self) -> dict[str, Any]:
        outcome = self._engines.outcome(self._seed)
        return {"measures": outcome.measures.named(), "trajectory_sha256": outcome.trajectory_sha256}

    def _end(self, transition: Transition) -> str:
        if transition.variables[self._facts.variables.index("DEAD")] != 0.0:
            return "death"
        return "timeout" if transition.timed_out else "scenario"


def _observation_space(facts: ScenarioFacts, needs: Needs, max_objects: int) -> spaces.Dict:
    width, height = facts.resolution
    # The last action of an episode may leave the map, and then counts in full.
    found: dict[str, spaces.Space[Any]] = {
        "variables": spaces.Box(-_VARIABLE_LIMIT, _VARIABLE_LIMIT, (len(facts.variables),), np.float64),
        "tic": spaces.Box(0, facts.timeout + facts.frame_skip, (1,), np.int64),
    }
    if needs.objects:
        low, high = _object_limits(width, height)
        found["objects"] = spaces.Box(np.tile(low, (max_objects, 1)), np.tile(high, (max_objects, 1)), dtype=np.float64)
        found["object_names"] = spaces.Box(0, 255, (max_objects, NAME_BYTES), np.uint8)
        found["object_mask"] = spaces.MultiBinary(max_objects)
    if needs.screen:
        found["screen"] = spaces.Box(0, 255, (height, width), np.uint8)
    return spaces.Dict(found)


def _object_limits(width: int, height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the greatest value of each column of the array of objects."""
    known = {
        "id": (0.0, 2.0**32),
        "kind": (0.0, float(len(OBJECT_KINDS))),
        "x": (0.0, float(width)),
        "width": (0.0, float(width)),
        "y": (0.0, float(height)),
        "height": (0.0, float(height)),
    }
    low, high = zip(*(known.get(column, (-_MAP_LIMIT, _MAP_LIMIT)) for column in OBJECT_COLUMNS), strict=True)
    return np.array(low), np.array(high)


def _action_space(facts: ScenarioFacts) -> spaces.Dict:
    deltas = sum(name.endswith("_DELTA") for name in facts.buttons)
    pressed = len(facts.buttons) - deltas
    found: dict[str, spaces.Space[Any]] = {"tics": spaces.Discrete(facts.frame_skip, start=1)}
    if pressed:
        found["buttons"] = spaces.MultiBinary(pressed)
    if deltas:
        found["deltas"] = spaces.Box(-1.0, 1.0, (deltas,), np.float64)
    return spaces.Dict(found)
