"""gRPC server of `WorkerService` that workers in containers connect to with a token.

A token belongs to one container and can be used once. The server keeps only its SHA-256 and deletes it at the first
use. A connection with a used or unknown token is refused and logged. Later messages stay bytes here; the session
decodes them.
"""

import asyncio
import contextlib
import resource
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from types import TracebackType
from typing import Any, Self

import grpc

from clau_doom.backends.docker.certificates import make_certificate
from clau_doom.errors import ContainerRefused
from clau_doom.logs import get_logger
from clau_doom.wire import MAX_FRAME

__all__ = ["Lease", "WorkerServer", "WorkerStream"]

_SERVICE = "claudoom.worker.v1.WorkerService"
_BEARER = "Bearer "
_LOGGED_REFUSALS = 16
"""Number of refusals that are logged one by one. After them, a refusal is logged when the total is a power of two."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_FRAME),
    ("grpc.max_send_message_length", MAX_FRAME),
    ("grpc.max_concurrent_streams", 4),
    # A disconnected or frozen container sends no close. Ping every five seconds to detect it.
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 5000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000),
    # Close connections that complete no handshake or stay idle.
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_connection_idle_ms", 10_000),
)

_log = get_logger(__name__)


class WorkerStream:
    """Both directions of an attached worker's stream, as bytes."""

    def __init__(self, requests: AsyncIterator[bytes]) -> None:
        self._requests = requests
        self._outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._ended = asyncio.Event()

    async def received(self) -> AsyncIterator[bytes]:
        """Yield the worker's messages, one at a time, until the stream ends."""
        try:
            async for data in self._requests:
                yield data
        except (grpc.RpcError, grpc.aio.UsageError):  # cancelled by the worker or by this process
            return
        finally:
            self.close()

    def send(self, data: bytes) -> None:
        """Send a message to the worker."""
        self._outgoing.put_nowait(data)

    def close(self) -> None:
        """End the outgoing messages, so that the worker ends."""
        self._ended.set()
        self._outgoing.put_nowait(None)

    async def outgoing(self) -> AsyncIterator[bytes]:
        """Yield the messages for the worker."""
        while not self._ended.is_set() and (data := await self._outgoing.get()) is not None:
            yield data


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Permission for one worker to attach once.

    Attributes:
        agent: The agent's id.
        token: The token that the worker must send.
        attached: Future of the worker's stream.
    """

    agent: str
    token: str = field(repr=False)
    attached: "asyncio.Future[WorkerStream]"


class WorkerServer:
    """Server that listens while it is entered."""

    def __init__(self, listen: str, *, advertise: str | None = None) -> None:
        """Create a server.

        Args:
            listen: Address as host:port; port 0 selects any free port.
            advertise: Address for the containers, if it differs.
        """
        self._host, _, self._port = listen.rpartition(":")
        self._advertise = advertise
        names = [self._host, *([advertise.rpartition(":")[0]] if advertise else [])]
        self._certificate = make_certificate(*names)
        self._leases: dict[bytes, Lease] = {}
        self._server: grpc.aio.Server | None = None
        self.endpoint = advertise or listen
        self.refused = 0
        """Number of refused connections with an invalid token."""

    @property
    def certificate(self) -> str:
        """Certificate that the containers must trust (PEM)."""
        return self._certificate.certificate.decode()

    async def __aenter__(self) -> Self:
        """Begin to listen.

        Raises:
            ContainerRefused: The server cannot listen at the address.
        """
        _raise_open_file_limit()
        self._server = server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=1024)
        # Keep messages as bytes; the session decodes them.
        handler: Any = grpc.stream_stream_rpc_method_handler(self._attach)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"Attach": handler}),))
        credentials = grpc.ssl_server_credentials([(self._certificate.key, self._certificate.certificate)])
        try:
            port = server.add_secure_port(f"{self._host}:{self._port}", credentials)
        except RuntimeError as error:
            raise ContainerRefused(
                f"cannot listen for workers on {self._host}:{self._port}: it is in use, or not an address of this "
                "machine: set docker.listen to a free one (and docker.advertise to the address for containers)"
            ) from error
        if not self._advertise:
            self.endpoint = f"{self._host}:{port}"
        await server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel every stream, and stop listening."""
        assert self._server is not None, "entered first"
        await self._server.stop(None)

    @contextlib.contextmanager
    def lease(self, agent: str) -> Iterator[Lease]:
        """Let one worker attach while the context lasts."""
        token = secrets.token_urlsafe(32)
        lease = Lease(agent=agent, token=token, attached=asyncio.get_running_loop().create_future())
        digest = sha256(token.encode()).digest()
        self._leases[digest] = lease
        try:
            yield lease
        finally:
            self._leases.pop(digest, None)

    async def _attach(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        lease = self._redeem(dict(context.invocation_metadata() or ()))
        if lease is None:
            self._log_refusal(context.peer())
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is wrong or was used before")
        assert lease is not None, "abort raises"
        stream = WorkerStream(requests)
        lease.attached.set_result(stream)
        try:
            async for data in stream.outgoing():
                yield data
        finally:
            stream.close()

    def _log_refusal(self, peer: str) -> None:
        self.refused += 1
        # Limit the number of log lines for frequent refusals.
        if self.refused <= _LOGGED_REFUSALS or self.refused.bit_count() == 1:
            _log.warning("worker refused: its token is missing or wrong", peer=peer, times=self.refused)

    def _redeem(self, metadata: dict[str, str | bytes]) -> Lease | None:
        shown = metadata.get("authorization", "")
        if not isinstance(shown, str) or not shown.startswith(_BEARER):
            return None
        lease = self._leases.pop(sha256(shown.removeprefix(_BEARER).encode()).digest(), None)
        return lease if lease and not lease.attached.done() else None


def _raise_open_file_limit() -> None:
    """Raise this process's limit of open files to the hard limit.

    A container can open a thousand connections. The usual limit is 1024 open files. At that limit, other containers
    could not connect, and this process could not open files.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS grants less than the reported hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
