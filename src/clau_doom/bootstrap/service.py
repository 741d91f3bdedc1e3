"""The orchestrator as a service: its experiments, its faces, and their one task group."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from clau_doom.bootstrap.followers import Followers
from clau_doom.bootstrap.laboratory import ServerLaboratory
from clau_doom.bootstrap.studio import Studio
from clau_doom.config import ExperimentConfig
from clau_doom.events import NatsBus, obeying
from clau_doom.metrics import Metrics, MetricsServer
from clau_doom.orchestration import Finishing, Orchestrator, ReaderHealth, Shutdown
from clau_doom.rpc import RpcServer, token_of
from clau_doom.storage import Runs
from clau_doom.web import WebServer

__all__ = ["Listening", "serve", "token_file"]


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where a service is reached.

    Attributes:
        grpc: Host and port of the gRPC API.
        socket: Its Unix socket, or None.
        metrics: Host and port of the metrics, or None.
        web: The dashboard's url, or None.
        token_file: The file that holds the token.
    """

    grpc: str
    socket: str | None
    metrics: str | None
    web: str | None
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
        BusUnavailable: NATS is asked for, and no server answers.
        ConfigError: A file cannot be used.
    """
    laboratory, token = ServerLaboratory(config, output_dir), token_file(config, output_dir)
    with Runs(output_dir).claim():
        async with AsyncExitStack() as stack:
            metrics = Metrics()
            readers = ReaderHealth(count=metrics.reader_failed)
            bus = await stack.enter_async_context(NatsBus(config.nats)) if config.nats.enabled else None
            followers = await stack.enter_async_context(Followers(laboratory, metrics, bus, readers))
            orchestrator = Orchestrator(laboratory, begun=followers.follow, readers=readers)
            await stack.enter_async_context(orchestrator)
            shown = await _show(stack, config, metrics, orchestrator, readers)
            if bus is not None:
                await stack.enter_async_context(obeying(bus, config.nats, _Commands(orchestrator).obey))
            followers.begin(await orchestrator.experiments())
            # Who comes back to an experiment finds it run again.
            await orchestrator.resume_all()
            server = RpcServer(
                config.grpc,
                orchestrator,
                token_file=token,
                grace=config.server.grace,
                observe=metrics.rpc,
                readers=readers,
                streaming=metrics.event_stream,
            )
            await stack.enter_async_context(server)
            page = await _open_dashboard(
                stack, config, orchestrator, output_dir=output_dir, token=token, readers=readers, metrics=metrics
            )
            started(
                Listening(
                    grpc=server.address,
                    socket=config.grpc.socket,
                    metrics=shown,
                    web=page,
                    token_file=token,
                )
            )
            await _until_drained(orchestrator, shutdown, grace=config.server.grace)


async def _show(
    stack: AsyncExitStack,
    config: ExperimentConfig,
    metrics: Metrics,
    orchestrator: Orchestrator,
    readers: ReaderHealth,
) -> str | None:
    if not config.metrics.enabled:
        return None
    server = MetricsServer(
        metrics,
        config.metrics,
        ready=lambda: "the server is shutting down" if orchestrator.draining else None,
        failures=readers.all,
    )
    await stack.enter_async_context(server)
    return server.address


async def _open_dashboard(
    stack: AsyncExitStack,
    config: ExperimentConfig,
    orchestrator: Orchestrator,
    *,
    output_dir: Path,
    token: Path,
    readers: ReaderHealth,
    metrics: Metrics,
) -> str | None:
    if not config.web.enabled:
        return None
    studio = await stack.enter_async_context(Studio(output_dir))
    finishing = await stack.enter_async_context(Finishing(grace=config.server.grace))
    server = WebServer(
        config.web,
        orchestrator,
        studio=studio,
        token=lambda: token_of(token),
        finishing=finishing,
        starts=True,
        readers=readers,
        streaming=metrics.event_stream,
    )
    await stack.enter_async_context(server)
    return server.url


class _Commands:
    """What may be asked for over the bus."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._verbs = {"pause": orchestrator.pause, "resume": orchestrator.resume, "cancel": orchestrator.cancel}

    async def obey(self, verb: str, experiment: str) -> str:
        """Carry out a command, and return the state that it led to."""
        return (await self._verbs[verb](experiment)).state.value


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
