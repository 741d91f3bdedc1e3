"""Wrapper of every gRPC handler: authentication, error mapping, logging and counting.

The handlers are wrapped, because an interceptor of grpc.aio does not receive their errors, which gRPC would send to the
client. Messages are decoded and encoded here as well: otherwise gRPC reports a malformed one with the text of the
decoder.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from clau_doom.access import Authenticator, Caller, Role, acting
from clau_doom.access.caller import NOTE_HEADER, read_note
from clau_doom.errors import InvalidMessage
from clau_doom.logs import get_logger
from clau_doom.rpc.active_calls import ActiveCalls
from clau_doom.rpc.errors import CallRefused, Status, status_of

__all__ = ["HandlerWrapper", "Method", "Observe", "Peer", "Write", "methods_of"]

Observe = Callable[[str, str, float], None]
"""Callback after each call, with the method, such as ``OrchestratorService/GetAgent``, its code and its seconds."""

Peer = Literal["unix", "tcp", "tls"]
"""Type of the client's address, which is taken from the listener, so that clients cannot fake it."""

Write = Callable[[Message | bytes], Awaitable[None]]
"""Sends one message of a stream; returns as soon as the next one can be sent."""

_Context = grpc.aio.ServicerContext[bytes, bytes]
_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
_Work = Callable[[], Awaitable[bytes]]

_LAST_WORD = 1.0
"""Seconds for sending a status: after a blocked write, the status is sent only when the client reads."""

_SOCKET_OWNER = "socket-owner"
"""Caller on a Unix socket, which only its owner can open."""

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Method:
    """One RPC.

    Attributes:
        service: The full name of its service.
        name: The name of the method.
        request: The class of its requests.
        handler: ``(request) -> response``. With `streams_in`, the argument is an iterator of requests. With
            `streams_out`, the handler also takes a `Write`, and returns None.
        streams_in: Whether the client sends many messages.
        streams_out: Whether the server sends many messages.
        open: Whether the method can be called without a token.
        works: Whether the method is refused while the server drains.
    """

    service: str
    name: str
    request: type[Message]
    handler: Callable[..., Awaitable[Any]]
    streams_in: bool = False
    streams_out: bool = False
    open: bool = False
    works: bool = False

    @property
    def label(self) -> str:
        """Name for logs and metrics."""
        return f"{self.service.rpartition('.')[2]}/{self.name}"


def methods_of(
    service: ServiceDescriptor, servicer: object, *, works: frozenset[str] = frozenset(), open_: bool = False
) -> tuple[Method, ...]:
    """Return a service's methods, with the servicer's handlers of the same names."""
    return tuple(
        Method(
            service=service.full_name,
            name=method.name,
            request=GetMessageClass(method.input_type),
            handler=getattr(servicer, method.name),
            streams_in=method.client_streaming,
            streams_out=method.server_streaming,
            open=open_,
            works=method.name in works,
        )
        for method in service.methods
        if hasattr(servicer, method.name)  # methods without a handler are UNIMPLEMENTED: a standard service may grow
    )


class HandlerWrapper:
    """Wraps the handlers of one listening address."""

    def __init__(
        self,
        active_calls: ActiveCalls,
        *,
        peer: Peer,
        authenticator: Authenticator | None,
        observe: Observe | None = None,
        stall: float = 300.0,
    ) -> None:
        """Create the wrapper.

        Args:
            active_calls: Counts the calls.
            peer: The type of the clients' addresses.
            authenticator: Checks the token of a call, or None if only the owner of the address can connect.
            observe: Callback after each call.
            stall: Seconds after which a stream to a client that does not read is ended.
        """
        self._active_calls = active_calls
        self._peer = peer
        self._authenticator = authenticator
        self._observe = observe
        self._stall = stall

    def handlers(self, methods: tuple[Method, ...]) -> list[grpc.GenericRpcHandler]:
        """Return the generic handlers for a server."""
        services: dict[str, dict[str, _Handler]] = {}
        for method in methods:
            services.setdefault(method.service, {})[method.name] = self._handler(method)
        return [grpc.method_handlers_generic_handler(name, each) for name, each in services.items()]

    def _handler(self, method: Method) -> _Handler:
        async def behaviour(request: Any, context: _Context) -> bytes:
            return await self._carry_out(method, context, lambda: self._work(method, request, context))

        shape = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[method.streams_in, method.streams_out]
        return shape(behaviour)

    async def _carry_out(self, method: Method, context: _Context, work: _Work) -> bytes:
        began, code = time.monotonic(), grpc.StatusCode.OK
        self._active_calls.enter(context)
        try:
            if method.open:
                self._active_calls.admit(works=method.works)
                return await work()
            with acting(await self._authenticate(context)):
                self._active_calls.admit(works=method.works)
                return await work()
        except (asyncio.CancelledError, grpc.aio.BaseError):  # the client has disconnected, or the server stops at once
            code = grpc.StatusCode.CANCELLED
            raise asyncio.CancelledError from None
        except Exception as error:
            status = status_of(error)
            code = status.code
            if status.error_id:
                _log.error("call failed", method=method.label, error_id=status.error_id, exc_info=error)
            return await _abort(context, status)
        finally:
            self._report(method, code, time.monotonic() - began)

    async def _work(self, method: Method, request: Any, context: _Context) -> bytes:
        given = self._requests(method, context) if method.streams_in else _decoded(method, request)
        if not method.streams_out:
            return _encoded(await method.handler(given))
        await method.handler(given, lambda message: self._write(context, _encoded(message)))
        return b""

    async def _requests(self, method: Method, context: _Context) -> AsyncIterator[Message]:
        while True:
            async with self._active_calls.until_stopping():
                data: Any = await context.read()
            if data is grpc.aio.EOF:
                return
            yield _decoded(method, data)

    async def _write(self, context: _Context, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._stall):
                await context.write(data)
        except TimeoutError:
            message = f"this client did not read for {self._stall:g} s: connect again"
            raise CallRefused(grpc.StatusCode.ABORTED, message) from None

    async def _authenticate(self, context: _Context) -> Caller:
        note = read_note(next(iter(_metadata(context, NOTE_HEADER)), ""))
        if self._authenticator is None:
            return Caller(name=_SOCKET_OWNER, role=Role.FULL, transport="socket", peer="unix", note=note)
        shown = _metadata(context, "authorization")
        scheme, _, secret = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
        peer = unquote(str(context.peer()))
        return await self._authenticator.authenticate(
            secret.strip() if scheme.lower() == "bearer" else None,
            transport="grpc",
            peer=peer,
            address=peer.rpartition(":")[0],
            note=note,
        )

    def _report(self, method: Method, code: grpc.StatusCode, seconds: float) -> None:
        # Health checks and lists of services are frequent, and do not concern experiments.
        level = _log.debug if method.open else _log.info
        level("call", method=method.label, code=code.name, seconds=round(seconds, 6), peer=self._peer)
        if self._observe is not None:
            self._observe(method.label, code.name, seconds)


def _metadata(context: _Context, name: str) -> list[str]:
    return [str(value) for key, value in context.invocation_metadata() or () if key == name]


def _decoded(method: Method, data: bytes) -> Message:
    try:
        return method.request.FromString(data)
    except DecodeError:
        raise InvalidMessage(f"{len(data)} bytes that are not a {method.request.DESCRIPTOR.full_name}") from None


def _encoded(message: Message | bytes) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()


async def _abort(context: _Context, status: Status) -> bytes:
    try:
        async with asyncio.timeout(_LAST_WORD):
            await context.abort(status.code, status.message, status.trailers)
    except TimeoutError:
        # The status stays queued until the client reads again or disconnects. This end of the call costs no resources.
        raise asyncio.CancelledError from None
    except grpc.aio.AbortError:
        raise
    except grpc.aio.BaseError:  # the client has disconnected
        raise asyncio.CancelledError from None
