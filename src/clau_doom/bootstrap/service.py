"""The orchestrator as a service: its experiments, its faces, and their one task group."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from clau_doom.backends.local import Cores
from clau_doom.bootstrap.laboratory import ServerLaboratory
from clau_doom.config import ExperimentConfig
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ClauDoomError, describe
from clau_doom.logs import bound, get_logger
from clau_doom.metrics import Metrics, MetricsServer
from clau_doom.orchestration import Orchestrator, Shutdown
from clau_doom.ports import ExperimentStore
from clau_doom.rpc import RpcServer
from clau_doom.storage import Runs

__all__ = ["Listening", "serve", "token_file"]

_LOOK = 1.0
"""Seconds between two looks at what is no event: workers, the outbox."""

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where a service is reached.

    Attributes:
        grpc: Host and port of the gRPC API.
        socket: Its Unix socket, or None.
        metrics: Host and port of the metrics, or None.
        token_file: The file that holds the token.
    """

    grpc: str
    socket: str | None
    metrics: str | None
    token_file: Path


def token_file(config: ExperimentConfig, output_dir: Path) -> Path:
    """Return the file that holds the token of the server of a folder."""
    return Path(config.grpc.token_file) if config.grpc.token_file else Runs(output_dir).token_file


async def serve(
    config: ExperimentConfig, output_dir: Path, shutdown: Shutdown, *, started: Callable[[Listening], None]
) -> None:
    """Serve experiments until somebody asks to stop; go on with those that the last server left running.

    Args:
        config: The service sections, `execution.workers` and `local.pin` are read; the rest is for experiments.
        output_dir: Where experiments are kept; one server at a time.
        shutdown: Who may ask to stop, and how long running episodes may then take.
        started: Called once everything listens.

    Raises:
        FolderBusy: Another process serves the folder.
        AddressTaken: Another program listens on an address.
        ConfigError: A file cannot be used.
    """
    laboratory = ServerLaboratory(config, output_dir)
    with Runs(output_dir).claim():
        async with AsyncExitStack() as stack:
            metrics = Metrics()
            followers = await stack.enter_async_context(_Followers(laboratory, metrics))
            orchestrator = Orchestrator(laboratory, begun=followers.follow)
            await stack.enter_async_context(orchestrator)
            server = RpcServer(
                config.grpc,
                orchestrator,
                token_file=token_file(config, output_dir),
                grace=config.server.grace,
                observe=metrics.rpc,
            )
            await stack.enter_async_context(server)
            shown = await _show(stack, config, metrics, orchestrator)
            await followers.begin(laboratory)
            await orchestrator.resume_all()
            started(
                Listening(
                    grpc=server.address,
                    socket=config.grpc.socket,
                    metrics=shown,
                    token_file=token_file(config, output_dir),
                )
            )
            await _until_drained(orchestrator, shutdown, grace=config.server.grace)


async def _show(
    stack: AsyncExitStack, config: ExperimentConfig, metrics: Metrics, orchestrator: Orchestrator
) -> str | None:
    if not config.metrics.enabled:
        return None
    server = MetricsServer(
        metrics, config.metrics, ready=lambda: "the server is shutting down" if orchestrator.draining else None
    )
    await stack.enter_async_context(server)
    return server.address


async def _until_drained(orchestrator: Orchestrator, shutdown: Shutdown, *, grace: float) -> None:
    """Wait for a request to stop, then for the runs; a second request ends them at once."""
    asked = asyncio.Event()
    with shutdown.telling(asked.set):
        if not shutdown.requested:
            await asked.wait()
        orchestrator.drain(grace=grace)
        if not await shutdown.bound(orchestrator.idle()):
            orchestrator.drain(grace=0.0)
            await orchestrator.idle()


class _Followers:
    """What reads the experiments' logs beside the runs: metrics. A log that cannot be read ends nothing else."""

    def __init__(self, laboratory: ServerLaboratory, metrics: Metrics) -> None:
        self._laboratory = laboratory
        self._metrics = metrics
        self._tasks = asyncio.TaskGroup()
        self._looking: asyncio.Task[None] | None = None
        self._following: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._looking = self._tasks.create_task(self._look(self._laboratory.cores))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (self._looking, *self._following.values()):
            if task is not None:
                task.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def begin(self, laboratory: ServerLaboratory) -> None:
        """Show the experiments that are stored and not run."""
        for name in laboratory.experiments():
            try:
                stored = await laboratory.experiment(name)
            except ClauDoomError:
                continue
            if stored.state is not ExperimentState.RUNNING:
                self._metrics.begin(name, stored.snapshot)

    def follow(self, experiment: str) -> None:
        """Follow a run that has begun."""
        task = self._following[experiment] = self._tasks.create_task(self._follow(experiment))
        task.add_done_callback(lambda done: self._forget(experiment, done))

    def _forget(self, experiment: str, done: "asyncio.Task[None]") -> None:
        if self._following.get(experiment) is done:
            del self._following[experiment]

    async def _follow(self, experiment: str) -> None:
        with bound(experiment=experiment):
            try:
                async with self._laboratory.read(experiment) as store:
                    await self._measure(experiment, store)
            except ClauDoomError as error:
                _log.error("an experiment's log cannot be followed", error=describe(error))

    async def _measure(self, experiment: str, store: ExperimentStore) -> None:
        snapshot = await store.snapshot()
        self._metrics.begin(experiment, snapshot)
        async for recorded in store.events(snapshot.last_sequence, follow=True):
            self._metrics.apply(experiment, recorded)

    async def _look(self, cores: Cores) -> None:
        restarts = 0
        while True:
            self._metrics.workers(busy=cores.busy, total=len(cores.places))
            for _ in range(cores.restarts - restarts):
                self._metrics.worker_restarted()
            restarts = cores.restarts
            await asyncio.sleep(_LOOK)
