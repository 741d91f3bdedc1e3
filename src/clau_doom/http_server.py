"""Embedded HTTP server for an ASGI application in the running event loop."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from types import TracebackType
from typing import Any, Self

import uvicorn

from clau_doom.backoff import Backoff
from clau_doom.error_description import describe
from clau_doom.errors import AddressTaken, ConfigError
from clau_doom.http_connections import ConnectionLimits, Connections
from clau_doom.logs import get_logger

__all__ = ["HttpServer", "address_of"]

Application = Callable[..., Any]

_GRACE = 1  # seconds for sending responses during shutdown; then the connections are closed
_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
"""Seconds before the restart of a failed listener; doubled after each failure."""
_STABLE = 60.0
"""Seconds after which a restarted listener counts as healthy."""
_HANDLED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""Errors of `accept` after which asyncio itself retries after one second."""

_log = get_logger(__name__)


class HttpServer:
    """Serves an ASGI application in the running event loop. Enter and leave it in one task.

    After a failure of the listener, the server restarts it on the same port, with growing delays. The rest of the
    process is not affected.
    """

    def __init__(
        self,
        application: Application,
        *,
        section: str,
        host: str,
        port: int,
        limits: ConnectionLimits,
        tls: ssl.SSLContext | None = None,
        pause: float = _SHORTEST_PAUSE,
    ) -> None:
        """Prepare a server; it listens from `__aenter__` on.

        Args:
            application: The ASGI application.
            section: Section of the configuration that holds the address, for error messages.
            host: The host to listen on.
            port: The port; 0: any free port.
            limits: Limits for clients.
            tls: TLS context, or None for plain text.
            pause: Seconds before the first restart of a failed listener.
        """
        self._section = section
        self._pause = pause
        self._host, self._port = host, port
        self._group = asyncio.TaskGroup()
        self._connections = Connections(limits)
        self._config = uvicorn.Config(
            application,
            http=self._connections.factory(tls),  # type: ignore[arg-type] # uvicorn expects a class
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server: _Server | None = None
        self._ending = asyncio.Event()
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        """Reason on one line if the server does not accept connections at the moment, or None."""
        return self._trouble

    @property
    def port(self) -> int:
        """The port that the server listens on; before `__aenter__`, the configured port."""
        return self._port

    @property
    def address(self) -> str:
        """Host and port in the form of a URL."""
        return address_of(self._host, self._port)

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises:
            AddressTaken: Another server listens there.
            ConfigError: The address cannot be used.
        """
        listener = await _listen(self._section, self._host, self._port)
        self._port = listener.getsockname()[1]
        await self._group.__aenter__()
        up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._group.create_task(self._keep_serving(listener, up))
        try:
            await up
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, and finish the responses under way."""
        await self._end()

    async def _end(self) -> None:
        self._ending.set()
        if self._server is not None:
            self._server.should_exit = True
        # No error is passed: the group would wrap the caller's error, and would cancel the server without a clean end.
        await self._group.__aexit__(None, None, None)

    async def _keep_serving(self, listener: "_Listener", up: "asyncio.Future[None]") -> None:
        """Serve until the stop request; restart after earlier failures."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(self._pause, _LONGEST_PAUSE)
        while True:
            began = loop.time()
            error = await self._serve(listener, up)
            if self._ending.is_set():
                return
            if not up.done():
                up.set_exception(error)
                return
            if loop.time() - began > _STABLE:
                backoff.reset()
            self._trouble = f"the {self._section} listener failed and is restarted"
            _log.error("listener failed and is restarted", section=self._section, error=describe(error))
            again = await self._listen_again(backoff)
            if again is None:
                return
            listener = again

    async def _listen_again(self, backoff: Backoff) -> "_Listener | None":
        """Return a new listener, or None after the stop request."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), backoff.next_delay())
            if self._ending.is_set():
                return None
            with suppress(AddressTaken, ConfigError, OSError):
                return await _listen(self._section, self._host, self._port)

    async def _serve(self, listener: "_Listener", up: "asyncio.Future[None]") -> Exception:
        """Serve until the stop request or a failure, and return the failure."""
        server = self._server = _Server(self._config, listener, lambda: self._mark_up(up))
        server.should_exit = self._ending.is_set()
        try:
            await server.serve([listener])
        except Exception as error:
            return error
        finally:
            await self._connections.abort()
            await server.abort()
            listener.close()
        return listener.failure or RuntimeError("it ended unexpectedly")

    def _mark_up(self, up: "asyncio.Future[None]") -> None:
        if not up.done():
            up.set_result(None)
        elif self._trouble:
            _log.info("listener restarted", section=self._section)
        self._trouble = None


class _Listener(socket.socket):
    """Listening socket that detects when it can no longer accept connections.

    Without this class, asyncio logs such an error in a busy loop and does not recover.
    """

    failure: OSError | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        try:
            return super().accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            raise
        except OSError as error:
            if error.errno in _HANDLED:
                raise
            self.failure = error
            raise BlockingIOError from error  # for asyncio: no connection is waiting

    def check(self) -> bool:
        """Return whether the socket still listens; a closed socket may raise no error by itself."""
        try:
            listens = self.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        except OSError as error:
            self.failure = self.failure or error
        else:
            if not listens:
                self.failure = self.failure or OSError(errno.EINVAL, "the socket no longer listens")
        return self.failure is None


class _Server(uvicorn.Server):
    """Uvicorn server without signal handlers, which the orchestrator owns. It releases all its resources."""

    def __init__(self, config: uvicorn.Config, listener: _Listener, up: Callable[[], None]) -> None:
        super().__init__(config)
        self._listener = listener
        self._up = up

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override] # uvicorn's is a generator
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up()

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or not self._listener.check()

    async def abort(self) -> None:
        """Close the remaining connections, and the resources that a cancelled shutdown left open."""
        for server in getattr(self, "servers", ()):
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # asyncio closes sockets in the next iteration of the loop


async def _listen(section: str, host: str, port: int) -> _Listener:
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return _Listener(fileno=socket.create_server(address[:2], family=family).detach())
    except (OSError, UnicodeError) as error:
        where = address_of(host, port)
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise AddressTaken(
                f"{section}: {where} is in use: stop that server, or choose another {section}.port (0: any free port)"
            ) from error
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        problem = f"cannot listen on {where}: {reason}"
        raise ConfigError(f"{section}: {problem}", ((f"{section}.host", problem),)) from error


def address_of(host: str, port: int) -> str:
    """Return host and port in the form of a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
