"""Orchestrator as a service, with gRPC API, dashboard, metrics and commands over NATS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from clau_doom.access import AuditedOrchestrator, Authenticator, PrivatePaths, acting
from clau_doom.app.dashboard_artifacts import FolderArtifactStore
from clau_doom.app.event_log_consumers import EventLogConsumers
from clau_doom.app.folder_repository import FolderRepository
from clau_doom.app.token_and_audit_files import audit_log, token_files
from clau_doom.app.tracking.run_trackers import followers_of
from clau_doom.app.tracking.tracker_follower import TrackerFollower
from clau_doom.config import ExperimentConfig, importing_from
from clau_doom.events import NatsBus, accepting_commands
from clau_doom.http_server import HttpServer
from clau_doom.metrics import MetricsCollector, MetricsServer
from clau_doom.orchestration import Orchestrator, ReaderHealth, ShieldedTasks, Shutdown
from clau_doom.rpc import RpcServer
from clau_doom.storage import ExperimentFolders
from clau_doom.trackers import check_tracker_config
from clau_doom.web import WebServer

__all__ = ["RunningService", "ServiceAddresses", "open_service"]


@dataclass(frozen=True, kw_only=True)
class ServiceAddresses:
    """Addresses of a service.

    Attributes:
        grpc: Host and port of the gRPC API.
        socket: Unix socket of the gRPC API, or None.
        metrics: Host and port of the metrics, or None.
        web: URL of the dashboard, or None.
        login: One-time link that logs a browser in, or None.
        token_file: File with the token.
    """

    grpc: str
    socket: str | None
    metrics: str | None
    web: str | None
    login: str | None
    token_file: Path


@dataclass(frozen=True, kw_only=True)
class RunningService:
    """Service that listens.

    Attributes:
        addresses: Addresses of its servers.
        orchestrator: Runs the experiments.
        grace: Seconds for running episodes after a request to stop.
    """

    addresses: ServiceAddresses
    orchestrator: Orchestrator
    grace: float

    async def run(self, shutdown: Shutdown) -> None:
        """Wait for a request to stop, then for the end of the runs. A second request ends the runs at once."""
        requested = asyncio.Event()
        with shutdown.on_request(requested.set):
            if not shutdown.requested:
                await requested.wait()
            self.orchestrator.drain(grace=self.grace)
            if not await shutdown.run_within_grace(self.orchestrator.idle()):
                self.orchestrator.drain(grace=0.0)
                await self.orchestrator.idle()


@asynccontextmanager
async def open_service(config: ExperimentConfig, output_dir: Path) -> AsyncIterator[RunningService]:
    """Start all servers, resume the experiments that the last server left running, and yield the service.

    Args:
        config: Configuration of the service, the trackers, `execution.workers` and `local.pin`. Other sections apply to
            experiments only.
        output_dir: Folder of experiments. Only one server can use it at a time.

    Raises:
        FolderBusy: Another process serves the folder.
        AddressTaken: Another program listens on an address.
        BusUnavailable: NATS is configured, but no server responds.
        ConfigError: A file or a tracker cannot be used.
    """
    with importing_from(config.import_paths):
        for tracker in config.trackers:
            check_tracker_config(tracker)
    repository = FolderRepository(config, output_dir)
    authenticator = Authenticator(token_files(config.grpc, output_dir))
    async with AsyncExitStack() as stack:
        stack.enter_context(ExperimentFolders(output_dir).claim())
        metrics = MetricsCollector()
        readers = ReaderHealth(count=metrics.reader_failed)
        bus = await stack.enter_async_context(NatsBus(config.nats)) if config.nats.enabled else None
        private = PrivatePaths.of_process(output_dir)
        trackers = partial(_followers, config, output_dir)
        consumers = EventLogConsumers(repository, metrics, bus, readers, private, trackers=trackers)
        followers = await stack.enter_async_context(consumers)
        orchestrator = Orchestrator(repository, on_begun=followers.follow, readers=readers)
        await stack.enter_async_context(orchestrator)
        parts = _Parts(
            config=config,
            output_dir=output_dir,
            orchestrator=orchestrator,
            audited=AuditedOrchestrator(orchestrator, stack.enter_context(audit_log(output_dir)), private),
            authenticator=authenticator,
            readers=readers,
            metrics=metrics,
        )
        metrics_server = await _open_metrics(stack, parts)
        if bus is not None:
            await stack.enter_async_context(_command_channel(bus, parts))
        followers.catch_up(await orchestrator.experiments())
        # A returning user finds the experiment running again.
        await orchestrator.resume_all()
        rpc_server = await stack.enter_async_context(_rpc_server(parts))
        dashboard = await _open_dashboard(stack, parts)
        parts.listening.set()
        addresses = _addresses(parts, rpc_server, metrics_server, dashboard)
        yield RunningService(addresses=addresses, orchestrator=orchestrator, grace=config.server.grace)


def _followers(config: ExperimentConfig, output_dir: Path, experiment: str) -> tuple[TrackerFollower, ...]:
    with importing_from(config.import_paths):
        return followers_of(config.trackers, output_dir, experiment)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """Parts of a service that its servers share.

    Attributes:
        config: Configuration of the server.
        output_dir: Folder of experiments.
        orchestrator: Runs experiments.
        audited: The orchestrator for clients, with access checks and the audit log.
        authenticator: Checks tokens.
        readers: Failures of the readers of the event log.
        metrics: Prometheus metrics.
        listening: Set once all servers listen.
        servers: HTTP servers that listen.
    """

    config: ExperimentConfig
    output_dir: Path
    orchestrator: Orchestrator
    audited: AuditedOrchestrator
    authenticator: Authenticator
    readers: ReaderHealth
    metrics: MetricsCollector
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    servers: list[HttpServer] = field(default_factory=list)

    def unready(self) -> str | None:
        """Return why the process accepts no work at the moment, or None."""
        if self.orchestrator.draining:
            return "the server is shutting down"
        if not self.listening.is_set():
            return "the server is starting"
        return next((each.trouble for each in self.servers if each.trouble), None)


async def _open_metrics(stack: AsyncExitStack, parts: _Parts) -> MetricsServer | None:
    """Serve metrics and readiness, if configured."""
    config = parts.config.metrics
    if not config.enabled:
        return None
    server = MetricsServer(parts.metrics, config, ready=parts.unready, failures=parts.readers.all)
    parts.servers.append(await stack.enter_async_context(server))
    return server


def _rpc_server(parts: _Parts) -> RpcServer:
    return RpcServer(
        parts.config.grpc,
        parts.audited,
        authenticator=parts.authenticator,
        grace=parts.config.server.grace,
        observe=parts.metrics.rpc,
        readers=parts.readers,
        streaming=parts.metrics.event_stream,
    )


async def _open_dashboard(stack: AsyncExitStack, parts: _Parts) -> WebServer | None:
    config = parts.config
    if not config.web.enabled:
        return None
    artifacts = await stack.enter_async_context(FolderArtifactStore(parts.output_dir))
    shielded = await stack.enter_async_context(ShieldedTasks(grace=config.server.grace))
    server = WebServer(
        config.web,
        parts.audited,
        artifacts=artifacts,
        authenticator=parts.authenticator,
        shielded=shielded,
        starts=True,
        readers=parts.readers,
        streaming=parts.metrics.event_stream,
    )
    parts.servers.append(await stack.enter_async_context(server))
    return server


def _addresses(
    parts: _Parts, rpc_server: RpcServer, metrics_server: MetricsServer | None, dashboard: WebServer | None
) -> ServiceAddresses:
    return ServiceAddresses(
        grpc=rpc_server.address,
        socket=parts.config.grpc.socket,
        metrics=metrics_server.address if metrics_server else None,
        web=dashboard.url if dashboard else None,
        login=dashboard.login_link() if dashboard else None,
        token_file=parts.authenticator.tokens.owner,
    )


def _command_channel(bus: NatsBus, parts: _Parts) -> AbstractAsyncContextManager[None]:
    """Carry out commands from the bus that contain a token."""
    orchestrator, authenticator = parts.audited, parts.authenticator
    verbs = {"pause": orchestrator.pause, "resume": orchestrator.resume, "cancel": orchestrator.cancel}

    async def command(verb: str, experiment: str) -> str:
        return (await verbs[verb](experiment)).state.value

    async def authenticate(token: str | None, note: str) -> AbstractContextManager[None]:
        # NATS does not identify the sender of a message.
        return acting(await authenticator.authenticate(token, transport="nats", peer="nats", address="nats", note=note))

    return accepting_commands(bus, parts.config.nats, command, authenticate)
