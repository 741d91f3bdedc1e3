"""Where metrics are fetched, and where whoever supervises the process asks whether it is alive and ready."""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from clau_doom.config import MetricsConfig
from clau_doom.errors import AddressTaken, ConfigError
from clau_doom.logs import get_logger
from clau_doom.metrics.metrics import Metrics

__all__ = ["MetricsServer", "Readiness"]

Readiness = Callable[[], str | None]
"""Returns None when the process takes work, or why it does not, on one line that may be shown to anybody."""

_CONNECTIONS = 64
_GRACE = 1  # seconds for a scrape that is being sent at the end; a client that reads nothing is cut off
_log = get_logger(__name__)


class MetricsServer:
    """Serves /metrics, /healthz and /readyz in the running event loop. Enter and leave it in one task.

    When serving fails, the task that entered it is cancelled, and leaving raises the cause in a group, as a task group
    does.
    """

    def __init__(self, metrics: Metrics, config: MetricsConfig, *, ready: Readiness) -> None:
        """Prepare a server; nothing listens before it is entered.

        Args:
            metrics: What /metrics shows.
            config: Where to listen.
            ready: What /readyz asks.
        """
        self._metrics = metrics
        self._ready = ready
        self._host, self._port = config.host, config.port
        self._group = asyncio.TaskGroup()
        self._server = _Server(self._configured())

    @property
    def port(self) -> int:
        """The port that it listens on; before it is entered, the configured one."""
        return self._port

    @property
    def address(self) -> str:
        """Host and port, as they stand in a url."""
        return _address(self._host, self._port)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            AddressTaken: Another server listens there.
            ConfigError: Nobody can listen there.
        """
        listener = await _listen(self._host, self._port)
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

    def _configured(self) -> uvicorn.Config:
        routes = [
            Route("/metrics", self._show_metrics),
            Route("/healthz", self._show_health),
            Route("/readyz", self._show_readiness),
        ]
        return uvicorn.Config(
            Starlette(routes=routes),
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE,
        )

    async def _show_metrics(self, request: Request) -> Response:
        try:
            content, content_type = self._metrics.exposition(request.headers.get("accept", ""))
        except Exception:
            _log.exception("the metrics could not be collected")
            return PlainTextResponse("the metrics could not be collected; the log says why\n", status_code=500)
        return Response(content, headers={"content-type": content_type})

    async def _show_health(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def _show_readiness(self, _request: Request) -> Response:
        try:
            reason = self._ready()
        except Exception:
            _log.exception("readiness could not be told")
            reason = "readiness could not be told; the log says why"
        if reason is None:
            return JSONResponse({"ready": True})
        return JSONResponse({"ready": False, "reason": reason}, status_code=503)


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


async def _listen(host: str, port: int) -> socket.socket:
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        where = _address(host, port)
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise AddressTaken(
                f"metrics: {where} is taken: end the server that listens there, or choose another metrics.port"
                " (0: any that is free)"
            ) from error
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        problem = f"cannot listen on {where}: {reason}"
        raise ConfigError(f"metrics: {problem}", (("metrics.host", problem),)) from error


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
