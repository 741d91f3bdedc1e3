"""`WorkerService`: where workers in containers come in. Nothing is known of who knocks but the token.

A token belongs to one container. Its SHA-256 is kept, and forgotten when somebody shows it: whoever shows it again, or
shows another, is turned away and logged. What is said after that is bytes to everybody here; the session reads them.
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

__all__ = ["Lease", "Stream", "WorkerServer"]

_SERVICE = "claudoom.worker.v1.WorkerService"
_BEARER = "Bearer "
_EACH = 16
"""Refusals that are logged one by one; of those after them each is that doubles their number."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_FRAME),
    ("grpc.max_send_message_length", MAX_FRAME),
    ("grpc.max_concurrent_streams", 4),
    # A container that was cut off or frozen says nothing: ask every five seconds whether it is there.
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 5000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000),
    # Whoever comes in and says nothing, or has nothing more to say, takes up no room.
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_connection_idle_ms", 10_000),
)

_log = get_logger(__name__)


class Stream:
    """The two directions of an attached worker, as bytes."""

    def __init__(self, requests: AsyncIterator[bytes]) -> None:
        self._requests = requests
        self._outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._ended = asyncio.Event()

    async def received(self) -> AsyncIterator[bytes]:
        """Yield what the worker says, one message at a time, until it is gone."""
        try:
            async for data in self._requests:
                yield data
        except (grpc.RpcError, grpc.aio.UsageError):  # it was broken off, here or there
            return
        finally:
            self.close()

    def send(self, data: bytes) -> None:
        """Say something to the worker."""
        self._outgoing.put_nowait(data)

    def close(self) -> None:
        """Say that there is nothing more to come: the worker ends."""
        self._ended.set()
        self._outgoing.put_nowait(None)

    async def outgoing(self) -> AsyncIterator[bytes]:
        """Yield what is to be said."""
        while not self._ended.is_set() and (data := await self._outgoing.get()) is not None:
            yield data


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to attach once.

    Attributes:
        agent: Whose worker it is.
        token: What it shows.
        attached: Its stream, once it has come in.
    """

    agent: str
    token: str = field(repr=False)
    attached: "asyncio.Future[Stream]"


class WorkerServer:
    """Listens while it is entered."""

    def __init__(self, listen: str, *, advertise: str | None = None) -> None:
        """Listen at an address.

        Args:
            listen: host:port; port 0 is any that is free.
            advertise: What containers dial, where it is another.
        """
        self._host, _, self._port = listen.rpartition(":")
        self._advertise = advertise
        names = [self._host, *([advertise.rpartition(":")[0]] if advertise else [])]
        self._certificate = make_certificate(*names)
        self._leases: dict[bytes, Lease] = {}
        self._server: grpc.aio.Server | None = None
        self.endpoint = advertise or listen
        self.refused = 0
        """How many showed a token that is good for nothing."""

    @property
    def certificate(self) -> str:
        """What containers are to trust (PEM)."""
        return self._certificate.certificate.decode()

    async def __aenter__(self) -> Self:
        """Begin to listen.

        Raises:
            ContainerRefused: It cannot listen there.
        """
        _make_room()
        self._server = server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=1024)
        # Bytes: nothing is decoded before the session.
        handler: Any = grpc.stream_stream_rpc_method_handler(self._attach)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"Attach": handler}),))
        credentials = grpc.ssl_server_credentials([(self._certificate.key, self._certificate.certificate)])
        try:
            port = server.add_secure_port(f"{self._host}:{self._port}", credentials)
        except RuntimeError as error:
            raise ContainerRefused(
                f"workers cannot be waited for at {self._host}:{self._port}: it is taken, or no address of this "
                "machine: set docker.listen to one that is (and docker.advertise to how containers reach it)"
            ) from error
        if not self._advertise:
            self.endpoint = f"{self._host}:{port}"
        await server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Break off every stream, and listen no more."""
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
        lease = self._spent(dict(context.invocation_metadata() or ()))
        if lease is None:
            self._refuse(context.peer())
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is not good, or was spent")
        assert lease is not None, "abort raises"
        stream = Stream(requests)
        lease.attached.set_result(stream)
        try:
            async for data in stream.outgoing():
                yield data
        finally:
            stream.close()

    def _refuse(self, peer: str) -> None:
        self.refused += 1
        # Whoever knocks a thousand times a second is not given as many lines of the log.
        if self.refused <= _EACH or self.refused.bit_count() == 1:
            _log.warning("somebody without a good token wanted to be a worker", peer=peer, times=self.refused)

    def _spent(self, metadata: dict[str, str | bytes]) -> Lease | None:
        shown = metadata.get("authorization", "")
        if not isinstance(shown, str) or not shown.startswith(_BEARER):
            return None
        lease = self._leases.pop(sha256(shown.removeprefix(_BEARER).encode()).digest(), None)
        return lease if lease and not lease.attached.done() else None


def _make_room() -> None:
    """Let this process have as many open files as the system grants it.

    A container can come as a thousand connections; where they are all that may be open (1024 is usual), nobody else
    gets in, and no file is opened either.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS grants less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
