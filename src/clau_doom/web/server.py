"""The dashboard's server: the page, its modules, and the API that they ask."""

import secrets
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clau_doom import __version__
from clau_doom.config import WebConfig, is_loopback
from clau_doom.errors import ConfigError
from clau_doom.httpd import HttpServer, address_of
from clau_doom.orchestration import Finishing, ReaderHealth
from clau_doom.ports import Orchestrator
from clau_doom.web.api import Api
from clau_doom.web.guard import Guard, Sessions
from clau_doom.web.refusals import Refusals
from clau_doom.web.studio import Studio

__all__ = ["WebServer"]

_STATIC = Path(__file__).parent / "static"
_CONNECTIONS = 256
_LONGEST_FORM = 8192
_PAGES = ("/", "/new", "/arena", "/compare", "/report", "/experiments/{experiment}", "/agents/{agent}")


class WebServer(HttpServer):
    """Serves the dashboard in the running event loop."""

    def __init__(
        self,
        config: WebConfig,
        orchestrator: Orchestrator,
        *,
        studio: Studio,
        token: Callable[[], str],
        finishing: Finishing,
        starts: bool,
        readers: ReaderHealth | None = None,
        streaming: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Prepare a server; nothing listens before it is entered.

        Args:
            config: Where to listen.
            orchestrator: Whose experiments are shown and steered.
            studio: Makes what no store holds.
            token: Returns what has to be shown anywhere but on loopback.
            finishing: Sees a change to its end, even where the browser that asked for it has gone; entered.
            starts: Whether experiments can be started here.
            readers: Counts failures of streams of events.
            streaming: Entered for as long as events are streamed to a browser.

        Raises:
            ConfigError: The address needs a certificate, or one cannot be used.
        """
        tls = _tls(config)
        self._here = is_loopback(config.host)
        self._sessions = None if self._here else Sessions(token)
        self._csrf = secrets.token_urlsafe(32)
        self._starts = starts
        api = Api(orchestrator, studio=studio, finishing=finishing, readers=readers, streaming=streaming)
        hosts = self._hosts if self._here else None
        application = Starlette(
            routes=[
                *(Route(path, self._page, methods=["GET"]) for path in _PAGES),
                Route("/login", self._login_page, methods=["GET"]),
                Route("/login", self._login, methods=["POST"]),
                Mount("/api", routes=api.routes),
                Mount("/static", _Static(directory=_STATIC)),
            ],
            middleware=[
                Middleware(Guard, hosts=hosts, sessions=self._sessions, csrf=self._csrf),
                Middleware(Refusals),
            ],
            exception_handlers={404: _nothing_there},
        )
        super().__init__(
            application, section="web", host=config.host, port=config.port, connections=_CONNECTIONS, tls=tls
        )
        self._scheme = "https" if tls else "http"

    @property
    def url(self) -> str:
        """Where the dashboard is."""
        return f"{self._scheme}://{self.address}"

    def _hosts(self) -> frozenset[str]:
        port = self.port
        names = ("127.0.0.1", "localhost", "::1")
        bare = {f"[{name}]" if ":" in name else name for name in names} if port in {80, 443} else set()
        return frozenset({address_of(name, port) for name in names} | {self.address} | bare)

    async def _page(self, _request: Request) -> Response:
        """Return the one page; what it shows is chosen by its address, in the browser."""
        text = (_STATIC / "index.html").read_text()
        told = {"CSRF": self._csrf, "VERSION": __version__, "STARTS": "yes" if self._starts else "no"}
        for name, value in told.items():
            text = text.replace(f"%{name}%", escape(value))
        return HTMLResponse(text)

    async def _login_page(self, _request: Request) -> Response:
        return HTMLResponse((_STATIC / "login.html").read_text().replace("%PROBLEM%", ""))

    async def _login(self, request: Request) -> Response:
        """Open a session for whoever gives the token."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return PlainTextResponse("that is no token\n", status_code=413)
        shown = _field(bytes(body), "token")
        secret = self._sessions.open(shown) if self._sessions else None
        if secret is None:
            text = (_STATIC / "login.html").read_text()
            problem = "That is not the token. It stands in the file that the server names when it starts."
            return HTMLResponse(text.replace("%PROBLEM%", problem), status_code=401)
        answer = RedirectResponse("/", status_code=303)
        Sessions.remember(answer, secret)
        return answer


class _Static(StaticFiles):
    """Files that may be kept, as long as the browser asks whether they have changed."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        answer = super().file_response(*arguments, **named)
        answer.headers["cache-control"] = "no-cache"
        return answer


async def _nothing_there(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        told = {"kind": "NotFound", "message": f"there is nothing at {request.url.path}"}
        return JSONResponse({"error": told}, status_code=404)
    return RedirectResponse("/", status_code=303)


def _field(body: bytes, name: str) -> str:
    try:
        values = parse_qs(body.decode(), max_num_fields=4).get(name, [])
    except ValueError:
        return ""
    return values[0].strip() if values else ""


def _tls(config: WebConfig) -> Callable[[], ssl.SSLContext] | None:
    """Return what makes the connections' encryption, or None for plain text, which only this machine itself may use."""
    given = {"certificate": config.certificate, "key": config.key}
    missing = [name for name, path in given.items() if path is None]
    if len(missing) == len(given) and is_loopback(config.host):
        return None
    if missing:
        reason = (
            f"web.{'key' if missing == ['key'] else 'certificate'} is missing"
            if len(missing) == 1
            else f"whoever can reach {config.host} could read the token, because nothing encrypts it"
        )
        remedy = "give web.certificate and web.key (PEM files), or listen on 127.0.0.1 without them"
        problems = tuple((f"web.{name}", "is missing: name a PEM file") for name in missing)
        raise ConfigError(f"the dashboard does not start: {reason}: {remedy}", problems)
    assert config.certificate is not None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.certificate, config.key)
    except (OSError, ssl.SSLError) as error:
        what = f"{config.certificate} and {config.key} are no certificate and its key: {error}"
        raise ConfigError(f"web: {what}", (("web.certificate", what),)) from error
    return lambda: context
