"""Tests of error responses and of clients that disconnect."""

import asyncio
import logging

import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from clau_doom.http_connections import ConnectionLimits
from clau_doom.http_server import HttpServer
from clau_doom.web.error_responses import ErrorResponses

LIMITS = ConnectionLimits(total=8, per_address=8)


async def test_aborted_upload_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        del send
        begun.set()
        try:
            await Request(scope, receive).body()
        finally:
            ended.set()

    with caplog.at_level(logging.WARNING):
        async with HttpServer(ErrorResponses(reads), section="web", host="127.0.0.1", port=0, limits=LIMITS) as server:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegun")
            await writer.drain()
            await begun.wait()
            writer.close()
            await asyncio.wait_for(ended.wait(), 30.0)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
