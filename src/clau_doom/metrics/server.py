"""HTTP server of metrics, liveness and readiness."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from clau_doom.config import MetricsConfig
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.http_connections import ConnectionLimits
from clau_doom.http_server import HttpServer
from clau_doom.logs import get_logger
from clau_doom.metrics.collector import MetricsCollector

__all__ = ["MetricsServer", "Readiness"]

Failures = Callable[[], Sequence[LogReaderFailure]]
"""Returns the failures of readers of the event log."""

Readiness = Callable[[], str | None]
"""Returns None if the process takes work, else the reason, on one line without private information."""

_LIMITS = ConnectionLimits(total=64, per_address=16)
_log = get_logger(__name__)


class MetricsServer(HttpServer):
    """Serves /metrics, /healthz and /readyz."""

    def __init__(
        self, metrics: MetricsCollector, config: MetricsConfig, *, ready: Readiness, failures: Failures = lambda: ()
    ) -> None:
        """Prepare a server; it listens when it is entered.

        Args:
            metrics: Content of /metrics.
            config: Host and port.
            ready: Check of /readyz.
            failures: Failures of readers, shown by /readyz. Runs continue without readers: the process stays ready.
        """
        self._metrics = metrics
        self._ready = ready
        self._failures = failures
        routes = [
            Route("/metrics", self._show_metrics),
            Route("/healthz", self._show_health),
            Route("/readyz", self._show_readiness),
        ]
        super().__init__(
            Starlette(routes=routes),
            section="metrics",
            host=config.host,
            port=config.port,
            limits=_LIMITS,
        )

    async def _show_metrics(self, request: Request) -> Response:
        try:
            content, content_type = self._metrics.exposition(request.headers.get("accept", ""))
        except Exception:
            _log.exception("metrics could not be collected")
            return PlainTextResponse("the metrics could not be collected; see the log\n", status_code=500)
        return Response(content, headers={"content-type": content_type})

    async def _show_health(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def _show_readiness(self, _request: Request) -> Response:
        failures: list[dict[str, object]] = []
        try:
            failures = [_shown(failure) for failure in self._failures()]
            reason = self._ready()
        except Exception:
            _log.exception("readiness could not be determined")
            reason = "readiness could not be determined; see the log"
        extra = {"reader_failures": failures} if failures else {}
        if reason is None:
            return JSONResponse({"ready": True, **extra})
        return JSONResponse({"ready": False, "reason": reason, **extra}, status_code=503)


def _shown(failure: LogReaderFailure) -> dict[str, object]:
    """Return a failure without its text: /readyz needs no credentials, and the text can name files."""
    return {name: value for name, value in asdict(failure).items() if name != "error"}
