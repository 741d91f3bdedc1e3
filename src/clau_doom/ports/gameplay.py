"""Interfaces of engines and policies, and the values that they exchange."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Genome, GenomeSpace, Measures

__all__ = [
    "Action",
    "Decide",
    "Engine",
    "Frame",
    "FrameSource",
    "Needs",
    "Observation",
    "Policy",
    "Repeating",
    "ScenarioFacts",
    "SeenObject",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioFacts:
    """Facts about a scenario, read from its .cfg and .wad files without starting an engine.

    Attributes:
        name: The bundled scenario's name, or the .cfg's path.
        buttons: ViZDoom's names of the available buttons, in the order of an action's values.
        variables: ViZDoom's names of the variables in `Observation.variables`, in order.
        frame_skip: Maximum number of tics for which one action is held.
        timeout: Tics after which an episode ends.
        resolution: The screen's width and height, in pixels.
        doom_skill: 1 (easiest) to 5.
    """

    name: str
    buttons: tuple[str, ...]
    variables: tuple[str, ...]
    frame_skip: int
    timeout: int
    resolution: tuple[int, int]
    doom_skill: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """Observations that a policy uses; nothing else is computed or rendered.

    Attributes:
        objects: Visible objects, from ViZDoom's labels.
        screen: The screen, as grey levels.
    """

    objects: bool = False
    screen: bool = False


@dataclass(slots=True)
class SeenObject:
    """One visible object; corpses and effects are excluded. Not frozen, because many are made in each decision.

    Attributes:
        id: The engine's id of the object, the same while the object lives.
        name: The engine's class name, such as ``Cacodemon`` or ``Medikit``.
        kind: ``enemy``, ``projectile``, ``pickup``, ``hazard`` or ``other``.
        x, y, width, height: Its box on the screen, in pixels, from the top left corner.
        position: (x, y, z) on the map, in map units.
        velocity: (x, y, z), in map units a tic.
    """

    id: int
    name: str
    kind: str
    x: int
    y: int
    width: int
    height: int
    position: tuple[float, float, float]
    velocity: tuple[float, float, float]


@dataclass(slots=True)
class Observation:
    """Observation of one decision, valid until the next one. Not frozen, because one is made in each decision.

    Attributes:
        variables: The values of `ScenarioFacts.variables`, float64, shape (variables,).
        tic: Tics since the episode began.
        objects: Visible objects in no particular order; empty unless requested.
        screen: Grey levels, uint8, shape (height, width); None unless requested.
    """

    variables: NDArray[np.float64]
    tic: int
    objects: Sequence[SeenObject] = ()
    screen: NDArray[np.uint8] | None = None


@dataclass(slots=True)
class Action:
    """Action of a policy. Not frozen, because one is made in each decision.

    Attributes:
        buttons: One value for each of the scenario's buttons: 0 or 1, or degrees and units for ``*_DELTA`` buttons.
        tics: Number of tics to hold them, 1 to `ScenarioFacts.frame_skip`; 0 means `frame_skip`.
    """

    buttons: Sequence[float]
    tics: int = 0


Decide = Callable[[Observation], Action]
"""Decision function of one agent in one episode; its state ends with the episode."""


class Repeating(Protocol):
    """A `Decide` that repeats the last action when a remote agent is late."""

    @property
    def repeated(self) -> int:
        """Number of repeated decisions in the episode; each is a deviation."""
        ...


class Policy(Protocol):
    """Maps observations to actions, parameterised by a genome.

    Created once in each worker and once in the orchestrator, as ``Class(facts, **options)``. Requirements: equal
    genome, generator and observations give equal actions; episodes share no state; every random draw comes from the
    given generator. An exception fails the agent, not the run, except `AgentUnreachable`, which is an infrastructure
    failure: the episode is repeated.
    """

    @property
    def needs(self) -> Needs:
        """Observations that the policy uses."""
        ...

    @property
    def space(self) -> GenomeSpace:
        """The gene space, equal in every process."""
        ...

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the decision function for one episode.

        Args:
            genome: A genome of `space`.
            rng: Generator of the episode, seeded from the episode's seed.
        """
        ...


class Engine(Protocol):
    """Game engine, started once and used for many episodes. Not thread-safe.

    Any method raises `EngineCrashed` after the process of the engine has ended.
    """

    @property
    def facts(self) -> ScenarioFacts:
        """Facts about the scenario."""
        ...

    def start(self, needs: Needs, *, record: bool) -> None:
        """Start the engine. `record` applies to all its episodes, because the engine hangs if both kinds are mixed."""
        ...

    def begin(self, seed: int) -> Observation:
        """Begin an episode and return the first observation."""
        ...

    def act(self, action: Action) -> Observation | None:
        """Perform an action and return the next observation, or None at the end of the episode.

        Raises:
            PolicyFailed: The action does not have one finite value for each button, or `tics` is out of range.
        """
        ...

    def measures(self) -> Measures:
        """Return the measures of the episode so far; final after `act` has returned None."""
        ...

    def trajectory_sha256(self) -> str:
        """Return the SHA-256, as hexadecimal digits, over all decisions of the episode so far.

        For each decision: the observed variables and the action's buttons as little-endian doubles, then the number of
        tics as a little-endian 64-bit integer.
        """
        ...

    def actions(self) -> bytes:
        """Return the episode's actions so far, concatenated, encoded as in the trajectory hash."""
        ...

    def history(self) -> NDArray[np.float64]:
        """Return the variables before each decision of the episode so far, and the last ones in the last row.

        float64, shape (decisions + 1, variables).
        """
        ...

    def draw(self, *, in_full: bool) -> None:
        """Set the rendering of a screen that the policy does not use, from the next observation on.

        With `in_full` it is rendered completely, for display; else as cheaply as possible, which is the default. Only
        `screen` is affected. A screen that the policy uses is always rendered completely.
        """
        ...

    def screen(self) -> NDArray[np.uint8]:
        """Return the screen of the last observation, uint8, shape (height, width) in grey or (height, width, 3)."""
        ...

    def recording(self) -> bytes | None:
        """Return the recording of the last finished episode, or None unless started with `record`.

        The call is cheaper after the next episode has begun. An unfinished episode discards the recording.
        """
        ...

    def close(self) -> None:
        """End the engine; has no effect if it has ended."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One rendered frame of an episode, for display.

    Attributes:
        tic: Tics since the episode began.
        decision: Index of the decision, from 0, whose action is held in this tic.
        variables: The values of `ScenarioFacts.variables` in this tic, float64, shape (variables,).
        pixels: Red, green and blue, uint8, shape (height, width, 3); valid until the next frame.
    """

    tic: int
    decision: int
    variables: NDArray[np.float64]
    pixels: NDArray[np.uint8]


class FrameSource(Protocol):
    """Source of the frames of one episode: one for each tic, in order."""

    def frames(self) -> Iterator[Frame]:
        """Yield the episode's frames from its first tic to its last.

        Raises:
            ReplayDiffers: The replayed episode differs from the recorded one.
            EngineCrashed: The engine has ended.
        """
        ...
