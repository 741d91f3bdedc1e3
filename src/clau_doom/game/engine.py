"""ViZDoom implementation of the `Engine` port."""

import contextlib
import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import vizdoom as vzd
from numpy.typing import NDArray

from clau_doom.domain import Measures
from clau_doom.errors import EngineCrashed
from clau_doom.game.engine_launch_script import (
    LAUNCHER,
    LAUNCHES,
    LOG_FILE,
    EngineProcess,
    launched,
    sweep,
    write_launcher,
)
from clau_doom.game.object_kinds import seen_objects
from clau_doom.game.process_liveness import child_deaths, child_has_ended, notice_child_deaths
from clau_doom.game.scenarios import CANONICAL_VARIABLES, Scenario
from clau_doom.game.trajectory_recorder import ActionCheck, EpisodeRecorder
from clau_doom.game.transition import Transition
from clau_doom.ports import Action, Needs, Observation, ScenarioFacts

__all__ = ["ViewSettings", "VizdoomEngine"]

_SMALLEST = (160, 120)
_GONE = (
    vzd.FileDoesNotExistException,
    vzd.MessageQueueException,
    vzd.SharedMemoryException,
    vzd.ViZDoomErrorException,
    vzd.ViZDoomIsNotRunningException,
    vzd.ViZDoomUnexpectedExitException,
)
_COUNTED = [
    CANONICAL_VARIABLES.index(name) for name in ("KILLCOUNT", "HITCOUNT", "DAMAGECOUNT", "DAMAGE_TAKEN", "ITEMCOUNT")
]
# Two files in turns, because the engine completes a recording only when the next episode begins.
_RECORDINGS = ("episode-0.lmp", "episode-1.lmp")
# Recording of an episode that is started only to complete the previous recording.
_SCRATCH = "scratch.lmp"
# Textures of floors and ceilings dominate the cost of rendering and hide no objects. Hiding the weapon would be faster
# still, but changes the ids of objects.
_SPARE, _IN_FULL = "r_drawflat 1", "r_drawflat 0"


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewSettings:
    """Rendering for users, in colour and at a higher resolution than for policies.

    Attributes:
        resolution: Width and height of the screen in pixels; one of ViZDoom's resolutions.
        window: Also show the game in a window, which needs a display.
    """

    resolution: tuple[int, int]
    window: bool = False


class VizdoomEngine:
    """ViZDoom game that is started once and plays many episodes.

    The kernel ends the engine with this process (Linux). The engine does not depend on the thread that calls `start`,
    because ViZDoom starts engines in a thread of its own.

    Args:
        scenario: Scenario to play.
        folder: Private folder of this engine, created if missing; shared memory of dead engines in it is removed.
        view: Render for users: observations have a colour screen, shape (height, width, 3); None for policies.
        console: Write the engine's console output to its log, which then grows with each episode.
    """

    def __init__(
        self, scenario: Scenario, folder: Path, *, view: ViewSettings | None = None, console: bool = False
    ) -> None:
        self._scenario = scenario
        self._view = view
        self._console = console
        self._facts = scenario.facts
        self._folder = folder.absolute()
        self._checked = ActionCheck(len(self._facts.buttons), self._facts.frame_skip)
        self._variables = [getattr(vzd.GameVariable, name) for name in self._facts.variables]
        self._kinds: dict[tuple[str, str], str | None] = {}
        self._game: vzd.DoomGame | None = None
        self._pid: int | None = None
        self._deaths = 0
        self._needs = Needs()
        self._record = False
        self._running = False
        self._first_tic = 0
        self._tally = EpisodeRecorder(np.zeros(len(self._variables)), 0)
        self._state: vzd.GameState | None = None
        self._final: Measures | None = None
        self._path = self._folder / _RECORDINGS[0]
        self._written: Path | None = None
        self._recorded: bytes | None = None

    @property
    def facts(self) -> ScenarioFacts:
        """Facts about the scenario."""
        return self._facts

    @property
    def process(self) -> EngineProcess | None:
        """Process id of the engine, or None if the platform does not provide it."""
        engines = launched(self._folder)
        return engines[-1] if engines else None

    def start(self, needs: Needs, *, record: bool) -> None:
        """Start the game.

        Raises:
            EngineCrashed: The engine does not start; the message ends with its last output.
        """
        self.close()
        self._needs, self._record = needs, record
        self._final, self._written, self._recorded = None, None, None
        try:
            self._furnish()
        except OSError as error:
            raise EngineCrashed(f"the engine did not start: {error}") from error
        game = self._configured()
        try:
            with contextlib.chdir(self._folder):
                game.init()
        except _GONE as error:
            with contextlib.suppress(*_GONE):
                game.close()
            raise EngineCrashed(f"the engine did not start: {error}{self._last_words()}") from error
        self._game = game
        notice_child_deaths()
        self._deaths = child_deaths() - 1  # so that the process is checked at once
        process = self.process
        self._pid = process.pid if process else None
        self.draw(in_full=False)

    def begin(self, seed: int) -> Observation:
        """Begin an episode and return the first observation.

        Raises:
            EngineCrashed: The engine is not running.
        """
        game = self._playing()
        before, self._path = self._path, self._folder / _RECORDINGS[self._path.name == _RECORDINGS[0]]
        try:
            state = self._seeded(game, seed)
            if not self._record and _haunted(state):
                state = self._seeded(game, seed)
        except _GONE as error:
            raise self._crashed(error) from error
        if self._final is None:  # an abandoned episode has overwritten the previous recording
            self._written = self._recorded = None
        elif self._written is None:
            self._written = before
        self._running, self._final = False, None
        if state is None:
            raise EngineCrashed(f"{self._facts.name} ended before its first decision, with seed {seed}")
        self._first_tic = state.tic
        seen = self._observed(state)
        self._tally = EpisodeRecorder(seen.variables, state.tic)
        self._running = True
        return seen

    def act(self, action: Action) -> Observation | None:
        """Perform an action and return the next observation, or None at the end of the episode.

        Raises:
            PolicyFailed: The action does not have one finite value for each button, or `tics` is out of range.
            EngineCrashed: The engine is not running.
        """
        game = self._game
        if game is None or not self._running or self._deaths != child_deaths():
            game = self._playing()
            self._must_run()
        buttons, tics, written = self._checked(action)
        try:
            game.make_action(buttons, tics)
            state: vzd.GameState | None = game.get_state()
            if state is None:
                self._finish(game, written, tics)
                return None
        except _GONE as error:
            raise self._crashed(error) from error
        seen = self._observed(state)
        self._tally.add(written, seen.variables, state.tic)
        return seen

    def measures(self) -> Measures:
        """Return the measures of the episode so far; final after `act` has returned None."""
        if self._final is not None:
            return self._final
        game = self._playing()
        self._must_run()
        return self._tally.measures(game.get_total_reward())

    def transition(self) -> Transition:
        """Return the result of the latest action, which may have ended the episode.

        Raises:
            EngineCrashed: The engine is not running.
        """
        game = self._playing()
        tally = self._tally
        return Transition(
            variables=tally.variables,
            tic=tally.tic - self._first_tic,
            reward=game.get_last_reward(),
            timed_out=game.is_episode_timeout_reached(),
        )

    def trajectory_sha256(self) -> str:
        """Return the SHA-256 over all decisions of the episode so far; see the port."""
        return self._tally.trajectory_sha256()

    def actions(self) -> bytes:
        """Return the episode's actions so far; see the port."""
        return self._tally.actions()

    def history(self) -> NDArray[np.float64]:
        """Return the variables of the episode's decisions so far; see the port."""
        return self._tally.history()

    def draw(self, *, in_full: bool) -> None:
        """Set whether screens that the policy does not use are rendered in full; see the port.

        Raises:
            EngineCrashed: The engine is not running.
        """
        game = self._playing()
        if not self._drawn:
            try:
                game.send_game_command(_IN_FULL if in_full else _SPARE)
            except _GONE as error:
                raise self._crashed(error) from error

    def screen(self) -> NDArray[np.uint8]:
        """Return the screen of the latest observation; see the port."""
        if self._state is None or self._state.screen_buffer is None:
            raise RuntimeError("no observation is available: call begin first")
        return self._state.screen_buffer

    def recording(self) -> bytes | None:
        """Return the recording (.lmp) of the last finished episode, or None if recording is off.

        The engine completes a recording when the next episode begins. An earlier call begins an episode for it.

        Raises:
            EngineCrashed: The engine is not running.
        """
        if not self._record or self._recorded is not None:
            return self._recorded
        game = self._playing()
        try:
            if self._final is not None and self._written is None:
                self._new_episode(game, self._folder / _SCRATCH)
                self._written = self._path
            if self._written is not None:
                self._recorded = self._written.read_bytes()
        except (*_GONE, OSError) as error:
            raise self._crashed(error) from error
        return self._recorded

    def close(self) -> None:
        """End the game. Calls after the end have no effect."""
        game, self._game, self._running = self._game, None, False
        if game is not None:
            if self._record and not self._alive():
                _abandon(game)
            else:
                with contextlib.suppress(*_GONE):
                    game.close()
        self._pid = None
        sweep(self._folder)

    @property
    def _drawn(self) -> bool:
        """Whether each screen is used by a policy or a user."""
        return self._needs.screen or self._view is not None

    def _furnish(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "_vizdoom").mkdir(exist_ok=True)
        # An engine saves its settings, which the next engine would load.
        (self._folder / "_vizdoom.ini").unlink(missing_ok=True)
        if LAUNCHES:
            write_launcher(self._folder, os.getpid())

    def _configured(self) -> vzd.DoomGame:
        scenario, facts, needs, view = self._scenario, self._facts, self._needs, self._view
        width, height = facts.resolution if needs.objects or needs.screen else _SMALLEST
        if view is not None:
            width, height = view.resolution
        game = vzd.DoomGame()
        game.load_config(str(scenario.cfg))
        game.set_mode(vzd.Mode.PLAYER)
        game.set_doom_game_path(str(scenario.game))
        if scenario.wad is not None:
            game.set_doom_scenario_path(str(scenario.wad))
        game.set_doom_map(scenario.map)
        game.set_doom_skill(facts.doom_skill)
        game.set_episode_timeout(facts.timeout)
        game.set_available_game_variables(self._variables)
        game.set_screen_resolution(getattr(vzd.ScreenResolution, f"RES_{width}X{height}"))
        game.set_screen_format(vzd.ScreenFormat.GRAY8 if view is None else vzd.ScreenFormat.RGB24)
        game.set_labels_buffer_enabled(needs.objects)
        for switch_off in (
            game.set_sound_enabled,
            game.set_audio_buffer_enabled,
            game.set_depth_buffer_enabled,
            game.set_automap_buffer_enabled,
            game.set_notifications_buffer_enabled,
            game.set_objects_info_enabled,
            game.set_sectors_info_enabled,
            game.set_render_all_frames,
        ):
            switch_off(False)  # noqa: FBT003 - ViZDoom's signature
        game.set_console_enabled(self._console)
        game.set_window_visible(view is not None and view.window)
        if LAUNCHES:
            game.set_vizdoom_path(str(self._folder / LAUNCHER))
        return game

    def _playing(self) -> vzd.DoomGame:
        if self._game is None:
            raise EngineCrashed("no game is running: start the engine first")
        self._deaths = child_deaths()
        if not self._alive():  # while recording, ViZDoom waits for a dead engine without a time limit
            raise self._crashed(ProcessLookupError(f"its process {self._pid} has ended"))
        return self._game

    def _must_run(self) -> None:
        if not self._running:
            raise RuntimeError("no episode is running: call begin first")

    def _alive(self) -> bool:
        return self._pid is None or not child_has_ended(self._pid)

    def _seeded(self, game: vzd.DoomGame, seed: int) -> vzd.GameState | None:
        game.set_seed(seed)
        self._new_episode(game, self._path)
        state: vzd.GameState | None = game.get_state()
        return state

    def _new_episode(self, game: vzd.DoomGame, recording: Path) -> None:
        if self._record:
            game.new_episode(recording.name)
        else:
            game.new_episode()

    def _finish(self, game: vzd.DoomGame, written: bytes, tics: int) -> None:
        values = np.array([game.get_game_variable(variable) for variable in self._variables])
        # Leaving a map by its exit resets the clock to 0; all tics of that action are counted.
        self._tally.add(written, values, game.get_episode_time() or self._tally.tic + tics)
        self._final = self._tally.measures(game.get_total_reward())
        self._running, self._written, self._recorded = False, None, None

    def _observed(self, state: vzd.GameState) -> Observation:
        values = state.game_variables
        assert values is not None
        self._state = state
        return Observation(
            values,
            state.tic - self._first_tic,
            seen_objects(state.labels or (), self._kinds) if self._needs.objects else (),
            state.screen_buffer if self._needs.screen else None,
        )

    def _crashed(self, error: Exception) -> EngineCrashed:
        self._running = False
        return EngineCrashed(f"the engine is gone: {error}{self._last_words()}")

    def _last_words(self) -> str:
        try:
            lines = (self._folder / LOG_FILE).read_text(errors="replace").split("\n")
        except OSError:
            return ""
        words = " / ".join(line.strip() for line in lines[-6:] if line.strip())
        return f" (output: {words})" if words else ""


def _haunted(state: vzd.GameState | None) -> bool:
    """Return whether an episode begins with a counter above 0.

    Without recording, a shot in flight at the timeout lands when ViZDoom 1.3 begins the next episode, which then counts
    its hit and damage. Starting the episode again removes this effect.
    """
    values = None if state is None else state.game_variables
    return values is not None and bool(values[_COUNTED].any())


def _abandon(game: vzd.DoomGame) -> None:
    """Keep `game` from being destroyed. If its engine died while recording, ViZDoom would wait without a time limit."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(game))
