"""Sessions of logged-in browsers, and one-time codes of login links.

A session is a cookie, signed with the secret of the token that opened it. It remains valid after a restart of the
server, and expires with its token or after seven days.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.responses import Response

from clau_doom.access import Token, TokenFiles

__all__ = ["Sessions"]

_MOST_CODES = 100
_CODE_LASTS = 900.0
_SESSION_LASTS = 7 * 86_400
"""Seconds."""


class Sessions:
    """Sessions of logged-in browsers, by cookie."""

    def __init__(self, tokens: TokenFiles, *, clock: Callable[[], float] = time.time) -> None:
        """Start without login codes.

        Args:
            tokens: The accepted tokens.
            clock: Returns seconds since the epoch.
        """
        self._tokens = tokens
        self._clock = clock
        self._codes: OrderedDict[str, tuple[Token, float]] = OrderedDict()

    def code(self) -> str:
        """Return a new code that opens one session of the owner, for 15 minutes."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = (self._tokens.make(), self._clock())
        if len(self._codes) > _MOST_CODES:
            self._codes.popitem(last=False)
        return code

    def redeem(self, code: str) -> str | None:
        """Return a new session's cookie, or None for a code that is unknown, used or expired."""
        token, made = self._codes.pop(code, (None, 0.0))
        if token is None or self._clock() - made > _CODE_LASTS:
            return None
        return self.open(token)

    def open(self, token: Token) -> str:
        """Return a new session's cookie."""
        content = f"{token.name}.{int(self._clock())}.{secrets.token_urlsafe(16)}"
        return f"{content}.{_signature(token, 'session', content)}"

    def token_of(self, cookie: str) -> Token | None:
        """Return the token that opened a session, or None if the cookie is invalid or expired."""
        content, _, signature = cookie.rpartition(".")
        name, _, rest = content.partition(".")
        token = self._tokens.named(name)
        if token is None or not hmac.compare_digest(_signature(token, "session", content).encode(), signature.encode()):
            return None
        age = self._clock() - int(rest.partition(".")[0])
        return token if age <= _SESSION_LASTS else None

    def csrf(self, cookie: str) -> str:
        """Return the CSRF value for changes in a session; empty for an invalid cookie."""
        token = self.token_of(cookie)
        return _signature(token, "csrf", cookie) if token else ""

    @staticmethod
    def remember(response: Response, name: str, cookie: str, *, encrypted: bool) -> None:
        """Set a session's cookie in the browser, for requests from the dashboard's own pages only."""
        response.set_cookie(
            name, cookie, max_age=_SESSION_LASTS, secure=encrypted, httponly=True, samesite="strict", path="/"
        )


def _signature(token: Token, purpose: str, content: str) -> str:
    return hmac.digest(token.secret.encode(), f"clau-doom {purpose} {content}".encode(), "sha256").hex()
