"""gRPC server with its addresses, limits, start and shutdown."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
from grpc_health.v1 import health_pb2

from clau_doom.access import Authenticator
from clau_doom.config import GrpcConfig
from clau_doom.logs import get_logger
from clau_doom.orchestration.log_reader_supervision import ReaderHealth
from clau_doom.orchestration.shielded_tasks import ShieldedTasks
from clau_doom.ports import Orchestrator
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2
from clau_doom.rpc.active_calls import ActiveCalls
from clau_doom.rpc.channel import LARGEST_ANSWER
from clau_doom.rpc.event_stream import EventStream
from clau_doom.rpc.handler_wrapper import HandlerWrapper, Method, Observe, Peer, methods_of
from clau_doom.rpc.health import Health
from clau_doom.rpc.listeners import listen_on_host, listen_on_socket
from clau_doom.rpc.reflection import reflection_methods
from clau_doom.rpc.server_tls import server_credentials
from clau_doom.rpc.service import WORKS, OrchestratorService

__all__ = ["RpcServer"]

_OPTIONS: tuple[tuple[str, int], ...] = (
    # Otherwise a second server can listen on the same port, and receives half of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_send_message_length", LARGEST_ANSWER),
    ("grpc.max_concurrent_streams", 256),
    # Silently lost clients are detected, and clients with too frequent keepalive pings are disconnected.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 2),
    # An idle connection is closed; the client opens a new one for its next call.
    ("grpc.max_connection_idle_ms", 300_000),
    # gRPC has no limit for each address; this total limit leaves file descriptors for the rest of the process.
    ("grpc.max_allowed_incoming_connections", 512),
)

_log = get_logger(__name__)


class RpcServer:
    """Serves an orchestrator on the configured addresses between enter and exit.

    The port requires a token. A Unix socket does not, because only its owner can open it. Both are separate gRPC
    servers over one service, so the type of the client's address does not depend on the client's claims.
    Exit refuses new calls and waits for running calls; after the grace time, these are ended. Exit the server after the
    orchestrator, so that streams of events end with their last events.
    """

    def __init__(
        self,
        config: GrpcConfig,
        orchestrator: Orchestrator,
        *,
        authenticator: Authenticator,
        grace: float = 10.0,
        stall: float = 300.0,
        most_calls: int = 1024,
        handshake: float = 10.0,
        observe: Observe | None = None,
        methods: Sequence[Method] = (),
        socket_only: bool = False,
        readers: ReaderHealth | None = None,
        streaming: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Prepare a server.

        Args:
            config: The addresses and the certificate.
            orchestrator: The orchestrator to serve.
            authenticator: Checks the tokens of calls to the port; the owner's token is created if its file is missing.
            grace: Seconds for running calls at shutdown.
            stall: Seconds after which a stream to a client that does not read is ended.
            most_calls: Maximum number of concurrent calls.
            handshake: Seconds for a client's TLS and HTTP/2 handshakes.
            observe: Callback after each call.
            methods: Further methods to serve.
            socket_only: Whether to listen on the configured Unix socket only.
            readers: Counts failures of streams of events.
            streaming: Context that is active while a client receives events.
        """
        self._config = config
        self._authenticator = authenticator
        self._socket_only = socket_only
        self._grace = grace
        self._stall = stall
        self._observe = observe
        self._options = (*_OPTIONS, ("grpc.server_handshake_timeout_ms", int(handshake * 1000)))
        self._active_calls = ActiveCalls(draining=lambda: orchestrator.draining, most=most_calls)
        self._event_stream = EventStream(orchestrator, readers=readers, streaming=streaming)
        self._shielded = ShieldedTasks(grace=grace)
        service = orchestrator_pb2.DESCRIPTOR.services_by_name["OrchestratorService"]
        health = health_pb2.DESCRIPTOR.services_by_name["Health"]
        names = (service.full_name, health.full_name)
        self._methods = (
            *methods_of(service, OrchestratorService(orchestrator, self._event_stream, self._shielded), works=WORKS),
            *methods_of(health, Health(self._active_calls, names), open_=True),
            *reflection_methods(names),
            *methods,
        )
        self._port = 0
        self._stack = AsyncExitStack()

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return self._port

    @property
    def address(self) -> str:
        """The address for clients on this machine."""
        host = self._config.host.strip("[]")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not used to listen
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises:
            ConfigError: A file cannot be used, or the address requires a certificate.
            AddressTaken: Another program listens there.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._event_stream)
            await stack.enter_async_context(self._shielded)
            servers = [] if self._socket_only else [await self._listen(stack)]
            if self._config.socket:
                unix = await stack.enter_async_context(self._server("unix", None))
                stack.enter_context(listen_on_socket(unix, Path(self._config.socket)))
                servers.append(unix)
            for server in servers:
                await server.start()
            stack.push_async_callback(self._drain)
            self._stack = stack.pop_all()
        address = None if self._socket_only else self.address
        _log.info("gRPC server listens", address=address, socket=self._config.socket)
        return self

    async def _listen(self, stack: AsyncExitStack) -> grpc.aio.Server:
        """Return a gRPC server for the port, which requires a token."""
        credentials = server_credentials(self._config)
        self._authenticator.tokens.make()
        peer: Peer = "tcp" if credentials is None else "tls"
        server = await stack.enter_async_context(self._server(peer, self._authenticator))
        self._port = listen_on_host(server, self._config.host, self._config.port, credentials)
        return server

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and return after all calls have ended."""
        await self._stack.aclose()

    async def _drain(self) -> None:
        self._active_calls.stop()
        self._event_stream.stop()
        if not await self._active_calls.idle(self._grace):
            _log.warning("ended running calls", grace=self._grace)

    @asynccontextmanager
    async def _server(self, peer: Peer, authenticator: Authenticator | None) -> AsyncIterator[grpc.aio.Server]:
        wrapper = HandlerWrapper(
            self._active_calls, peer=peer, authenticator=authenticator, observe=self._observe, stall=self._stall
        )
        server = grpc.aio.server(handlers=wrapper.handlers(self._methods), options=self._options)
        try:
            yield server
        finally:
            await server.stop(None)
