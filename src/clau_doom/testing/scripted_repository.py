"""Experiment repository in memory, with scripted episodes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from clau_doom.config import ExperimentConfig, check_budget, check_resume, config_from_yaml
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.domain.agent_commands import UNCHANGED, BudgetChange
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ExperimentBusy, ExperimentDone, ExperimentExists, ExperimentNotFound
from clau_doom.orchestration import ExperimentRun, Planned, Shutdown
from clau_doom.ports import EpisodeTask, EvaluationBackend, ExperimentStore, StoredExperiment
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_backend import Disturb, ScriptedBackend
from clau_doom.testing.scripted_run import scripted_run, scripted_store

__all__ = ["ScriptedPlan", "ScriptedRepository"]

_SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0), Gene.real("y", -1.0, 1.0), Gene.choice("mood", ["bold", "shy"])))


@dataclass(frozen=True)
class ScriptedPlan:
    """Plan of a run."""

    config: ExperimentConfig


class _LoopClock:
    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class ScriptedRepository:
    """An `orchestration.ExperimentRepository` in memory. Two with the same stores simulate a server restart.

    Attributes:
        stores: The stored experiments by id.
        may_end: Event that lets episodes end; episodes wait until it is set.
    """

    def __init__(
        self,
        *,
        stores: dict[str, MemoryStore] | None = None,
        slots: int = 2,
        disturb: Disturb | None = None,
        refuse: Callable[[ExperimentConfig], Exception | None] = lambda _: None,
    ) -> None:
        """Create a repository.

        Args:
            stores: Stores of another repository, or None.
            slots: Maximum number of episodes of each experiment at once.
            disturb: See `ScriptedBackend`.
            refuse: Returns the error of planning a configuration, or None.
        """
        self.stores = {} if stores is None else stores
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._slots = slots
        self._disturb = disturb
        self._refuse = refuse
        self._open: set[str] = set()

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return two real genes and a choice."""
        del config
        return _SPACE

    def plan(self, config: ExperimentConfig) -> ScriptedPlan:
        """Return the plan of a new experiment, or raise the error of `refuse`."""
        if error := self._refuse(config):
            raise error
        return ScriptedPlan(config)

    async def plan_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> ScriptedPlan:
        """Return the plan to resume a stored experiment, optionally with a new budget."""
        stored = await self.experiment(experiment)
        snapshot, name = stored.snapshot, f"the stored configuration of {experiment}"
        config = config_from_yaml(snapshot.config_yaml, name=name, overrides=change.overrides)
        check_resume(stored.config, config)
        more = stored.state is ExperimentState.COMPLETED and not config.evolution_budget.used_up(snapshot.summaries)
        if stored.state.final and not more:
            raise ExperimentDone(f"experiment {experiment} is {stored.state.value}")
        check_budget(config, snapshot.running_seconds)
        return ScriptedPlan(config)

    def create(self, plan: Planned, uuid: str) -> None:
        """Store a new experiment."""
        config = plan.config
        if config.name in self.stores:
            raise ExperimentExists(f"experiment {config.name} exists already")
        self.stores[config.name] = scripted_store(config, uuid=uuid)

    def discard(self, experiment: str) -> None:
        """Remove an experiment whose start failed."""
        del self.stores[experiment]

    @asynccontextmanager
    async def open(self, plan: Planned, shutdown: Shutdown) -> AsyncIterator[tuple[ExperimentStore, ExperimentRun]]:
        """Open a stored experiment for a single run, with a scripted backend."""
        config, store = plan.config, self._store(plan.config.name)
        if config.name in self._open:
            raise ExperimentBusy(f"experiment {config.name} is running")
        self._open.add(config.name)
        backend: EvaluationBackend = ScriptedBackend(slots=self._slots, disturb=self._wait)
        try:
            async with backend:
                run = scripted_run(config, store, backend, space=_SPACE, shutdown=shutdown, clock=_LoopClock())
                yield store, run
        finally:
            self._open.remove(config.name)

    def write(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for writing, without playing episodes."""
        return nullcontext(self._store(experiment))

    def read(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for reading."""
        return nullcontext(self._store(experiment))

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the current state of a stored experiment."""
        snapshot = await self._store(experiment).snapshot()
        abandoned = snapshot.state is ExperimentState.RUNNING and experiment not in self._open
        config = config_from_yaml(snapshot.config_yaml, name=f"the stored configuration of {experiment}")
        state = ExperimentState.INTERRUPTED if abandoned else snapshot.state
        return StoredExperiment(snapshot=snapshot, config=config, state=state, last_activity=0.0)

    def experiments(self) -> Sequence[str]:
        """Return the ids of the stored experiments, sorted."""
        return tuple(sorted(self.stores))

    def _store(self, experiment: str) -> MemoryStore:
        try:
            return self.stores[experiment]
        except KeyError:
            raise ExperimentNotFound(f"no experiment {experiment} in the repository") from None

    async def _wait(self, task: EpisodeTask) -> None:
        await self.may_end.wait()
        if self._disturb is not None:
            await self._disturb(task)
