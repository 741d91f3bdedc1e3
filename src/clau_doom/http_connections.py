"""Connections of an HTTP server, with time limits for requests and a connection limit for each address.

A connection is waiting while the next step is the client's: the TLS handshake, the headers, the body, or reading the
response. If a new connection exceeds the limit, the server closes a waiting one. Silent connections therefore cannot
block other clients.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import h11
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["ERROR_HEADERS", "ConnectionLimits", "Connections"]

ERROR_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "cache-control": "no-store",
        "connection": "close",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
)
"""Headers of responses that do not come from the application."""

_SPARE = 16
"""Connections above the limits that receive an error response; further ones are closed."""


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """Limits for the clients of a server.

    Attributes:
        total: Maximum number of open connections.
        per_address: Maximum number of open connections of one address.
        handshake: Seconds for the TLS handshake.
        headers: Seconds for the headers of a request.
        body: Seconds for the body of a request.
        stall: Seconds for which a client may leave a response unread.
    """

    total: int
    per_address: int
    handshake: float = 10.0
    headers: float = 10.0
    body: float = 30.0
    stall: float = 60.0


class _Connection(Protocol):
    address: str

    @property
    def waits(self) -> bool: ...

    def drop(self) -> None: ...


class Connections:
    """Open connections of one server, over all its listeners."""

    def __init__(self, limits: ConnectionLimits) -> None:
        """Start without connections."""
        self.limits = limits
        self._open: dict[_Connection, None] = {}
        self._negotiating: set[asyncio.Task[None]] = set()

    def factory(self, tls: ssl.SSLContext | None) -> Callable[..., asyncio.Protocol]:
        """Return a factory of connection protocols, which takes the arguments of uvicorn's own."""

        def make(**arguments: Any) -> asyncio.Protocol:
            def http() -> _HttpProtocol:
                return _HttpProtocol(self, **arguments)

            return http() if tls is None else _TlsProtocol(self, tls, http)

        return make

    def admit(self, connection: _Connection) -> bool:
        """Register a new connection, and return whether its requests may be answered."""
        counts = Counter(each.address for each in self._open)
        of_address = counts[connection.address]
        full, crowded = len(self._open) >= self.limits.total, of_address >= self.limits.per_address
        self._open[connection] = None
        if not full and not crowded:
            return True
        waiting = [
            each
            for each in self._open
            if each is not connection and each.waits and (each.address == connection.address or not crowded)
        ]
        if waiting:
            # The oldest connection of the address with the most connections.
            max(waiting, key=lambda each: counts[each.address]).drop()
            return True
        if len(self._open) > self.limits.total + _SPARE or of_address >= self.limits.per_address + _SPARE:
            connection.drop()
        return False

    def replace(self, old: _Connection, new: _Connection) -> None:
        """Replace a handshake by the connection that it negotiated."""
        self._open.pop(old, None)
        self._open[new] = None

    def forget(self, connection: _Connection) -> None:
        """Remove a connection that has ended."""
        self._open.pop(connection, None)

    def negotiate(self, work: asyncio.Task[None]) -> None:
        """Register a handshake until it has ended."""
        self._negotiating.add(work)
        work.add_done_callback(self._negotiating.discard)

    async def abort(self) -> None:
        """Close all connections at once."""
        for work in self._negotiating:
            work.cancel()
        for connection in [*self._open]:
            connection.drop()
        await asyncio.gather(*self._negotiating, return_exceptions=True)


class _HttpProtocol(H11Protocol):
    """Uvicorn's HTTP protocol with time limits."""

    def __init__(self, registry: Connections, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.address = ""
        self._registry = registry
        self._limits = registry.limits
        self._admitted: bool | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timed: object = None
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether the server is waiting for the client."""
        return self.conn.their_state in {h11.IDLE, h11.SEND_BODY} or self.flow.write_paused

    def drop(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    def admitted(self, *, answers: bool) -> None:
        """Set the result of `Connections.admit`, which was called before the TLS handshake."""
        self._admitted = answers

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # same type as in uvicorn
        super().connection_made(transport)
        self.address = _address(transport)
        if self._admitted is None:
            self._admitted = self._registry.admit(self)
        if not self._admitted:
            self.app = _unavailable
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._registry.forget(self)
        for timer in (self._timer, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is not h11.IDLE:  # uvicorn's own limit for idle connections applies then
            self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self._limits.stall, self.drop)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _watch(self) -> None:
        """Limit the time for the client's next step; more data of the same step do not extend the limit."""
        state = self.conn.their_state
        if state is self._timed:
            return
        if self._timer is not None:
            self._timer.cancel()
        limit = {h11.IDLE: self._limits.headers, h11.SEND_BODY: self._limits.body}.get(state)
        self._timed, self._timer = state, self.loop.call_later(limit, self.drop) if limit is not None else None

    def send_400_response(self, msg: str) -> None:
        """Respond to data that are not HTTP."""
        headers = {"content-type": "text/plain; charset=utf-8", **ERROR_HEADERS}
        response = h11.Response(status_code=400, headers=list(headers.items()), reason=b"Bad Request")
        for event in (response, h11.Data(data=f"{msg}\n".encode()), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _TlsProtocol(asyncio.Protocol):
    """Protocol that negotiates TLS for a connection. The connection counts from its first byte."""

    def __init__(self, registry: Connections, context: ssl.SSLContext, make: Callable[[], _HttpProtocol]) -> None:
        self.address = ""
        self._registry = registry
        self._context = context
        self._make = make
        self._received = bytearray()
        self._raw: asyncio.Transport | None = None

    @property
    def waits(self) -> bool:
        """Always True: a handshake waits for the client."""
        return True

    def drop(self) -> None:
        """Close the connection at once."""
        if self._raw is not None:
            self._raw.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the handshake; no data may be read before."""
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        self._raw, self.address = transport, _address(transport)
        answers = self._registry.admit(self)
        self._registry.negotiate(asyncio.get_running_loop().create_task(self._negotiate(transport, answers=answers)))

    def data_received(self, data: bytes) -> None:
        """Keep data that arrive together with the end of the handshake."""
        self._received += data

    async def _negotiate(self, raw: asyncio.Transport, *, answers: bool) -> None:
        limit = self._registry.limits.handshake
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(
                raw, self, self._context, server_side=True, ssl_handshake_timeout=limit, ssl_shutdown_timeout=limit
            )
        except OSError:  # the data are not TLS, the time limit passed, or the client disconnected
            encrypted = None
        if encrypted is None or encrypted.is_closing():
            self._registry.forget(self)
            raw.abort()
            return
        http = self._make()
        http.address = self.address
        self._registry.replace(self, http)
        http.admitted(answers=answers)
        encrypted.set_protocol(http)
        http.connection_made(encrypted)
        if self._received:
            http.data_received(bytes(self._received))


def _address(transport: asyncio.BaseTransport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


async def _unavailable(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond for a server at its connection limit."""
    text = "the server has too many connections: try again later\n"
    await PlainTextResponse(text, status_code=503, headers=dict(ERROR_HEADERS))(scope, receive, send)
