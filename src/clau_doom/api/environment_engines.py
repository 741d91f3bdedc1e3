"""Engines of one environment: that of the agent, and a second one for pictures."""

import contextlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import EpisodeOutcome
from clau_doom.errors import EngineCrashed
from clau_doom.game import SCENARIOS, Scenario, Transition, ViewSettings, VizdoomEngine, try_scenario
from clau_doom.ports import Action, Needs, Observation
from clau_doom.worker import CustomMeasure
from clau_doom.worker.custom_measures import with_custom_measures

__all__ = ["PICTURE", "EnvironmentEngines"]

PICTURE = (640, 480)
"""Width and height of pictures for users, in pixels."""

_REMEDY = "call reset to start a new engine"


class EnvironmentEngines:
    """Engines that are started at the first episode, and again after they have ended.

    Pictures come from a second engine, which performs the same actions in colour and at a higher resolution. The
    observations are therefore those of a run.

    Args:
        scenario: Scenario to play.
        needs: Parts of the observations.
        measures: Measures of the user.
        pictures: Whether `picture` is used.
    """

    def __init__(
        self, scenario: Scenario, needs: Needs, *, measures: tuple[CustomMeasure, ...] = (), pictures: bool
    ) -> None:
        self._scenario = scenario
        self._measures = measures
        self._folder = Path(tempfile.mkdtemp(prefix="clau-doom-env-"))
        self._agents = VizdoomEngine(scenario, self._folder / "agent")
        self._viewers: VizdoomEngine | None = None
        self._starts = [(self._agents, needs)]
        if pictures:
            view = ViewSettings(resolution=PICTURE)
            self._viewers = VizdoomEngine(scenario, self._folder / "viewer", view=view)
            self._starts.append((self._viewers, Needs(screen=True)))
        self._running = False
        self._tried = scenario.facts.name in SCENARIOS
        engines = [engine for engine, _ in self._starts]
        self._finalizer = weakref.finalize(self, _end, os.getpid(), engines, self._folder)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._finalizer.alive

    @property
    def processes(self) -> tuple[int, ...]:
        """Process ids of the running engines; empty if the platform does not provide them."""
        found = (engine.process for engine, _ in self._starts)
        return tuple(process.pid for process in found if process is not None)

    def begin(self, seed: int) -> Observation:
        """Begin an episode, in new engines if there are none or one has ended.

        Raises:
            EngineCrashed: An engine does not start or has ended; `begin` can be called again.
        """
        if self._running:
            with contextlib.suppress(EngineCrashed):
                return self._begin(seed)
        self._start()
        try:
            return self._begin(seed)
        except EngineCrashed:
            self._stop()
            raise

    def act(self, action: Action) -> Observation | None:
        """Perform an action in all engines; see `Engine.act`.

        Raises:
            EngineCrashed: An engine has ended; the message has the remedy.
        """
        try:
            seen = self._agents.act(action)
            if self._viewers is not None:
                self._viewers.act(action)
        except EngineCrashed as error:
            self._stop()
            raise EngineCrashed(f"{error}; {_REMEDY}") from error
        return seen

    def transition(self) -> Transition:
        """Return the result of the latest action."""
        return self._agents.transition()

    def outcome(self, seed: int) -> EpisodeOutcome:
        """Return the outcome of the episode on `seed`, which has ended.

        Raises:
            MeasureFailed: A measure of the user raised an error, or its value is not in its declared range.
        """
        engine = self._agents
        return EpisodeOutcome(
            seed=seed,
            measures=with_custom_measures(engine, self._measures),
            trajectory_sha256=engine.trajectory_sha256(),
        )

    def picture(self) -> NDArray[np.uint8]:
        """Return a copy of the picture of the latest observation, uint8, shape (480, 640, 3)."""
        assert self._viewers is not None
        return self._viewers.screen().copy()

    def close(self) -> None:
        """End the engines and remove their folder. Calls after the first have no effect."""
        self._running = False
        self._finalizer()

    def _begin(self, seed: int) -> Observation:
        seen = self._agents.begin(seed)
        if self._viewers is not None:
            self._viewers.begin(seed)
        return seen

    def _start(self) -> None:
        if not self._tried:  # ViZDoom ends Python if the engine ends during its start
            try_scenario(self._scenario)
            self._tried = True
        for engine, needs in self._starts:
            engine.start(needs, record=False)
        self._running = True

    def _stop(self) -> None:
        self._running = False
        for engine, _ in self._starts:
            engine.close()


def _end(owner: int, engines: list[VizdoomEngine], folder: Path) -> None:
    """End engines, except in a forked child process, whose parent still uses them."""
    if os.getpid() != owner:
        return
    for engine in engines:
        engine.close()
    shutil.rmtree(folder, ignore_errors=True)
