"""Sessions of browsers that have logged in, and the one-time codes of login links.

A session is a cookie that is signed with the secret of the token that opened it. It outlives a restart of the server,
and ends with its token or after seven days.
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
    """Who is logged in, by the browser's cookie."""

    def __init__(self, tokens: TokenFiles, *, clock: Callable[[], float] = time.time) -> None:
        """Know no login code yet.

        Args:
            tokens: The tokens that are accepted.
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
        """Return a new session's cookie, or None for a code that is unknown, used or too old."""
        token, made = self._codes.pop(code, (None, 0.0))
        if token is None or self._clock() - made > _CODE_LASTS:
            return None
        return self.open(token)

    def open(self, token: Token) -> str:
        """Return a new session's cookie."""
        content = f"{token.name}.{int(self._clock())}.{secrets.token_urlsafe(16)}"
        return f"{content}.{_signature(token, 'session', content)}"

    def token_of(self, cookie: str) -> Token | None:
        """Return the token that a session was opened with, or None where the cookie is none of ours or too old."""
        content, _, signature = cookie.rpartition(".")
        name, _, rest = content.partition(".")
        token = self._tokens.named(name)
        if token is None or not hmac.compare_digest(_signature(token, "session", content).encode(), signature.encode()):
            return None
        age = self._clock() - int(rest.partition(".")[0])
        return token if age <= _SESSION_LASTS else None

    def csrf(self, cookie: str) -> str:
        """Return what a change in a session must show; empty for a cookie that is none of ours."""
        token = self.token_of(cookie)
        return _signature(token, "csrf", cookie) if token else ""

    @staticmethod
    def remember(response: Response, name: str, cookie: str, *, encrypted: bool) -> None:
        """Have the browser send a session's cookie from now on, with requests from our own pages alone."""
        response.set_cookie(
            name, cookie, max_age=_SESSION_LASTS, secure=encrypted, httponly=True, samesite="strict", path="/"
        )


def _signature(token: Token, purpose: str, content: str) -> str:
    return hmac.digest(token.secret.encode(), f"clau-doom {purpose} {content}".encode(), "sha256").hex()
