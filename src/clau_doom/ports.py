"""The seams of the house: what an engine, a policy, a backend and a store must do.

The rooms below and above need not know which one it is. `tests/contract` holds one suite a port, and every adapter
passes it.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentRef, Episode, Evaluation, Genome, GenomeSpace, Measures, Purpose
from clau_doom.domain.events import Event, RecordedEvent
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary

__all__ = [
    "Action",
    "Clock",
    "Decide",
    "Engine",
    "EpisodeTask",
    "EvaluationBackend",
    "ExperimentStore",
    "Needs",
    "Observation",
    "Policy",
    "Repeating",
    "ScenarioFacts",
    "SeenObject",
    "Snapshot",
    "StoredExperiment",
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
    """

    purpose: Purpose
    agent: str
    genome: Genome
    number: int
    seed: int
    attempt: int = 1
    baseline: bool = False


class EvaluationBackend(AbstractAsyncContextManager["EvaluationBackend"], Protocol):
    """Where episodes are played. Entering starts its workers; leaving ends them, with everything they started.

    It neither schedules nor retries: it plays what it is given, at most `slots` episodes at once.
    """

    @property
    def slots(self) -> int:
        """How many episodes it takes at once; it may change from one episode to the next."""
        ...

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode. Cancelling ends it at once and leaves the backend usable.

        Raises:
            PolicyFailed: The agent's own fault (`PolicyTimedOut` when it was still deciding at the deadline).
            InfrastructureFailed: Nobody's fault: the worker was replaced, and the episode may be played again.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that is needed to show an experiment, or to go on with it, read in one transaction.

    Attributes:
        experiment: The experiment.
        config_yaml: The configuration that it was last run with.
        state: Where it stands; `RUNNING` is what a killed process leaves behind.
        reason: Why it was interrupted or failed, or None.
        generations: The agents' evaluations, by generation and index; the last generation's may be unfinished
            (status `PENDING`).
        summaries: The finished generations.
        episodes: Finished training episodes by agent, sorted by number, recordings left out.
        judging: Finished validation and held-out episodes, by (purpose, agent id), sorted by number.
        champion: The champion's place and its validation fitness, once chosen.
        paused: The agents of the last generation whose episodes wait until they are resumed, by index.
        injected: Genomes that wait for the generation that is to start next, in the order given.
        deviations: What made the history depend on time or luck.
        last_sequence: The sequence of the last event.
        running_seconds: Time spent running, over all resumes.
    """

    experiment: Experiment
    config_yaml: str
    state: ExperimentState
    reason: str | None
    generations: tuple[tuple[Evaluation, ...], ...]
    summaries: tuple[GenerationSummary, ...]
    episodes: dict[AgentRef, tuple[Episode, ...]] = field(default_factory=dict)
    judging: dict[tuple[Purpose, str], tuple[Episode, ...]] = field(default_factory=dict)
    champion: tuple[AgentRef, float] | None = None
    paused: tuple[AgentRef, ...] = ()
    injected: tuple[Genome, ...] = ()
    deviations: Deviations = field(default_factory=Deviations)
    last_sequence: int = 0
    running_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StoredExperiment:
    """An experiment as it stands, for whoever shows it.

    Attributes:
        snapshot: What the store holds.
        config: The configuration that it was last run with.
        state: The snapshot's; `INTERRUPTED` where a killed process left `RUNNING` behind.
        last_activity: When the store was last written to, in seconds since the epoch.
    """

    snapshot: Snapshot
    config: ExperimentConfig
    state: ExperimentState
    last_activity: float


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

    def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more until a final state or close."""
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...
