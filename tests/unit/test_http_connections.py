"""Connections that keep a server waiting end in time, and keep nobody else out."""

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
    """A server, and what it is asked by."""

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
        """Return the head of the answer."""
        reader, _ = await self.connect(sent, **how)
        async with asyncio.timeout(10):
            return await reader.readuntil(b"\r\n\r\n")


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> None:
    """Wait until the server has ended a connection."""
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
async def test_silent_connections_keep_nobody_out(serving: Serving, sent: bytes) -> None:
    """Ten times as many as there is room for, of one address and of several: each request is answered."""
    async with serving(FEW) as served:
        silent = [await served.connect(sent, source=f"127.0.0.{1 + number % 4}") for number in range(80)]
        assert (await served.ask()).startswith(b"HTTP/1.1 200")
        for reader, _ in silent[:72]:
            await ended(reader)
        assert (await served.ask(source="127.0.0.9")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", GET[:9], POST, POST + b"1234"])
async def test_what_is_not_sent_in_time_is_not_waited_for(serving: Serving, sent: bytes) -> None:
    """No header, half of one, no body, most of one."""
    async with serving(ConnectionLimits(total=8, per_address=4, headers=0.1, body=0.1)) as served:
        reader, _ = await served.connect(sent)
        await ended(reader)


async def test_a_drop_at_a_time_buys_no_time(serving: Serving) -> None:
    """The limit is for all of the headers, and not for each of their bytes."""
    async with serving(ConnectionLimits(total=8, per_address=4, headers=0.3)) as served:
        reader, writer = await served.connect()
        end = asyncio.create_task(ended(reader))
        for byte in GET[:-1] + b"x: " + b"y" * 1000:
            if end.done():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        assert end.done()


async def test_an_answer_that_is_not_read_is_given_up(serving: Serving) -> None:
    """A client that asks for much and reads nothing is cut off."""
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


async def test_requests_that_are_carried_out_are_kept_and_one_more_is_told_so(serving: Serving) -> None:
    """What the server is busy with is not given up for a new client, which is told what to do."""
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


async def test_what_is_no_http_is_answered_with_the_headers_of_every_answer(serving: Serving) -> None:
    """The server below the application answers; nothing of what was sent is repeated."""
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
    """Return what a server and its clients encrypt with."""
    certificate, key = str(tmp_path / "c.pem"), str(tmp_path / "k.pem")
    command = [tool("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-keyout", key, "-out", certificate, "-subj", "/CN=here"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


async def test_silent_connections_over_tls_keep_nobody_out_and_end(
    serving: Serving, certified: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Before the handshake, in it and after it; what follows the handshake at once is read."""
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
