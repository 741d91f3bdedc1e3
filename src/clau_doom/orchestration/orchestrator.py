"""Orchestrator of several experiments in one process, addressed by their ids."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import Self
from uuid import NAMESPACE_OID, uuid4, uuid5
from weakref import WeakValueDictionary

from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain import GenomeSpace, parse_agent_id
from clau_doom.domain.agent_commands import (
    BUDGET_CHANGED,
    UNCHANGED,
    AgentAction,
    BudgetChange,
    Command,
    CommandDone,
    InjectGenome,
)
from clau_doom.domain.events import ExperimentCancelled, RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.error_description import describe
from clau_doom.errors import (
    ClauDoomError,
    ExperimentDone,
    ExperimentExists,
    ShutdownRequested,
    StorageFailed,
    WrongState,
)
from clau_doom.logs import get_logger
from clau_doom.orchestration.experiment_repository_interface import ExperimentRepository
from clau_doom.orchestration.log_reader_supervision import ReaderHealth
from clau_doom.orchestration.run_host import SERVER_STOPPED, LiveRun, OnBegun, RunHost
from clau_doom.ports import Glimpse, StoredExperiment

__all__ = ["Orchestrator"]

_RESUMED = frozenset({SERVER_STOPPED, BUDGET_CHANGED})

_log = get_logger(__name__)


class Orchestrator:
    """Runs experiments concurrently. Leaving the context interrupts running experiments."""

    def __init__(
        self,
        repository: ExperimentRepository,
        *,
        on_begun: OnBegun = lambda _name, _before: None,
        readers: ReaderHealth | None = None,
    ) -> None:
        """Run experiments of a repository.

        Args:
            repository: Repository that plans, stores and opens experiments.
            on_begun: Called when a run begins.
            readers: Failures of the log's readers, which are part of each experiment's state.
        """
        self._repository = repository
        self._readers = readers or ReaderHealth()
        self._runs = RunHost(repository, on_begun, self._readers)
        self._unreadable: dict[str, str] = {}
        # A lock is removed after its last use, because clients may name any number of experiments.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        """Enter the context without running experiments."""
        await self._runs.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Interrupt the running experiments, and wait for their end."""
        await self._runs.__aexit__(kind, error, trace)

    @property
    def draining(self) -> bool:
        """Whether new work is refused."""
        return self._runs.draining

    @property
    def live(self) -> tuple[str, ...]:
        """Ids of the experiments that run in this process."""
        return self._runs.names

    def drain(self, *, grace: float) -> None:
        """Refuse new work, and interrupt running experiments. Running episodes may finish within the grace."""
        self._runs.drain(grace=grace)

    async def idle(self) -> None:
        """Wait until no experiment runs."""
        await self._runs.idle()

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Store an experiment, start it, and return it with a flag: True if it is new.

        Args:
            config: Configuration of the experiment.
            request_id: Idempotency key. Requests with the same key and configuration start one experiment.

        Raises:
            ConfigError: The experiment cannot be run here.
            NotAllowed: A name is not in an allow-list.
            ExperimentExists: The name is taken.
            ShutdownRequested: New work is refused.
        """
        self._runs.check_accepting()
        plan = await asyncio.to_thread(self._repository.plan, config)
        name = plan.config.name
        uuid = str(uuid5(NAMESPACE_OID, f"{request_id}\0{to_yaml(config)}") if request_id else uuid4())
        async with self._lock(name):
            self._runs.check_accepting()
            try:
                await asyncio.to_thread(self._repository.create, plan, uuid)
            except ExperimentExists:
                stored = await self._repository.experiment(name)
                if stored.snapshot.experiment.uuid != uuid:
                    raise _taken(name) from None
                return stored, False
            try:
                await self._runs.begin(plan)
            except ShutdownRequested:
                raise  # the next server resumes it
            except Exception:
                await asyncio.to_thread(self._repository.discard, name)
                raise
            return await self._repository.experiment(name), True

    async def check(self, config: ExperimentConfig) -> GenomeSpace:
        """Check that an experiment could be started, and return its policy's genes. Raises like `start`."""
        self._runs.check_accepting()
        plan = await asyncio.to_thread(self._repository.plan, config)
        if plan.config.name in self._repository.experiments():
            raise _taken(plan.config.name)
        return await asyncio.to_thread(self._repository.space, plan.config)

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the stored experiments, by id. Unreadable experiments are skipped and logged."""
        return (await self.listing())[0]

    async def listing(self) -> tuple[tuple[StoredExperiment, ...], tuple[tuple[str, str], ...]]:
        """Return the stored experiments by id, and the id and error message of each unreadable one."""
        found, unreadable = [], {}
        for name in self._repository.experiments():
            try:
                found.append(await self.experiment(name))
            except ClauDoomError as error:
                unreadable[name] = describe(error)
        for name, reason in unreadable.items():
            if self._unreadable.get(name) != reason:  # log once, because pages poll
                _log.warning("experiment cannot be read", experiment=name, error=reason)
        self._unreadable = unreadable
        return tuple(found), tuple(unreadable.items())

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the current state of an experiment.

        Raises:
            ExperimentNotFound: No experiment has that id.
        """
        return self._with_failures(await self._repository.experiment(experiment))

    def _with_failures(self, stored: StoredExperiment) -> StoredExperiment:
        return replace(stored, reader_failures=self._readers.of(stored.snapshot.experiment.id))

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes of a configuration's policy."""
        return self._repository.space(config)

    async def pause(self, experiment: str) -> StoredExperiment:
        """Pause an experiment. Running episodes finish.

        Raises:
            ExperimentNotFound: No experiment has that id.
            WrongState: The experiment does not run in this process.
        """
        stored = await self._repository.experiment(experiment)
        await self._running(stored).run.control.pause()
        return await self._repository.experiment(experiment)

    async def resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Resume a paused or interrupted experiment. With a new budget, also a running or completed one.

        The budget of a run is fixed. To change the budget, a running experiment is interrupted and resumed. Episodes in
        flight are played again.

        Raises:
            ConfigError: The new budget is invalid.
            ExperimentNotFound: No experiment has that id.
            ExperimentDone: The experiment is over.
            WrongState: The experiment is running, or its `max_duration` is used up.
            ResumeRefused: A value that decides the results has changed, or the number of generations was lowered.
            ShutdownRequested: New work is refused.
        """
        self._runs.check_accepting()
        async with self._lock(experiment):
            live = self._runs.get(experiment)
            if live and change == UNCHANGED:
                await live.run.control.resume()
            else:
                plan = await self._repository.plan_resume(experiment, change)
                if live:
                    live.shutdown.request(BUDGET_CHANGED, grace=0.0)
                    await self._runs.ended(experiment)
                    self._runs.check_accepting()
                    plan = await self._repository.plan_resume(experiment, change)  # it may be completed by now
                await self._runs.begin(plan)
        return await self._repository.experiment(experiment)

    async def check_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Check that an experiment could be resumed, and return it. Raises like `resume`."""
        self._runs.check_accepting()
        stored = await self.experiment(experiment)
        if self._runs.get(experiment) and change == UNCHANGED:
            if stored.state is not ExperimentState.PAUSED:
                raise WrongState(f"experiment {experiment} is running: only paused experiments can be resumed")
        else:
            await self._repository.plan_resume(experiment, change)
        return stored

    async def cancel(self, experiment: str) -> StoredExperiment:
        """Cancel an experiment permanently.

        Raises:
            ExperimentNotFound: No experiment has that id.
            ExperimentDone: The experiment is over already.
        """
        async with self._lock(experiment):
            if live := self._runs.get(experiment):
                live.run.control.cancel()
                await self._runs.ended(experiment)
            else:
                stored = await self._repository.experiment(experiment)
                if stored.state.final:
                    raise ExperimentDone(f"experiment {experiment} is {stored.state.value} already")
                async with self._repository.write(experiment) as store:
                    await store.append([ExperimentCancelled()], running_seconds=stored.snapshot.running_seconds)
        return await self._repository.experiment(experiment)

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command, and return after its events are committed; see `RunControl.execute`.

        Raises:
            ExperimentNotFound: The experiment does not exist.
            AgentNotFound: The agent does not exist.
            WrongState: The experiment is not running, or the command is impossible in the current state.
        """
        if isinstance(command, InjectGenome):
            experiment = command.experiment
        else:
            experiment, _, _ = parse_agent_id(command.agent)
        if live := self._runs.get(experiment):
            return await live.run.control.execute(command)
        stored = await self._repository.experiment(experiment)
        if isinstance(command, InjectGenome) or command.action is not AgentAction.INSPECT:
            self._running(stored)
        assert not isinstance(command, InjectGenome)
        evaluation = stored.snapshot.find(command.agent)
        return CommandDone(sequence=0, evaluation=evaluation, paused=evaluation.agent.ref in stored.snapshot.paused)

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return live views of all running episodes of this process."""
        return self._runs.glimpses()

    async def events(self, experiment: str, after: int = 0) -> AsyncIterator[RecordedEvent]:
        """Yield an experiment's events after a sequence: stored events first, then new events until the run ends.

        Raises:
            ExperimentNotFound: No experiment has that id.
        """
        if live := self._runs.get(experiment):
            with contextlib.suppress(StorageFailed):  # the store is closed after the run; the rest is read below
                async for recorded in live.store.events(after, follow=True):
                    after = recorded.sequence
                    yield recorded
        async with self._repository.read(experiment) as store:
            async for recorded in store.events(after):
                yield recorded

    async def resume_all(self) -> None:
        """Resume the experiments that were running when the last server ended or was killed."""
        async with asyncio.TaskGroup() as group:
            for stored in await self.experiments():
                snapshot = stored.snapshot
                killed = snapshot.state in {ExperimentState.RUNNING, ExperimentState.PENDING}
                if not self._runs.get(snapshot.experiment.id) and (killed or snapshot.reason in _RESUMED):
                    group.create_task(self._try_to_resume(snapshot.experiment.id))

    async def _try_to_resume(self, experiment: str) -> None:
        try:
            await self.resume(experiment)
        except ClauDoomError as error:
            _log.warning("experiment cannot be resumed", experiment=experiment, error=str(error))

    def _lock(self, experiment: str) -> asyncio.Lock:
        return self._locks.setdefault(experiment, asyncio.Lock())

    def _running(self, stored: StoredExperiment) -> LiveRun:
        name = stored.snapshot.experiment.id
        if live := self._runs.get(name):
            return live
        raise WrongState(f"experiment {name} is {stored.state.value} and not running on this server")


def _taken(name: str) -> ExperimentExists:
    return ExperimentExists(f"experiment {name} exists already: choose another name, or use clau-doom resume {name}")
