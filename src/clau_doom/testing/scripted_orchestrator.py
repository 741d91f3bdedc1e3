"""An orchestrator without a disk, engines or limits: real runs on instant episodes, kept in memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import uuid4

from clau_doom.config import ExperimentConfig, StoredExperiment, config_from_yaml, to_yaml
from clau_doom.domain import Fitness, Gene, GenomeSpace, parse_agent_id
from clau_doom.domain.commands import AgentCommand, Command, CommandDone
from clau_doom.domain.events import ExperimentCancelled, RecordedEvent
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.errors import ExperimentDone, ExperimentExists, ExperimentNotFound, ShutdownRequested, WrongState
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_backend import Disturb, ScriptedBackend

__all__ = ["SCRIPTED_SPACE", "ScriptedOrchestrator"]

SCRIPTED_SPACE = GenomeSpace(
    (
        Gene.real("courage", 0.0, 1.0),
        Gene.integer("steps", 1, 9),
        Gene.choice("weapon", ("fist", "pistol", "shotgun")),
    )
)
"""The genes of every experiment of a `ScriptedOrchestrator`."""


class _Clock:
    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return 0.0


@dataclass
class _Kept:
    """One experiment.

    Attributes:
        store: Its store.
        config: What it was last run with.
        request: The id of the request that started it.
        run: Its run, or None while none is on.
        shutdown: By which the run is stopped.
        ended: Set while none is on.
    """

    store: MemoryStore
    config: ExperimentConfig
    request: str
    run: ExperimentRun | None = None
    shutdown: Shutdown = field(default_factory=Shutdown)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class ScriptedOrchestrator:
    """What the rooms above the orchestration need of it, for their tests. Leaving interrupts what runs."""

    def __init__(self, *, disturb: Disturb | None = None, slots: int = 4) -> None:
        """Make an orchestrator.

        Args:
            disturb: Awaited before an episode ends, as for `ScriptedBackend`; waiting there paces the runs.
            slots: How many episodes of an experiment are played at once.
        """
        self._disturb = disturb
        self._slots = slots
        self._kept: dict[str, _Kept] = {}
        self._draining = False
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Interrupt what runs, and wait for it."""
        self.drain()
        await self._group.__aexit__(kind, error, trace)

    def drain(self) -> None:
        """Take no more work, and have every run end."""
        self._draining = True
        for kept in self._kept.values():
            if kept.run:
                kept.shutdown.request("the server is shutting down", grace=0.0)

    def keep(self, store: MemoryStore, config: ExperimentConfig) -> None:
        """Have an experiment that nobody runs."""
        self._kept[config.name] = _Kept(store, config, "")

    @property
    def draining(self) -> bool:
        """Whether no new work is taken."""
        return self._draining

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Store an experiment and begin its run."""
        self._check_open()
        kept = self._kept.get(config.name)
        if kept and request_id and kept.request == request_id and kept.config == config:
            return await self.experiment(config.name), False
        if kept:
            raise ExperimentExists(f"experiment {config.name} exists already: choose another name")
        experiment = Experiment(
            id=config.name,
            uuid=str(uuid4()),
            seed=config.seed,
            config_yaml=to_yaml(config),
            provenance=Provenance(facts=(("clau-doom", "scripted"),)),
        )
        kept = self._kept[config.name] = _Kept(MemoryStore(experiment), config, request_id)
        await self._begin(kept)
        return await self.experiment(config.name), True

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the experiments, by id."""
        return tuple([await self.experiment(name) for name in sorted(self._kept)])

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return an experiment as it stands."""
        kept = self._find(experiment)
        snapshot = await kept.store.snapshot()
        config = config_from_yaml(snapshot.config_yaml, name=experiment)
        return StoredExperiment(snapshot=snapshot, config=config, state=snapshot.state, last_activity=0.0)

    async def pause(self, experiment: str) -> StoredExperiment:
        """Begin no new episodes of an experiment."""
        await self._running(experiment).pause()
        return await self.experiment(experiment)

    async def resume(self, experiment: str) -> StoredExperiment:
        """Go on with an experiment that is paused or interrupted."""
        self._check_open()
        kept = self._find(experiment)
        if kept.run:
            await kept.run.go_on()
        else:
            await self._check_unfinished(experiment)
            await self._begin(kept)
        return await self.experiment(experiment)

    async def cancel(self, experiment: str) -> StoredExperiment:
        """End an experiment for good."""
        kept = self._find(experiment)
        if kept.run:
            kept.run.cancel()
            await kept.ended.wait()
        else:
            await self._check_unfinished(experiment)
            await kept.store.append([ExperimentCancelled()], running_seconds=0.0)
        return await self.experiment(experiment)

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command."""
        name = parse_agent_id(command.agent)[0] if isinstance(command, AgentCommand) else command.experiment
        if self._find(name).run is None:
            await self._check_unfinished(name)
        return await self._running(name).control(command)

    def events(self, experiment: str, after: int) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, until the run has ended."""
        return self._find(experiment).store.events(after, follow=True)

    def space(self, config: ExperimentConfig) -> GenomeSpace:  # noqa: ARG002 - every policy has the same here
        """Return the genes."""
        return SCRIPTED_SPACE

    def _find(self, experiment: str) -> _Kept:
        if experiment not in self._kept:
            raise ExperimentNotFound(f"there is no experiment {experiment!r}")
        return self._kept[experiment]

    def _running(self, experiment: str) -> ExperimentRun:
        run = self._find(experiment).run
        if run is None:
            raise WrongState(f"experiment {experiment} is not running")
        return run

    def _check_open(self) -> None:
        if self._draining:
            raise ShutdownRequested("the server is shutting down")

    async def _check_unfinished(self, experiment: str) -> None:
        state = (await self.experiment(experiment)).state
        if state.final:
            raise ExperimentDone(f"experiment {experiment} is {state.value}")

    async def _begin(self, kept: _Kept) -> None:
        kept.shutdown = Shutdown()
        run = ExperimentRun(
            kept.config,
            to_yaml(kept.config),
            space=SCRIPTED_SPACE,
            fitness=Fitness.named("reward"),
            store=kept.store,
            backend=ScriptedBackend(slots=self._slots, disturb=self._disturb),
            shutdown=kept.shutdown,
            clock=_Clock(),
        )
        await run.begin()
        kept.run = run
        kept.ended.clear()
        self._group.create_task(self._play(kept, run))

    async def _play(self, kept: _Kept, run: ExperimentRun) -> ExperimentState:
        try:
            return await run.run()
        finally:
            kept.run = None
            kept.ended.set()
