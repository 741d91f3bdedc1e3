"""What stands before every page: who is let in, and what a browser is told to refuse.

On loopback whoever can reach the address is let in, as long as the address is the one that was asked for: a page of
another site can neither name it by a name of its own (the Host header is checked, against DNS rebinding), nor change
anything through a visitor's browser (the Origin header is checked, and every change shows a token that only our own
page holds). Any other address needs TLS, and the token of the gRPC API, which is given once and becomes a cookie.
"""

import hmac
import secrets
from collections.abc import Callable
from http import HTTPStatus
from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CSRF_HEADER", "Guard", "Sessions"]

CSRF_HEADER = "x-csrf-token"
_COOKIE = "clau_doom_session"
_SAFE = {"GET", "HEAD"}
_MOST_SESSIONS = 1000
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = MappingProxyType(
    {
        "content-security-policy": _POLICY,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
)


class Sessions:
    """Who has shown the token, by the secret in their cookie; forgotten when the server ends."""

    def __init__(self, token: Callable[[], str]) -> None:
        """Let in whoever shows what `token` returns."""
        self._token = token
        self._known: dict[str, None] = {}

    def open(self, shown: str) -> str | None:
        """Return a new session's secret, or None where what is shown is not the token."""
        if not hmac.compare_digest(shown.encode(), self._token().encode()):
            return None
        while len(self._known) >= _MOST_SESSIONS:
            del self._known[next(iter(self._known))]
        secret = secrets.token_urlsafe(32)
        self._known[secret] = None
        return secret

    def holds(self, secret: str) -> bool:
        """Say whether a session is one that was opened here."""
        return secret in self._known

    @staticmethod
    def remember(response: Response, secret: str) -> None:
        """Have the browser show a session from now on, to us alone."""
        response.set_cookie(_COOKIE, secret, secure=True, httponly=True, samesite="strict", path="/")


class Guard:
    """ASGI middleware: refuses what must not come in, and adds the headers that every answer has."""

    def __init__(
        self, app: ASGIApp, *, hosts: Callable[[], frozenset[str]] | None, sessions: Sessions | None, csrf: str
    ) -> None:
        """Stand before an application.

        Args:
            app: What answers those who are let in.
            hosts: Returns the Host headers that are ours, or None where a session says enough.
            sessions: Who has shown the token, or None where none is needed.
            csrf: What a change must show in `CSRF_HEADER`.
        """
        self._app = app
        self._hosts = hosts
        self._sessions = sessions
        self._csrf = csrf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let through."""
        if scope["type"] != "http":
            return
        answer = self._refusal(Request(scope)) or self._app
        await answer(scope, receive, _with_headers(send))

    def _refusal(self, request: Request) -> Response | None:
        headers = request.headers
        if self._hosts is not None and headers.get("host", "") not in self._hosts():
            return _refused(HTTPStatus.MISDIRECTED_REQUEST, "this server is not of that name: use the address it told")
        if request.method not in _SAFE:
            if headers.get("origin") != f"{request.url.scheme}://{headers.get('host', '')}":
                return _refused(HTTPStatus.FORBIDDEN, "a page of another origin may change nothing here")
            shown = headers.get(CSRF_HEADER, "")
            if request.url.path != "/login" and not hmac.compare_digest(shown.encode(), self._csrf.encode()):
                return _refused(HTTPStatus.FORBIDDEN, "this page is of an earlier server: load it again")
        return self._unknown(request) if self._sessions is not None else None

    def _unknown(self, request: Request) -> Response | None:
        """Return what somebody sees who has not shown the token yet."""
        path = request.url.path
        assert self._sessions is not None
        if self._sessions.holds(_session_of(request.headers)) or path == "/login" or path.startswith("/static/"):
            return None
        if path.startswith("/api/"):
            return _refused(HTTPStatus.UNAUTHORIZED, "this session is over: load the page, and give the token")
        return RedirectResponse("/login", status_code=HTTPStatus.SEE_OTHER)


def _session_of(headers: Headers) -> str:
    return cookie_parser(headers.get("cookie", "")).get(_COOKIE, "")


def _refused(status: HTTPStatus, message: str) -> Response:
    return JSONResponse({"error": {"kind": status.phrase, "message": message}}, status_code=status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending
