"""Tests of the metrics server on real sockets."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from prometheus_client.metrics_core import Metric

from clau_doom.config import MetricsConfig
from clau_doom.errors import AddressTaken, ConfigError
from clau_doom.metrics import MetricsCollector, MetricsServer
from tests.support.waiting import until

ANY_PORT = MetricsConfig(port=0)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def server(
    metrics: MetricsCollector | None = None,
    config: MetricsConfig = ANY_PORT,
    ready: Callable[[], str | None] = lambda: None,
) -> MetricsServer:
    return MetricsServer(metrics or MetricsCollector(), config, ready=ready)


async def get(port: int, path: str, *, host: str = "127.0.0.1", accept: str = "*/*") -> Answer:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(status=int(status.split()[1]), headers=headers, body=body)


async def test_metrics_are_served_in_the_accepted_format() -> None:
    """The default is Prometheus's text format."""
    metrics = MetricsCollector()
    metrics.workers(busy=1, total=3)
    async with server(metrics) as running:
        plain = await get(running.port, "/metrics")
        opened = await get(running.port, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert (plain.status, opened.status) == (200, 200)
    assert b"\nclau_doom_workers 3.0\n" in plain.body
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert opened.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert opened.body.endswith(b"# EOF\n")
    assert "server" not in plain.headers


async def test_health_and_readiness() -> None:
    """/healthz answers while the event loop runs. /readyz is 503 with the reason while new work is refused."""
    reasons: list[str | None] = [None, "draining"]
    async with server(ready=lambda: reasons[0]) as running:
        ready = await get(running.port, "/readyz")
        reasons.pop(0)
        draining = await get(running.port, "/readyz")
        alive = await get(running.port, "/healthz")
        nowhere = await get(running.port, "/")
    assert (ready.status, json.loads(ready.body)) == (200, {"ready": True})
    assert (draining.status, json.loads(draining.body)) == (503, {"ready": False, "reason": "draining"})
    assert (alive.status, json.loads(alive.body)) == (200, {"alive": True})
    assert nowhere.status == 404


class Broken(MetricsCollector):
    def collect(self) -> Iterable[Metric]:
        raise RuntimeError("the canary")


def broken_ready() -> str | None:
    raise RuntimeError("the canary")


async def test_internal_errors_are_logged_and_not_sent(caplog: pytest.LogCaptureFixture) -> None:
    """An error in the metrics is a 500, and one in the readiness a 503."""
    with caplog.at_level(logging.WARNING):
        async with server(Broken(), ready=broken_ready) as running:
            metrics, ready = await get(running.port, "/metrics"), await get(running.port, "/readyz")
            assert (await get(running.port, "/healthz")).status == 200
    assert (metrics.status, ready.status) == (500, 503)
    assert b"canary" not in metrics.body + ready.body
    assert metrics.body.count(b"see the log") == ready.body.count(b"see the log") == 1
    assert caplog.text.count("RuntimeError: the canary") == 2


async def test_taken_port_names_the_setting() -> None:
    """The first server continues."""
    async with server() as first:
        second = server(config=MetricsConfig(port=first.port))
        with pytest.raises(AddressTaken, match=rf"127\.0\.0\.1:{first.port} is in use: .*metrics\.port"):
            await second.__aenter__()
        assert (await get(first.port, "/healthz")).status == 200


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid", "x" * 70])
async def test_unknown_address_is_a_configuration_error(host: str) -> None:
    """The error names the field."""
    with pytest.raises(ConfigError, match=f"cannot listen on {host}:0: ") as caught:
        await server(config=MetricsConfig(host=host, port=0)).__aenter__()
    assert caught.value.problems[0][0] == "metrics.host"


async def test_server_listens_on_loopback_only_by_default() -> None:
    async with server() as running:
        assert (running.address, running.port) == (f"127.0.0.1:{running.port}", running.port)
        with pytest.raises(ConnectionRefusedError):
            await get(running.port, "/healthz", host="127.0.0.2")


async def test_server_listens_on_ipv6() -> None:
    """The configured host has no brackets, and the printed address has them."""
    async with server(config=MetricsConfig(host="::1", port=0)) as running:
        assert running.address == f"[::1]:{running.port}"
        assert (await get(running.port, "/healthz", host="::1")).status == 200


async def test_port_can_be_reused_at_once() -> None:
    """Connections of the stopped server may still be closing."""
    async with server() as first:
        await get(first.port, "/metrics")
    async with server(config=MetricsConfig(port=first.port)) as second:
        assert (await get(second.port, "/healthz")).status == 200


async def test_server_installs_no_signal_handler() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    async with server():
        assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


async def test_requests_are_not_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """The server does not print at its start and end."""
    with caplog.at_level(logging.INFO):
        async with server() as running:
            await get(running.port, "/metrics")
    assert not [each for each in caplog.records if each.name == "uvicorn.access" or each.levelno >= logging.WARNING]
    assert capfd.readouterr() == ("", "")


def ends_early(client: socket.socket) -> bool:
    """Return whether the connection ends with most of the data unsent."""
    client.settimeout(1.0)
    received = 0
    try:
        while data := client.recv(1_000_000):
            received += len(data)
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return received < 20_000_000


async def test_server_ends_despite_open_connections() -> None:
    """One client is silent, and one does not read. Both connections are closed."""

    class Huge(MetricsCollector):
        def exposition(self, accept: str = "") -> tuple[bytes, str]:
            return b"x" * 50_000_000, "text/plain"

    with contextlib.ExitStack() as cleanup:
        async with server(Huge()) as running:
            silent, stalled = (
                cleanup.enter_context(socket.create_connection(("127.0.0.1", running.port))) for _ in range(2)
            )
            stalled.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.to_thread(stalled.recv, 1, socket.MSG_PEEK)  # the server sends the response
            started = time.monotonic()
        assert time.monotonic() - started < 2.5
        assert silent.recv(1) == b""
        assert ends_early(stalled)
    gc.collect()  # a transport that was left open would warn here, and a warning is an error


async def test_error_in_the_body_is_raised_unchanged() -> None:
    """The server ends."""
    with pytest.raises(KeyError, match="mine"):
        async with server() as running:
            raise KeyError("mine")
    with pytest.raises(ConnectionRefusedError):
        await get(running.port, "/healthz")


async def test_cancelled_caller_stops_the_server() -> None:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with server() as running:
            port.set_result(running.port)
            await asyncio.sleep(60)

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve())
        await port
        serving.cancel()
    assert serving.cancelled()
    with pytest.raises(ConnectionRefusedError):
        await get(await port, "/healthz")


def break_listener(port: int) -> None:
    """Shut down the listening socket of a port in this process."""
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(path.name))) as found:
            if found.getsockname()[1:] == (port,) and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.shutdown(socket.SHUT_RDWR)


async def reached(port: int, path: str, status: int) -> Answer:
    """Return the first answer of a status, once a server of a port gives it."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                answer = await get(port, path)
                if answer.status == status:
                    return answer
            await asyncio.sleep(0.02)


async def test_failed_listener_is_restarted_on_its_port(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged once. Another server is not ready until then."""
    with caplog.at_level(logging.ERROR):
        async with server() as dying, server(ready=lambda: dying.trouble) as other:
            await reached(other.port, "/readyz", 200)
            break_listener(dying.port)
            with socket.create_server(("127.0.0.1", dying.port)):
                answer = await reached(other.port, "/readyz", 503)
                assert json.loads(answer.body)["reason"] == "the metrics listener failed and is restarted"
                assert (await get(other.port, "/healthz")).status == 200
            await reached(dying.port, "/healthz", 200)
            await reached(other.port, "/readyz", 200)
    assert len(caplog.records) == 1
    assert "listener failed and is restarted" in caplog.text


async def test_stop_does_not_wait_for_a_restart(caplog: pytest.LogCaptureFixture) -> None:
    """The port of the failed server is in use."""
    async with server() as dying:
        break_listener(dying.port)
        taken = socket.create_server(("127.0.0.1", dying.port))
        await until(lambda: dying.trouble is not None)
    taken.close()


async def test_failed_server_loop_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    tick, failures = uvicorn.Server.on_tick, [OSError("the loop is broken")]

    async def fail(server: uvicorn.Server, counter: int) -> bool:
        if counter and failures:
            raise failures.pop()
        return await tick(server, counter)

    monkeypatch.setattr(uvicorn.Server, "on_tick", fail)
    async with server() as running:
        await until(lambda: not failures)
        await reached(running.port, "/healthz", 200)


async def test_failed_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller receives the error. No socket listens afterwards."""

    async def fail(server: uvicorn.Server, sockets: object = None) -> None:
        raise OSError("nothing starts")

    monkeypatch.setattr(uvicorn.Server, "startup", fail)
    with pytest.raises(OSError, match="nothing starts"):
        await server().__aenter__()
