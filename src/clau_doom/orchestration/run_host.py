"""Host of the runs of this process: one task for each running experiment."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ClauDoomError, ShutdownRequested
from clau_doom.logs import bound, get_logger
from clau_doom.orchestration.experiment_repository_interface import ExperimentRepository, Planned
from clau_doom.orchestration.experiment_run import ExperimentRun
from clau_doom.orchestration.log_reader_supervision import ReaderHealth
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.ports import ExperimentStore, Glimpse

__all__ = ["SERVER_STOPPED", "LiveRun", "OnBegun", "RunHost"]

SERVER_STOPPED = "the server was stopped"
"""Reason of interrupted runs that the next server resumes automatically."""

OnBegun = Callable[[str, Snapshot], None]
"""Called when a run begins, with the experiment's id and the snapshot before the start.

Readers can follow the log from this snapshot.
"""

_log = get_logger(__name__)


@dataclass(frozen=True, eq=False)
class LiveRun:
    """A running experiment of this process."""

    run: ExperimentRun
    store: ExperimentStore
    shutdown: Shutdown


class RunHost:
    """Runs experiments in tasks. Leaving the context interrupts them and waits for their end."""

    def __init__(self, repository: ExperimentRepository, on_begun: OnBegun, readers: ReaderHealth) -> None:
        """Start without runs.

        Args:
            repository: Repository that opens experiments.
            on_begun: Called when a run begins. Its errors do not stop the run.
            readers: Records the errors of `on_begun`.
        """
        self._repository = repository
        self._on_begun = on_begun
        self._readers = readers
        self._live: dict[str, LiveRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()
        self._grace: float | None = None

    async def __aenter__(self) -> Self:
        """Enter the context without running experiments."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Interrupt the running experiments, and wait for their end."""
        self.drain(grace=0.0)
        await self._group.__aexit__(None, None, None)  # wait for the runs after any error outside them

    @property
    def draining(self) -> bool:
        """Whether new runs are refused."""
        return self._grace is not None

    @property
    def names(self) -> tuple[str, ...]:
        """Sorted ids of the running experiments."""
        return tuple(sorted(self._live))

    def get(self, experiment: str) -> LiveRun | None:
        """Return a running experiment, or None."""
        return self._live.get(experiment)

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return live frames of all running episodes."""
        return tuple([each for name in self.names for each in self._live[name].run.glimpses()])

    def drain(self, *, grace: float) -> None:
        """Refuse new runs, and interrupt the running ones. Running episodes may finish within the grace."""
        self._grace = grace
        for live in self._live.values():
            live.shutdown.request(SERVER_STOPPED, grace=grace)

    def check_accepting(self) -> None:
        """Check that new runs are accepted.

        Raises:
            ShutdownRequested: New runs are refused.
        """
        if self.draining:
            raise ShutdownRequested("the server is shutting down: try again after its restart")

    async def idle(self) -> None:
        """Wait until no experiment runs."""
        while self._tasks:
            await asyncio.wait({*self._tasks.values()})

    async def ended(self, experiment: str) -> None:
        """Wait until the task of a running experiment has ended."""
        await asyncio.wait({self._tasks[experiment]})

    async def begin(self, plan: Planned) -> None:
        """Run a stored experiment, and return when it has begun and accepts commands to its agents."""
        name, begun = plan.config.name, asyncio.get_running_loop().create_future()
        task = self._tasks[name] = self._group.create_task(self._host(plan, begun))

        def forget(done: asyncio.Task[None]) -> None:
            if self._tasks.get(name) is done:  # a resume may have replaced it before this callback
                del self._tasks[name]

        task.add_done_callback(forget)
        try:
            await begun
        except asyncio.CancelledError:
            task.cancel()
            raise
        if live := self._live.get(name):
            await live.run.control.ready.wait()

    async def _host(self, plan: Planned, begun: "asyncio.Future[None]") -> None:
        """Run an experiment to its end. An error before the beginning is set in `begun`; later ones are logged."""
        with bound(experiment=plan.config.name):
            try:
                await self._run(plan, begun)
            except Exception as error:  # the log contains the error; other experiments continue
                if not begun.done():
                    begun.set_exception(error)
                else:
                    _log.error("experiment ended", error=str(error), exc_info=not isinstance(error, ClauDoomError))
            except BaseException:
                with contextlib.suppress(asyncio.InvalidStateError):
                    begun.cancel()
                raise

    async def _run(self, plan: Planned, begun: "asyncio.Future[None]") -> None:
        name, shutdown = plan.config.name, Shutdown()
        async with self._repository.open(plan, shutdown) as (store, run):
            before = await run.begin()
            self._live[name] = LiveRun(run, store, shutdown)
            if self._grace is not None:
                shutdown.request(SERVER_STOPPED, grace=self._grace)
            begun.set_result(None)
            self._notify(name, before)
            try:
                state = await run.run()
            finally:
                del self._live[name]
        _log.info("experiment is no longer running", state=state.value, reason=shutdown.reason)

    def _notify(self, name: str, before: Snapshot) -> None:
        try:
            self._on_begun(name, before)
        except Exception as error:  # readers of the log must not stop the run
            self._readers.failed("start of readers", name, error)
