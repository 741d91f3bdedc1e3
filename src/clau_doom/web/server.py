"""HTTP server of the dashboard's page, its modules and its API."""

import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clau_doom import __version__
from clau_doom.access import Authenticator, Role, current_caller
from clau_doom.config import WebConfig, is_loopback
from clau_doom.errors import ConfigError, NotAuthenticated
from clau_doom.http_connections import ConnectionLimits
from clau_doom.http_server import HttpServer, address_of
from clau_doom.orchestration import ReaderHealth, ShieldedTasks
from clau_doom.ports import Orchestrator
from clau_doom.web.api import Api
from clau_doom.web.artifact_builder_interface import ArtifactStore
from clau_doom.web.browser_sessions import Sessions
from clau_doom.web.error_responses import ErrorResponses
from clau_doom.web.request_authorization import RequestAuthorization

__all__ = ["WebServer"]

_STATIC = Path(__file__).parent / "static"
_LIMITS = ConnectionLimits(total=256, per_address=64)
_LONGEST_FORM = 8192
_WRONG_LOGIN = "The token is not valid. At its start, the server prints the name of its token file."
_OLD_CODE = "The link was used or has expired. Enter a token, or restart the server for a new link."
_PAGES = ("/", "/new", "/arena", "/compare", "/report", "/experiments/{experiment}", "/agents/{agent}")


class WebServer(HttpServer):
    """Serves the dashboard in the running event loop."""

    def __init__(
        self,
        config: WebConfig,
        orchestrator: Orchestrator,
        *,
        artifacts: ArtifactStore,
        authenticator: Authenticator,
        shielded: ShieldedTasks,
        starts: bool,
        readers: ReaderHealth | None = None,
        streaming: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Prepare a server; it listens from `__aenter__` on.

        Args:
            config: The address to listen on.
            orchestrator: The orchestrator of the experiments.
            artifacts: Creates maps, reports and films.
            authenticator: Checks the tokens that open a session.
            shielded: Completes a change even if the browser disconnects; already entered.
            starts: Whether experiments can be started here.
            readers: Counts failures of streams of events.
            streaming: Context that is active while a browser receives events.

        Raises:
            ConfigError: The address requires a certificate, or a certificate cannot be used.
        """
        tls = _tls(config)
        self._authenticator = authenticator
        self._sessions = Sessions(authenticator.tokens)
        self._starts = starts
        api = Api(orchestrator, artifacts=artifacts, shielded=shielded, readers=readers, streaming=streaming)
        application = Starlette(
            routes=[
                *(Route(path, self._page, methods=["GET"]) for path in _PAGES),
                Route("/login", self._login_page, methods=["GET"]),
                Route("/login", self._login, methods=["POST"]),
                Mount("/api", routes=api.routes),
                Mount("/static", _Static(directory=_STATIC)),
            ],
            middleware=[
                Middleware(
                    RequestAuthorization,
                    hosts=self._hosts if is_loopback(config.host) else None,
                    authenticator=authenticator,
                    sessions=self._sessions,
                    cookie=self._cookie,
                ),
                Middleware(ErrorResponses),
            ],
            exception_handlers={404: _nothing_there},
        )
        super().__init__(application, section="web", host=config.host, port=config.port, limits=_LIMITS, tls=tls)
        self._scheme = "https" if tls else "http"

    @property
    def url(self) -> str:
        """The URL of the dashboard."""
        return f"{self._scheme}://{self.address}"

    def login_link(self) -> str:
        """Return a new link that logs a browser in as the owner, once, within 15 minutes."""
        return f"{self.url}/login?{urlencode({'code': self._sessions.code()})}"

    def _cookie(self) -> str:
        """Return the name of the session cookie. It has the port, as browsers share cookies between ports of a host."""
        return f"clau_doom_session_{self.port}"

    def _hosts(self) -> frozenset[str]:
        port = self.port
        names = ("127.0.0.1", "localhost", "::1")
        bare = {f"[{name}]" if ":" in name else name for name in names} if port in {80, 443} else set()
        return frozenset({address_of(name, port) for name in names} | {self.address} | bare)

    async def _page(self, request: Request) -> Response:
        """Return the HTML page; the browser chooses its content by the address."""
        text = (_STATIC / "index.html").read_text()
        csrf = self._sessions.csrf(request.cookies.get(self._cookie(), ""))
        values = {"CSRF": csrf, "VERSION": __version__, "STARTS": "yes" if self._starts else "no"}
        values["CHANGES"] = "yes" if current_caller().role is Role.FULL else "no"
        for name, value in values.items():
            text = text.replace(f"%{name}%", escape(value))
        return HTMLResponse(text)

    async def _login_page(self, request: Request) -> Response:
        """Show the login form, or log in a browser with a one-time code."""
        code = request.query_params.get("code")
        if code is None or request.method != "GET":
            return _login_form()
        secret = self._sessions.redeem(code)
        if secret is None:
            await self._authenticator.refuse(transport="web", address=_address(request))
            return _login_form(_OLD_CODE)
        # No redirect: after one from another site's page, browsers would not send the new cookie.
        return self._logged_in(secret, HTMLResponse((_STATIC / "welcome.html").read_text()))

    async def _login(self, request: Request) -> Response:
        """Open a session for a token."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return PlainTextResponse("the token is too long\n", status_code=413)
        shown, address = _field(bytes(body), "token"), _address(request)
        try:
            await self._authenticator.authenticate(shown, transport="web", peer=address, address=address)
        except NotAuthenticated:
            return _login_form(_WRONG_LOGIN)
        token = self._authenticator.tokens.find(shown)
        assert token is not None
        return self._logged_in(self._sessions.open(token), RedirectResponse("/", status_code=303))

    def _logged_in(self, secret: str, answer: Response) -> Response:
        Sessions.remember(answer, self._cookie(), secret, encrypted=self._scheme == "https")
        return answer


def _login_form(problem: str = "") -> Response:
    text = (_STATIC / "login.html").read_text().replace("%PROBLEM%", problem)
    # Without a referrer, browsers would send the form with the Origin "null".
    headers = {"referrer-policy": "same-origin"}
    return HTMLResponse(text, status_code=401 if problem else 200, headers=headers)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


class _Static(StaticFiles):
    """Static files, which browsers may cache but must revalidate."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        answer = super().file_response(*arguments, **named)
        answer.headers["cache-control"] = "no-cache"
        return answer


async def _nothing_there(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        error = {"kind": "not_found", "message": f"{request.url.path} not found"}
        return JSONResponse({"error": error}, status_code=404)
    return RedirectResponse("/", status_code=303)


def _field(body: bytes, name: str) -> str:
    try:
        values = parse_qs(body.decode(), max_num_fields=4).get(name, [])
    except ValueError:
        return ""
    return values[0].strip() if values else ""


def _tls(config: WebConfig) -> ssl.SSLContext | None:
    """Return the TLS context, or None for plain text, which is allowed on loopback only."""
    given = {"certificate": config.certificate, "key": config.key}
    missing = [name for name, path in given.items() if path is None]
    if len(missing) == len(given) and is_loopback(config.host):
        return None
    if missing:
        reason = (
            f"web.{'key' if missing == ['key'] else 'certificate'} is missing"
            if len(missing) == 1
            else f"a connection to {config.host} without TLS would reveal the token"
        )
        remedy = "give web.certificate and web.key (PEM files), or listen on 127.0.0.1 without them"
        problems = tuple((f"web.{name}", "is missing: set it to a PEM file") for name in missing)
        raise ConfigError(f"the dashboard does not start: {reason}: {remedy}", problems)
    assert config.certificate is not None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.certificate, config.key)
    except (OSError, ssl.SSLError) as error:
        what = f"{config.certificate} and {config.key} are not a certificate and its key: {error}"
        raise ConfigError(f"web: {what}", (("web.certificate", what),)) from error
    return context
