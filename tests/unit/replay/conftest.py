"""Performed episodes of the scripted engine, for tests of replays."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.ports import Action, Decide, Frame, Needs, Observation
from clau_doom.replay import Performance, perform
from clau_doom.testing import SCRIPTED_FACTS, ScriptedEngine
from clau_doom.worker import ProgressPage

FACTS = replace(SCRIPTED_FACTS, frame_skip=1)
"""Of one tic an action, so that tic by tic the scripted engine plays the same."""


class Turning:
    """Policy that presses the button in its genome."""

    @property
    def needs(self) -> Needs:
        return Needs(objects=True)

    @property
    def space(self) -> GenomeSpace:
        return GenomeSpace(())

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        def decide(observation: Observation) -> Action:
            pressed = int(genome.values[0])
            observation.variables[:] = -1.0  # a policy may write to what it is shown
            return Action([float(place == pressed) for place in range(3)])

        return decide


class Synthetic:
    """Frames with a grey level that grows by three with each tic; a `FrameSource`."""

    def __init__(self, tics: int, size: tuple[int, int] = (64, 48), held: int = 1) -> None:
        self.tics, self.size, self.held = tics, size, held
        self.asked = 0

    def frames(self) -> Iterator[Frame]:
        width, height = self.size
        for tic in range(self.tics):
            self.asked += 1
            pixels = np.full((height, width, 3), 3 * tic % 256, dtype=np.uint8)
            variables = np.zeros(len(FACTS.variables))
            yield Frame(tic=tic, decision=tic // self.held, variables=variables, pixels=pixels)


@pytest.fixture
def engine() -> Callable[..., ScriptedEngine]:
    """Return a function that starts a scripted engine with rendering."""

    def start(*, decisions: int = 10) -> ScriptedEngine:
        made = ScriptedEngine(FACTS, decisions=decisions)
        made.start(Needs(objects=True, screen=True), record=False)
        return made

    return start


@pytest.fixture
def performed(tmp_path: Path, engine: Callable[..., ScriptedEngine]) -> Callable[..., Performance]:
    """Return a function that performs an episode."""

    def play(*, decisions: int = 10, seed: int = 5, pressed: int = 0) -> Performance:
        with ProgressPage(tmp_path / "phase", create=True) as page:
            return perform(engine(decisions=decisions), Turning(), Genome((float(pressed),)), seed, page)

    return play


@pytest.fixture
def synthetic() -> type[Synthetic]:
    return Synthetic
