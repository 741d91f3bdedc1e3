"""The seams of the house: what an engine, a policy, a backend, a store, a bus and an orchestrator must do.

The rooms below and above need not know which one it is. `tests/contract` holds one suite a port, and every adapter
passes it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clau_doom.config import ExperimentConfig, StoredExperiment
from clau_doom.domain import Agent, AgentRef, Episode, Genome, GenomeSpace, Measures, Picture, Purpose
from clau_doom.domain.commands import Command, CommandDone
from clau_doom.domain.events import Event, RecordedEvent
from clau_doom.domain.snapshot import Snapshot

__all__ = [
    "Action",
    "Answer",
    "BusMessage",
    "Clock",
    "Decide",
    "Engine",
    "EpisodeTask",
    "EvaluationBackend",
    "EventBus",
    "ExperimentStore",
    "Frame",
    "FrameSource",
    "Glimpse",
    "Needs",
    "Observation",
    "Orchestrator",
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


@runtime_checkable
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


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeTask:
    """One episode to play.

    Attributes:
        purpose: What it is for.
        agent: The id of the agent, or of the random baseline.
        genome: The agent's genes.
        number: Its place among the agent's episodes of that purpose.
        seed: The engine's seed.
        attempt: From 1.
        baseline: Play the random policy in place of the experiment's.
        actions: Perform these actions (`Episode.actions`) in place of a policy's, where nothing can be claimed.
    """

    purpose: Purpose
    agent: str
    genome: Genome
    number: int
    seed: int
    attempt: int = 1
    baseline: bool = False
    actions: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Glimpse:
    """What can be seen of an episode that is being played now.

    Attributes:
        task: The episode.
        worker: The number of the place where it is played.
        picture: What is seen.
    """

    task: EpisodeTask
    worker: int
    picture: Picture


class EvaluationBackend(AbstractAsyncContextManager["EvaluationBackend"], Protocol):
    """Where episodes are played. Entering starts its workers; leaving ends them, with everything they started.

    It neither schedules nor retries: it plays what it is given, at most `slots` episodes at once. A task that carries
    actions is played by an engine that no agent's code comes near, so that its outcome proves what they lead to.
    """

    @property
    def slots(self) -> int:
        """How many episodes it takes at once; it may change from one episode to the next."""
        ...

    def takes(self, task: EpisodeTask) -> bool:
        """Say whether there is room for an episode now: some play each agent in a place of its own.

        The answer is the same for all episodes of an agent, and changes only when one is begun or has ended.
        """
        ...

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode. Cancelling ends it at once and leaves the backend usable.

        Raises:
            PolicyFailed: The agent's own fault (`PolicyTimedOut` when it was still deciding at the deadline,
                `OutOfMemory` when it took more than it may have, `Forged` when what it claims is not true).
            InfrastructureFailed: Nobody's fault: the worker was replaced, and the episode may be played again.
        """
        ...

    async def end_generation(self, generation: int) -> None:
        """Give back what is held for the agents of a generation, of which nothing more will be asked for now."""
        ...

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return what can be seen of the episodes that are being played, by place, and ask for the next of each.

        What is returned was asked for by the call before: whoever calls regularly sees them move, and while nobody
        calls, nothing is made. What a container shows is a claim like all that it says, and proves nothing.
        """
        ...


class ExperimentStore(Protocol):
    """Where one experiment is kept. One writer (held by a lock), any number of readers, in any process.

    Guarantees: when `append` returns, its events and everything read off them are on the disk, or (on an error) none
    of them is; sequences are gapless and in the order of the calls; a reader sees only what was committed.
    """

    async def append(self, events: Sequence[Event], *, running_seconds: float) -> int:
        """Keep events, with the tables that are read off them, in one transaction; return the last sequence.

        Calls that wait at the same time may share a transaction.

        Raises:
            DiskFull: There is no room; nothing of this call was kept, and the store stays usable.
            StorageFailed: Anything else that went wrong.
        """
        ...

    async def snapshot(self) -> Snapshot:
        """Return the experiment as it stands."""
        ...

    async def agent(self, ref: AgentRef) -> Agent:
        """Return one agent.

        Raises:
            AgentNotFound: There is none at that place.
        """
        ...

    async def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return an episode's recording, or None when none was kept."""
        ...

    async def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return what an episode claims to have done, or None where nothing is claimed; kept until it is settled.

        A training episode's are kept until its generation is completed, all others' for good.
        """
        ...

    def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more until a final state or close."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class BusMessage:
    """What is told on a bus.

    Attributes:
        subject: What it is about: tokens with dots between them.
        payload: What it says.
        source: Who tells it: an experiment's UUID; empty for a stranger's message.
        sequence: Its place among what the source tells: 1, 2, 3, ...
    """

    subject: str
    payload: bytes
    source: str
    sequence: int

    @property
    def id(self) -> str:
        """What tells it from every other message, and what makes two copies of it one."""
        return f"{self.source}:{self.sequence}"


Answer = Callable[[str, bytes], Awaitable[bytes]]
"""Answers a request: given its subject and its payload."""


class EventBus(AbstractAsyncContextManager["EventBus"], Protocol):
    """Where events are told to whoever listens. Entering connects it, and raises `BusUnavailable` where it cannot.

    Guarantees: messages are accepted in the order in which they are given, and never one whose predecessor in the same
    call was not. Nobody who listens holds up whoever publishes. A connection that is lost is made again for as long as
    the bus is entered; until then every call raises `BusUnavailable` at once. Patterns are NATS's: ``*`` stands for one
    token, ``>`` at the end for all that follow.
    """

    @property
    def max_payload(self) -> int:
        """The most bytes that a payload may have."""
        ...

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Tell messages, and return once all of them are accepted.

        Raises:
            BusUnavailable: Not all were accepted, as far as this end knows. The first few may have been, and those that
                are still under way may yet be: ask `last_published` before going on.
        """
        ...

    async def last_published(self, source: str, pattern: str) -> int:
        """Return the sequence of the last message that was accepted from a source under a pattern, or 0.

        A bus that keeps messages answers for whatever it keeps, whoever published it; one that does not, for what was
        published through it.

        Raises:
            BusUnavailable: It cannot be asked now.
        """
        ...

    def subscribe(self, pattern: str) -> AbstractAsyncContextManager[AsyncIterator[BusMessage]]:
        """Listen: yield what is told under a pattern while the context lasts, in order.

        What is told while the connection is lost is not seen, and who falls too far behind loses the oldest: sequences
        show it. A message that is published again is seen again.
        """
        ...

    def answer(self, pattern: str, answer: Answer) -> AbstractAsyncContextManager[None]:
        """Answer requests under a pattern while the context lasts, several at once."""
        ...


class Orchestrator(Protocol):
    """Runs experiments, for the faces through which they are asked for.

    What it refuses it says by an error of `clau_doom.errors`, and then nothing has changed.
    """

    @property
    def draining(self) -> bool:
        """Whether it is shutting down: no new work is taken."""
        ...

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Store an experiment and begin its run; return it, and whether this call created it.

        Raises:
            ConfigError: The configuration cannot be used here.
            ExperimentExists: Its name is taken.
            NotAllowed: It names what the server's allow-lists do not hold.
            ShutdownRequested: No new work is taken.
        """
        ...

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the stored experiments, by id."""
        ...

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return an experiment as it stands.

        Raises:
            ExperimentNotFound: There is none of that id.
        """
        ...

    async def pause(self, experiment: str) -> StoredExperiment:
        """Begin no new episodes of an experiment.

        Raises:
            ExperimentNotFound: There is none of that id.
            ExperimentDone: It is over.
            WrongState: It does not run.
        """
        ...

    async def resume(self, experiment: str) -> StoredExperiment:
        """Go on with an experiment that is paused or interrupted; refuses as `pause` does."""
        ...

    async def cancel(self, experiment: str) -> StoredExperiment:
        """End an experiment for good; refuses as `pause` does."""
        ...

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command; return once what it did is committed.

        Raises:
            AgentNotFound, ExperimentNotFound: There is none of that id.
            ExperimentDone, WrongState: It cannot be done now.
            GenerationFull: One injected genome more than fits.
            InvalidGenome: The policy has no such genome.
        """
        ...

    def events(self, experiment: str, after: int) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence: what is there, then what comes; ends when the experiment's run has."""
        ...

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return what can be seen of all episodes that are being played; see `EvaluationBackend.glimpses`."""
        ...

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes that a stored experiment's policy has."""
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...
