"""What plays: an engine, the policy that decides in it, and what they say to each other."""

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
    """What a scenario offers, read from its .cfg and .wad without starting an engine.

    Attributes:
        name: The bundled scenario's name, or the .cfg's path.
        buttons: ViZDoom's names of the available buttons, in the order of an action's values.
        variables: ViZDoom's names of the variables in `Observation.variables`, in order.
        frame_skip: The most tics that one action is held for.
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
    """What a policy asks to see; nothing else is computed or rendered.

    Attributes:
        objects: Visible objects, from ViZDoom's labels.
        screen: The screen, as grey levels.
    """

    objects: bool = False
    screen: bool = False


@dataclass(slots=True)
class SeenObject:
    """One visible object, corpses and effects left out. Not frozen: made by the dozen in every decision.

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
    """What a policy sees at one decision; valid until the next one. Not frozen: made at every decision.

    Attributes:
        variables: The values of `ScenarioFacts.variables`, float64, shape (variables,).
        tic: Tics since the episode began.
        objects: Visible objects, nearest box first is not promised; empty unless asked for.
        screen: Grey levels, uint8, shape (height, width), or None unless asked for.
    """

    variables: NDArray[np.float64]
    tic: int
    objects: Sequence[SeenObject] = ()
    screen: NDArray[np.uint8] | None = None


@dataclass(slots=True)
class Action:
    """What a policy does. Not frozen: made at every decision.

    Attributes:
        buttons: One value for each of the scenario's buttons: 0 or 1, or degrees and units for ``*_DELTA`` buttons.
        tics: For how many tics to hold them, 1 to `ScenarioFacts.frame_skip`; 0 means `frame_skip`.
    """

    buttons: Sequence[float]
    tics: int = 0


Decide = Callable[[Observation], Action]
"""One agent in one episode: called once a decision; may keep state, which ends with the episode."""


class Repeating(Protocol):
    """A `Decide` that stands in for an agent that is late, by performing its last action again."""

    @property
    def repeated(self) -> int:
        """How many decisions of the episode were made so: each is a deviation."""
        ...


class Policy(Protocol):
    """How a genome turns observations into actions.

    Made once in each worker and once in the orchestrator, as ``Class(facts, **options)``. Guarantees asked of an
    implementation: the same genome, generator and observations give the same actions; no state is shared between
    episodes; every random draw comes from the generator given. Whatever it raises fails the agent, not the run, but for
    `AgentUnreachable`: that episode is nobody's fault, and played again.
    """

    @property
    def needs(self) -> Needs:
        """What it asks to see."""
        ...

    @property
    def space(self) -> GenomeSpace:
        """The genes that evolution may choose; the same in every process."""
        ...

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the agent for one episode.

        Args:
            genome: One of `space`.
            rng: The episode's own generator, seeded from the episode's seed.
        """
        ...


class Engine(Protocol):
    """One game, started once and used for many episodes. Not thread-safe.

    Raises `EngineCrashed` from any method once the game is gone; a new engine is needed then.
    """

    @property
    def facts(self) -> ScenarioFacts:
        """What the scenario offers."""
        ...

    def start(self, needs: Needs, *, record: bool) -> None:
        """Start the game. `record` holds for all its episodes: the engine hangs when the two kinds are mixed."""
        ...

    def begin(self, seed: int) -> Observation:
        """Begin an episode and return what is seen first."""
        ...

    def act(self, action: Action) -> Observation | None:
        """Perform an action and return what is seen next, or None when the episode has ended.

        Raises:
            PolicyFailed: The action has not one finite value a button, or `tics` is out of range.
        """
        ...

    def measures(self) -> Measures:
        """Return what the episode measures so far; final once `act` has returned None."""
        ...

    def trajectory_sha256(self) -> str:
        """Return the SHA-256, as hexadecimal digits, over every decision of the episode so far.

        Of each decision the variables that it was made on and its action's buttons, as little-endian doubles, then the
        tics that it was to be held for, as a little-endian 64-bit integer.
        """
        ...

    def actions(self) -> bytes:
        """Return the episode's actions so far, one after the other, as the trajectory's hash takes them in."""
        ...

    def draw(self, *, in_full: bool) -> None:
        """Say how a screen that no policy sees is drawn, from the next observation on: for people, or as is cheapest.

        Nothing but `screen` differs by it. An engine begins with the cheapest; what its policy sees is always drawn.
        """
        ...

    def screen(self) -> NDArray[np.uint8]:
        """Return the screen of the last observation, uint8, shape (height, width) in grey or (height, width, 3)."""
        ...

    def recording(self) -> bytes | None:
        """Return the last finished episode's recording, or None unless started with `record`.

        It may be asked for once the next episode has begun, and is cheaper then; an episode that is begun and not
        finished takes it away.
        """
        ...

    def close(self) -> None:
        """End the game; harmless when it is gone already."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One picture of an episode, for people.

    Attributes:
        tic: Tics since the episode began.
        decision: The decision, from 0, whose action is held in this tic.
        variables: The values of `ScenarioFacts.variables` then, float64, shape (variables,).
        pixels: Red, green and blue, uint8, shape (height, width, 3); valid until the next frame.
    """

    tic: int
    decision: int
    variables: NDArray[np.float64]
    pixels: NDArray[np.uint8]


class FrameSource(Protocol):
    """Where the pictures of one episode come from. Guarantees: one a tic, in the order of the game's clock."""

    def frames(self) -> Iterator[Frame]:
        """Yield the episode's frames from its first tic to its last.

        Raises:
            ReplayDiffers: The episode was played before, and this is another one.
            EngineCrashed: The game is gone.
        """
        ...
