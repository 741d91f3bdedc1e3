"""From a plan to a run: its store, its backend and itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

from clau_doom.access import AuditedOrchestrator, Authenticator, PrivatePaths
from clau_doom.app.access import audit_log, token_files
from clau_doom.app.artifacts import Studio
from clau_doom.app.backends.registry import FACTORIES
from clau_doom.app.catalog.stored import read_experiment
from clau_doom.app.input_files import copy_inputs
from clau_doom.app.plan import Plan
from clau_doom.backends.local import CoreAllocator
from clau_doom.config import GrpcConfig, to_yaml
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import ExperimentExists, ShutdownRequested
from clau_doom.events import NatsBus, Relay
from clau_doom.orchestration import ExperimentRun, Finishing, ReaderHealth, Shutdown, SoloRun
from clau_doom.ports import EvaluationBackend, EventBus, ExperimentStore
from clau_doom.rpc import RpcServer
from clau_doom.storage import RunFolder, Runs
from clau_doom.web import WebServer

__all__ = [
    "SystemClock",
    "create_experiment",
    "host_run",
    "make_backend",
    "make_run",
    "open_run",
    "reachable",
]

_LAST_WORDS = 5.0


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


def create_experiment(plan: Plan, *, uuid: str | None = None) -> RunFolder:
    """Store a new experiment.

    Raises:
        ExperimentExists: Its name is taken.
        ConfigError: A file of the scenario has changed since the plan was made.
    """
    config = plan.config
    experiment = Experiment(
        id=config.name,
        uuid=uuid or str(uuid4()),
        seed=config.seed,
        config_yaml=to_yaml(config),
        provenance=plan.facts,
    )
    return Runs(plan.output_dir).create(experiment, copy_inputs(plan.space, plan.scenario))


@asynccontextmanager
async def open_run(plan: Plan, shutdown: Shutdown) -> AsyncIterator[tuple[ExperimentStore, ExperimentRun]]:
    """Create or open the experiment, start its workers, and yield its store and its run.

    A new experiment whose start fails is removed again: before its first agents, its name is free.

    Raises:
        ExperimentExists: A new experiment has the name of a stored one.
        ExperimentBusy: Another process runs it.
        InfrastructureFailed: The workers do not start.
        ShutdownRequested: The run was to stop before they had started.
        BusUnavailable: NATS is asked for, and no server answers.
    """
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(NatsBus(plan.nats)) if plan.nats.enabled else None
        if not plan.resume:
            create_experiment(plan)
            stack.push_async_exit(partial(_discard_if_failed, plan))
        store, run = await stack.enter_async_context(host_run(plan, shutdown))
        if bus is not None:
            await stack.enter_async_context(_relayed(store, bus, PrivatePaths.of_process(plan.output_dir)))
        yield store, run


async def _discard_if_failed(plan: Plan, kind: type[BaseException] | None, *_: object) -> None:
    """Remove an experiment whose start failed; one that was stopped can be resumed."""
    if kind is not None and issubclass(kind, Exception) and not issubclass(kind, ShutdownRequested):
        await asyncio.to_thread(Runs(plan.output_dir).discard, plan.config.name)


@asynccontextmanager
async def _relayed(store: ExperimentStore, bus: EventBus, private: PrivatePaths) -> AsyncIterator[None]:
    """Publish a run's events beside it; at the end it may take a moment, and a resume publishes what is left."""
    experiment = (await store.snapshot()).experiment
    relay = Relay(experiment, store, bus, shown=private.event)
    publishing = ReaderHealth().keep_reading("relay", experiment.id, relay.run, lambda: relay.published)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(publishing)
        try:
            yield
        finally:
            await asyncio.wait({task}, timeout=_LAST_WORDS)
            task.cancel()


@asynccontextmanager
async def host_run(
    plan: Plan, shutdown: Shutdown, *, cores: CoreAllocator | None = None
) -> AsyncIterator[tuple[ExperimentStore, ExperimentRun]]:
    """Open a stored experiment, start its workers, and yield its store and its run; raises as `open_run` does."""
    folder = Runs(plan.output_dir).open(plan.config.name)
    async with folder.write(keep_recordings=plan.config.execution.record) as store:
        folder.write_config(to_yaml(plan.config))
        async with AsyncExitStack() as stack:
            experiment = (await store.snapshot()).experiment
            if not plan.resume and experiment.config_yaml != to_yaml(plan.config):
                raise ExperimentExists(f"experiment {experiment.id} was created by another process at the same time")
            backend = make_backend(plan, folder.make_logs(), uuid=experiment.uuid, cores=cores)
            if not await shutdown.bound(stack.enter_async_context(backend)):
                shutdown.check()
            yield store, make_run(plan, store, backend, shutdown)


@asynccontextmanager
async def reachable(
    plan: Plan, store: ExperimentStore, run: ExperimentRun, shutdown: Shutdown, *, web: bool
) -> AsyncIterator[WebServer | None]:
    """Let a run be watched and steered through a Unix socket in its folder, for as long as the context lasts.

    Args:
        plan: The run's plan.
        store: Its store.
        run: The run, begun.
        shutdown: Its shutdown.
        web: Serve a dashboard as well, which is yielded.

    Raises:
        AddressTaken: Another program listens on the dashboard's address.
        ConfigError: The dashboard cannot listen there, or a certificate is needed.
    """
    folder = Runs(plan.output_dir).open(plan.config.name)
    authenticator = Authenticator(token_files(GrpcConfig(), plan.output_dir))
    socket = GrpcConfig(socket=str(folder.socket))
    with audit_log(folder.path) as audit:
        solo = AuditedOrchestrator(_solo(plan, store, run, shutdown), audit, PrivatePaths.of_process(plan.output_dir))
        async with RpcServer(socket, solo, authenticator=authenticator, grace=0.0, socket_only=True):
            if not web:
                yield None
                return
            async with Studio(plan.output_dir) as studio, Finishing(grace=0.0) as finishing:
                server = WebServer(
                    plan.web, solo, studio=studio, authenticator=authenticator, finishing=finishing, starts=False
                )
                async with server:
                    yield server


def _solo(plan: Plan, store: ExperimentStore, run: ExperimentRun, shutdown: Shutdown) -> SoloRun:
    name = plan.config.name
    return SoloRun(run, store, shutdown, space=plan.space, stored=lambda: read_experiment(plan.output_dir, name))


def make_backend(plan: Plan, logs: Path | None, *, uuid: str, cores: CoreAllocator | None = None) -> EvaluationBackend:
    """Return the backend that a plan asks for, not yet entered.

    Args:
        plan: The plan.
        logs: A folder for the workers' output, or None to drop it.
        uuid: The stored experiment's.
        cores: The places for workers, where they are shared with others.
    """
    factory = FACTORIES[plan.config.execution.backend]
    return factory(plan, logs, uuid=uuid, cores=cores)


def make_run(plan: Plan, store: ExperimentStore, backend: EvaluationBackend, shutdown: Shutdown) -> ExperimentRun:
    """Return a plan's run on a store and an entered backend."""
    return ExperimentRun(
        plan.config,
        to_yaml(plan.config),
        space=plan.space,
        fitness=plan.fitness,
        store=store,
        backend=backend,
        shutdown=shutdown,
        clock=SystemClock(),
    )
