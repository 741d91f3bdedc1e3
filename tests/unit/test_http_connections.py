"""Tests of limits on HTTP connections: silent clients end in time, and do not block other clients."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from clau_doom.http_connections import ConnectionLimits
from clau_doom.http_server import HttpServer

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"
FEW = ConnectionLimits(total=8, per_address=4)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """HTTP server with clients of a test."""

    def __init__(self, port: int, trusted: ssl.SSLContext | None, stack: AsyncExitStack) -> None:
        self.port = port
        self.held = asyncio.Event()
        self.free = asyncio.Event()
        self._trusted = trusted
        self._stack = stack

    async def connect(self, sent: bytes = b"", *, plain: bool = False, source: str = "127.0.0.1") -> Streams:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=None if plain else self._trusted, local_addr=(source, 0)
        )
        self._stack.push_async_callback(leave, writer)
        writer.write(sent)
        await writer.drain()
        return reader, writer

    async def ask(self, sent: bytes = GET, **how: Any) -> bytes:
        """Return the header of the response."""
        reader, _ = await self.connect(sent, **how)
        async with asyncio.timeout(10):
            return await reader.readuntil(b"\r\n\r\n")


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> None:
    """Wait until the server closes a connection."""
    async with asyncio.timeout(10):
        try:
            while await reader.read(1 << 16):
                pass
        except ConnectionError:
            pass


Serving = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serving() -> Serving:
    @asynccontextmanager
    async def serve(
        limits: ConnectionLimits, tls: ssl.SSLContext | None = None, trusted: ssl.SSLContext | None = None
    ) -> AsyncIterator[Served]:
        async def answer(request: Request) -> Response:
            if request.query_params:
                served.held.set()
                await served.free.wait()
            await request.body()
            return PlainTextResponse("x" * int(request.headers.get("x-size", "2")))

        application = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
        async with AsyncExitStack() as stack:
            server = HttpServer(application, section="web", host="127.0.0.1", port=0, limits=limits, tls=tls)
            await stack.enter_async_context(server)
            served = Served(server.port, trusted, stack)
            yield served
            served.free.set()

    return serve


@pytest.mark.parametrize("sent", [b"", GET[:9], POST, POST + b"1234"])
async def test_silent_connections_do_not_block_other_clients(serving: Serving, sent: bytes) -> None:
    """The number of silent connections is ten times the limit, from one or several addresses."""
    async with serving(FEW) as served:
        silent = [await served.connect(sent, source=f"127.0.0.{1 + number % 4}") for number in range(80)]
        assert (await served.ask()).startswith(b"HTTP/1.1 200")
        for reader, _ in silent[:72]:
            await ended(reader)
        assert (await served.ask(source="127.0.0.9")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", GET[:9], POST, POST + b"1234"])
async def test_incomplete_request_is_closed_after_the_timeout(serving: Serving, sent: bytes) -> None:
    """The client sends no header, half a header, no body or most of a body."""
    async with serving(ConnectionLimits(total=8, per_address=4, headers=0.1, body=0.1)) as served:
        reader, _ = await served.connect(sent)
        await ended(reader)


async def test_header_timeout_covers_all_bytes(serving: Serving) -> None:
    """A client that sends one byte at a time does not extend the timeout."""
    async with serving(ConnectionLimits(total=8, per_address=4, headers=0.3)) as served:
        reader, writer = await served.connect()
        end = asyncio.create_task(ended(reader))
        for byte in GET[:-1] + b"x: " + b"y" * 1000:
            if end.done():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        assert end.done()


async def test_unread_response_is_aborted(serving: Serving) -> None:
    """A client requests a large response and does not read it."""
    async with serving(ConnectionLimits(total=8, per_address=4, stall=0.1)) as served:
        reader, writer = await served.connect()
        transport: Any = writer.transport
        transport.pause_reading()
        writer.write(GET.replace(b"host", b"x-size: 50000000\r\nhost"))
        async with asyncio.timeout(10):
            while not writer.transport.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.05)
        assert not reader.at_eof()


async def test_running_requests_are_kept_and_a_further_one_gets_503(serving: Serving) -> None:
    """The limit of an address does not affect other addresses."""
    async with serving(FEW) as served:
        busy = [await served.connect(GET.replace(b"/ ", b"/?wait ")) for _ in range(FEW.per_address)]
        await served.held.wait()
        answer = await served.ask()
        assert answer.startswith(b"HTTP/1.1 503")
        for header in (b"x-content-type-options: nosniff", b"content-security-policy: default-src 'none'"):
            assert header in answer.lower()
        assert (await served.ask(source="127.0.0.2")).startswith(b"HTTP/1.1 200")
        served.free.set()
        for reader, _ in busy:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")


async def test_malformed_request_gets_security_headers(serving: Serving) -> None:
    """The server below the application answers, and does not repeat the request's text."""
    async with serving(FEW) as served:
        answer = (await served.ask(b"<script> \x00\r\n\r\n")).lower()
        assert answer.startswith(b"http/1.1 400")
        for header in (
            b"x-content-type-options: nosniff",
            b"content-security-policy: default-src 'none'",
            b"referrer-policy: no-referrer",
            b"cache-control: no-store",
        ):
            assert header in answer
        assert b"script>" not in answer


@pytest.fixture
def certified(tmp_path: Path, tool: Callable[[str, str], str]) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS contexts of a server and its clients."""
    certificate, key = str(tmp_path / "c.pem"), str(tmp_path / "k.pem")
    command = [tool("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-keyout", key, "-out", certificate, "-subj", "/CN=here"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


async def test_silent_tls_connections_end_and_do_not_block(
    serving: Serving, certified: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Connections are silent before, during and after the handshake."""
    async with serving(FEW, *certified) as served:
        silent = [await served.connect(plain=True) for _ in range(40)]
        assert (await served.ask()).startswith(b"HTTP/1.1 200")
        for reader, _ in silent[:36]:
            await ended(reader)
        for sent in (b"", GET[:9]):
            silent = [await served.connect(sent) for _ in range(12)]
            assert (await served.ask()).startswith(b"HTTP/1.1 200")
    async with serving(ConnectionLimits(total=8, per_address=4, handshake=0.2, headers=0.2), *certified) as served:
        for plain, sent in ((True, b""), (True, b"\x16\x03\x01"), (True, GET), (False, b"")):
            reader, _ = await served.connect(sent, plain=plain)
            await ended(reader)
        assert (await served.ask()).startswith(b"HTTP/1.1 200")
