"""A web server that is a guest in the running event loop: it takes no signals, and leaves nothing behind."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

import uvicorn

from clau_doom.errors import AddressTaken, ConfigError

__all__ = ["HttpServer", "address_of"]

Application = Callable[..., Any]

_GRACE = 1  # seconds for what is being sent at the end; a client that reads nothing is cut off


class HttpServer:
    """Serves an ASGI application in the running event loop. Enter and leave it in one task.

    When serving fails, the task that entered it is cancelled, and leaving raises the cause in a group, as a task group
    does.
    """

    def __init__(
        self,
        application: Application,
        *,
        section: str,
        host: str,
        port: int,
        connections: int,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """Prepare a server; nothing listens before it is entered.

        Args:
            application: What answers.
            section: The configuration's section that says where to listen, for the errors' texts.
            host: Where to listen.
            port: The port; 0: any that is free.
            connections: How many clients it answers at once.
            tls: Makes what connections are encrypted by, or None for plain text.
        """
        self._section = section
        self._host, self._port = host, port
        self._group = asyncio.TaskGroup()
        config = uvicorn.Config(
            application,
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=connections,
            timeout_graceful_shutdown=_GRACE,
            ssl_context_factory=(lambda _config, _default: tls()) if tls else None,
        )
        self._server = _Server(config)

    @property
    def port(self) -> int:
        """The port that it listens on; before it is entered, the configured one."""
        return self._port

    @property
    def address(self) -> str:
        """Host and port, as they stand in a url."""
        return address_of(self._host, self._port)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            AddressTaken: Another server listens there.
            ConfigError: Nobody can listen there.
        """
        listener = await _listen(self._section, self._host, self._port)
        self._port = listener.getsockname()[1]
        await self._group.__aenter__()
        self._group.create_task(self._server.serve([listener]))
        try:
            await self._server.up.wait()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, and let what is being answered be sent."""
        await self._end()

    async def _end(self) -> None:
        self._server.should_exit = True
        try:
            # Given no error: the group would wrap the caller's, and cancel the server in place of letting it end.
            await self._group.__aexit__(None, None, None)
        finally:
            await self._server.abort()


class _Server(uvicorn.Server):
    """Uvicorn as a guest: signals are the orchestrator's, and nothing of it is left behind."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override] # uvicorn's is a generator
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def abort(self) -> None:
        """Cut off the clients that are still there, and close what a cancelled end left open."""
        for server in getattr(self, "servers", ()):
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # sockets are closed in the loop's next round


async def _listen(section: str, host: str, port: int) -> socket.socket:
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        where = address_of(host, port)
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise AddressTaken(
                f"{section}: {where} is taken: end the server that listens there, or choose another {section}.port"
                " (0: any that is free)"
            ) from error
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        problem = f"cannot listen on {where}: {reason}"
        raise ConfigError(f"{section}: {problem}", ((f"{section}.host", problem),)) from error


def address_of(host: str, port: int) -> str:
    """Return host and port as they stand in a url."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
