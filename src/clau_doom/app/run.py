"""Runs of planned experiments: creation of the store, the backend and the run."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

from clau_doom.access import PrivatePaths
from clau_doom.app.input_copies import copy_inputs
from clau_doom.app.run_environment import collect_environment
from clau_doom.app.run_plan import Plan
from clau_doom.app.tracking.run_trackers import tracked_run
from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.backends.provider import BackendContext, provider_of
from clau_doom.config import ExperimentConfig, importing_from, to_yaml
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import ExperimentExists, ShutdownRequested
from clau_doom.events import NatsBus, Relay
from clau_doom.orchestration import ExperimentRun, ReaderHealth, Shutdown
from clau_doom.ports import EvaluationBackend, EventBus, ExperimentStore
from clau_doom.storage import ExperimentFolder, ExperimentFolders

__all__ = [
    "SystemClock",
    "create_experiment",
    "host_run",
    "make_backend",
    "open_run",
]

_RELAY_GRACE = 5.0


class SystemClock:
    """Clock of the machine."""

    def monotonic(self) -> float:
        """Return the seconds of a clock that never goes back."""
        return time.monotonic()


def create_experiment(plan: Plan, *, uuid: str | None = None) -> ExperimentFolder:
    """Store a new experiment.

    Raises:
        ExperimentExists: The name is taken.
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
    return ExperimentFolders(plan.output_dir).create(experiment, copy_inputs(plan.space, plan.scenario, plan.start))


@asynccontextmanager
async def open_run(
    plan: Plan, shutdown: Shutdown, readers: ReaderHealth | None = None
) -> AsyncIterator[tuple[ExperimentStore, ExperimentRun]]:
    """Create or open an experiment, start its workers, and yield its store and its run.

    A new experiment is removed if its start fails before its first agents. Its name is free again.

    Args:
        plan: Plan of the run.
        shutdown: Shutdown of the run.
        readers: Records failures of trackers and of the relay to NATS. None: they are only logged.

    Raises:
        ExperimentExists: A stored experiment has the name of the new one.
        ExperimentBusy: Another process runs the experiment.
        InfrastructureFailed: The workers do not start.
        ShutdownRequested: A stop was requested before the workers started.
        BusUnavailable: NATS is configured, but no server responds.
    """
    readers = readers or ReaderHealth()
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(NatsBus(plan.nats)) if plan.nats.enabled else None
        if not plan.resume:
            create_experiment(plan)
            stack.push_async_exit(partial(_discard_if_failed, plan))
        store, run = await stack.enter_async_context(host_run(plan, shutdown))
        if bus is not None:
            await stack.enter_async_context(_relayed(store, bus, PrivatePaths.of_process(plan.output_dir), readers))
        if plan.trackers:
            name = plan.config.name
            tracked = tracked_run(store, plan.trackers, plan.output_dir, name, health=readers, shutdown=shutdown)
            with importing_from(plan.config.import_paths):  # the tasks of the trackers keep it
                await stack.enter_async_context(tracked)
        yield store, run


async def _discard_if_failed(plan: Plan, kind: type[BaseException] | None, *_: object) -> None:
    """Remove an experiment that failed to start. A stopped experiment is kept and can be resumed."""
    if kind is not None and issubclass(kind, Exception) and not issubclass(kind, ShutdownRequested):
        await asyncio.to_thread(ExperimentFolders(plan.output_dir).discard, plan.config.name)


@asynccontextmanager
async def _relayed(
    store: ExperimentStore, bus: EventBus, private: PrivatePaths, readers: ReaderHealth
) -> AsyncIterator[None]:
    """Publish the events of a run while it lasts.

    At the end, the relay has a limited time. A resume publishes the remaining events.
    """
    experiment = (await store.snapshot()).experiment
    relay = Relay(experiment, store, bus, shown=private.event)
    publishing = readers.keep_reading("relay", experiment.id, relay.run, lambda: relay.published)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(publishing)
        try:
            yield
        finally:
            await asyncio.wait({task}, timeout=_RELAY_GRACE)
            task.cancel()


@asynccontextmanager
async def host_run(
    plan: Plan, shutdown: Shutdown, *, cores: CoreAllocator | None = None
) -> AsyncIterator[tuple[ExperimentStore, ExperimentRun]]:
    """Open a stored experiment, start its workers, and yield its store and its run. Raises like `open_run`."""
    folder = ExperimentFolders(plan.output_dir).open(plan.config.name)
    async with folder.write(keep_recordings=plan.config.execution.record) as store:
        folder.write_config(to_yaml(plan.config))
        async with AsyncExitStack() as stack:
            experiment = (await store.snapshot()).experiment
            if not plan.resume and experiment.config_yaml != to_yaml(plan.config):
                raise ExperimentExists(f"experiment {experiment.id} was created by another process at the same time")
            collecting = asyncio.ensure_future(asyncio.to_thread(collect_environment, _code_folders(plan.config)))
            stack.callback(collecting.cancel)
            backend = make_backend(plan, folder.make_logs(), uuid=experiment.uuid, cores=cores)
            if not await shutdown.run_within_grace(stack.enter_async_context(backend)):
                shutdown.check()
            yield (
                store,
                ExperimentRun(
                    plan.config,
                    to_yaml(plan.config),
                    space=plan.space,
                    fitness=plan.fitness,
                    store=store,
                    backend=backend,
                    shutdown=shutdown,
                    longest_episode=plan.scenario.facts.timeout,
                    clock=SystemClock(),
                    start=[each.genome for each in plan.start],
                    environment=await collecting,
                ),
            )


def _code_folders(config: ExperimentConfig) -> dict[str, Path]:
    """Return the folders with code of the user by role."""
    if not config.import_paths:
        return {"working folder": Path.cwd()}
    return {f"import_paths[{index}]": Path(folder) for index, folder in enumerate(config.import_paths)}


def make_backend(plan: Plan, logs: Path | None, *, uuid: str, cores: CoreAllocator | None = None) -> EvaluationBackend:
    """Return the backend of a plan. The caller enters it.

    Args:
        plan: The plan.
        logs: Folder for the workers' output. None: discard it.
        uuid: UUID of the stored experiment.
        cores: Cores for workers, if they are shared with other runs.
    """
    context = BackendContext(
        config=plan.config, scenario=plan.scenario, facts=plan.worker_facts, uuid=uuid, logs=logs, cores=cores
    )
    with importing_from(plan.config.import_paths):
        return provider_of(plan.config).create(context)
