"""Access control of the dashboard, and security headers for browsers.

A browser logs in with a one-time link or a token, and then sends a cookie. A program sends ``Authorization: Bearer
TOKEN``. On loopback, the Host header is checked against DNS rebinding. A change by a browser requires the dashboard's
own Origin, and a CSRF value that only the dashboard's page has. An address beyond loopback requires TLS.
"""

import hmac
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clau_doom.access import Authenticator, Caller, acting
from clau_doom.access.authenticator import caller_of
from clau_doom.access.caller import NOTE_HEADER, read_note
from clau_doom.errors import NotAuthenticated
from clau_doom.http_server import address_of
from clau_doom.web.browser_sessions import Sessions

__all__ = ["CSRF_HEADER", "SECURITY_HEADERS", "RequestAuthorization"]

CSRF_HEADER = "x-csrf-token"
_SAFE = {"GET", "HEAD"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
SECURITY_HEADERS = MappingProxyType(
    {
        "content-security-policy": _POLICY,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
)


class RequestAuthorization:
    """ASGI middleware that refuses unauthorised requests, and adds the security headers to every response."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Callable[[], frozenset[str]] | None,
        authenticator: Authenticator,
        sessions: Sessions,
        cookie: Callable[[], str],
    ) -> None:
        """Wrap an application.

        Args:
            app: The application for authorised requests.
            hosts: Returns the accepted Host headers, or None to accept any.
            authenticator: Checks tokens that are sent as ``Authorization: Bearer TOKEN``.
            sessions: The sessions of logged-in browsers.
            cookie: Returns the name of the session cookie.
        """
        self._app = app
        self._hosts = hosts
        self._authenticator = authenticator
        self._sessions = sessions
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with its caller set."""
        if scope["type"] != "http":
            return
        request, send = Request(scope), _with_headers(send)
        refusal = self._wrong_site(request)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif _is_open(request.scope["path"]):
            await self._app(scope, receive, send)
        else:
            caller = await self._caller(request)
            if isinstance(caller, Response):
                await caller(scope, receive, send)
                return
            with acting(caller):
                await self._app(scope, receive, send)

    def _wrong_site(self, request: Request) -> Response | None:
        """Refuse requests for other hosts, and changes from pages of other sites."""
        headers = request.headers
        if self._hosts is not None and headers.get("host", "") not in self._hosts():
            return _refused(HTTPStatus.MISDIRECTED_REQUEST, "wrong host name: use the address that the server printed")
        if request.method in _SAFE:
            return None
        origin = headers.get("origin")
        is_program = origin is None and "authorization" in headers  # a browser would send an origin
        if is_program or origin == f"{request.scope['scheme']}://{headers.get('host', '')}":
            return None
        return _refused(HTTPStatus.FORBIDDEN, "pages of other origins are read-only")

    async def _caller(self, request: Request) -> Caller | Response:
        """Return the caller of a request, or the response to an unauthenticated one."""
        headers = request.headers
        client, note = request.client, read_note(headers.get(NOTE_HEADER, ""))
        address, peer = (client.host, address_of(client.host, client.port)) if client else ("", "")
        if "authorization" in headers:
            scheme, _, secret = headers["authorization"].partition(" ")
            shown = secret.strip() if scheme.lower() == "bearer" else None
            try:
                return await self._authenticator.authenticate(
                    shown, transport="web", peer=peer, address=address, note=note
                )
            except NotAuthenticated as error:
                return _refused(HTTPStatus.UNAUTHORIZED, str(error), {"www-authenticate": "Bearer"})
        cookie = cookie_parser(headers.get("cookie", "")).get(self._cookie(), "")
        token = self._sessions.token_of(cookie)
        if token is None:
            if request.scope["path"].startswith("/api/"):
                return _refused(HTTPStatus.UNAUTHORIZED, "the session has ended: reload the page and log in")
            return RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)
        shown = headers.get(CSRF_HEADER, "")
        if request.method not in _SAFE and not hmac.compare_digest(
            shown.encode(), self._sessions.csrf(cookie).encode()
        ):
            return _refused(HTTPStatus.FORBIDDEN, "the page belongs to another session: reload it")
        return caller_of(token, transport="web", peer=peer, note=note)


def _is_open(path: str) -> bool:
    """Return whether a path needs no login: the login page and its files."""
    return path == "/login" or path.startswith("/static/")


def _refused(status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"error": {"kind": status.name.lower(), "message": message}}
    return JSONResponse(body, status_code=status, headers=headers)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending
