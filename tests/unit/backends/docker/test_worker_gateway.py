"""Tests of the worker server over TLS: a token is valid once, and clients without one are refused."""

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
from cryptography import x509

from clau_doom.backends.docker.worker_gateway import Lease, WorkerServer, WorkerStream
from clau_doom.errors import ContainerRefused
from clau_doom.wire import MAX_FRAME
from tests.support.requirements import missing

ATTACH = "/claudoom.worker.v1.WorkerService/Attach"
PATIENCE = 10.0


@pytest.fixture(scope="module", autouse=True)
async def loop(anyio_backend: str) -> AsyncIterator[None]:
    """Keep one event loop for all tests: late gRPC callbacks to a closed loop break the next one."""
    yield
    await asyncio.sleep(0.1)  # the end of the listener has no event


@pytest.fixture
async def server() -> AsyncIterator[WorkerServer]:
    async with WorkerServer("127.0.0.1:0") as made:
        yield made


class Client:
    """Client that sends its own bytes to a worker server."""

    def __init__(
        self, server: WorkerServer, token: str | None = None, *, header: str = "Bearer ", secure: bool = True
    ) -> None:
        options = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
        trusted = grpc.ssl_channel_credentials(server.certificate.encode())
        self._channel = (
            grpc.aio.secure_channel(server.endpoint, trusted, options=options)
            if secure
            else grpc.aio.insecure_channel(server.endpoint, options=options)
        )
        metadata = (("authorization", f"{header}{token}"),) if token is not None else ()
        self.call: Any = self._channel.stream_stream(ATTACH)(metadata=metadata, timeout=PATIENCE)

    async def end(self) -> grpc.StatusCode:
        """Wait for the end of the call and return its status."""
        code: grpc.StatusCode = await self.call.code()
        await self._channel.close()
        return code

    async def close(self) -> None:
        await self._channel.close()


async def attached(lease: Lease) -> WorkerStream:
    return await asyncio.wait_for(lease.attached, PATIENCE)


async def first(stream: WorkerStream) -> bytes:
    return await asyncio.wait_for(anext(stream.received()), PATIENCE)


async def test_valid_token_attaches_a_worker(server: WorkerServer) -> None:
    """The worker is bound to its agent, and both sides exchange messages until the stream is closed."""
    with server.lease("x-g000-a000") as lease:
        client = Client(server, lease.token)
        stream = await attached(lease)
        await client.call.write(b"hello")
        received = stream.received()
        assert await anext(received) == b"hello"
        stream.send(b"play")
        assert await client.call.read() == b"play"
        stream.close()
        assert await client.end() is grpc.StatusCode.OK
    assert server.refused == 0


async def test_token_is_valid_once(server: WorkerServer, caplog: pytest.LogCaptureFixture) -> None:
    """A second use is refused, counted and logged without the token, and the first worker continues."""
    with server.lease("x-g000-a000") as lease, caplog.at_level(logging.WARNING):
        worker = Client(server, lease.token)
        stream = await attached(lease)
        thief = Client(server, lease.token)
        assert await thief.end() is grpc.StatusCode.UNAUTHENTICATED
        await worker.call.write(b"still here")
        assert await first(stream) == b"still here"
        await worker.close()
    assert server.refused == 1
    (entry,) = [str(each.msg) for each in caplog.records if each.name == "clau_doom.backends.docker.worker_gateway"]
    assert "its token is missing or wrong" in entry
    assert "127.0.0.1" in entry
    assert lease.token not in caplog.text


async def test_token_is_invalid_after_the_lease(server: WorkerServer) -> None:
    """A worker that connects after the end of its container's lease is refused."""
    with server.lease("x-g000-a000") as lease:
        pass
    assert await Client(server, lease.token).end() is grpc.StatusCode.UNAUTHENTICATED
    assert not lease.attached.done()
    with server.lease("x-g000-a000") as again:
        assert again.token != lease.token


async def test_worker_of_a_cancelled_wait_is_refused(server: WorkerServer) -> None:
    with server.lease("x-g000-a000") as lease:
        lease.attached.cancel()
        assert await Client(server, lease.token).end() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("token", "header"),
    [(None, ""), ("", "Bearer "), ("x" * 43, "Bearer "), ("TOKEN", ""), ("TOKEN", "bearer "), ("TOKEN", "Basic ")],
    ids=["none", "an empty one", "a made-up one", "no bearer", "a small letter", "another scheme"],
)
async def test_invalid_token_is_refused(server: WorkerServer, token: str | None, header: str) -> None:
    """An invented, missing or wrongly sent token is refused, and the rightful worker can still connect."""
    with server.lease("x-g000-a000") as lease:
        shown = lease.token if token == "TOKEN" else token
        assert await Client(server, shown, header=header).end() is grpc.StatusCode.UNAUTHENTICATED
        assert server.refused == 1
        worker = Client(server, lease.token)
        await attached(lease)
        await worker.close()


async def test_repeated_refusals_are_logged_rarely(server: WorkerServer, caplog: pytest.LogCaptureFixture) -> None:
    """All refusals are counted. Later refusals are logged when their number doubles."""
    with caplog.at_level(logging.WARNING):
        for _ in range(70):
            assert await Client(server, "made up").end() is grpc.StatusCode.UNAUTHENTICATED
    entries = [record.msg for record in caplog.records if record.name == "clau_doom.backends.docker.worker_gateway"]
    assert [entry["times"] for entry in entries] == [*range(1, 17), 32, 64]  # type: ignore[index] # structlog's event
    assert server.refused == 70


async def test_concurrent_workers_attach_by_their_tokens(server: WorkerServer) -> None:
    with contextlib.ExitStack() as leases:
        made = [leases.enter_context(server.lease(f"x-g000-a{index:03}")) for index in range(8)]
        clients = [Client(server, lease.token) for lease in reversed(made)]
        for client, lease in zip(clients, reversed(made), strict=True):
            await client.call.write(lease.agent.encode())
        for lease in made:
            assert await first(await attached(lease)) == lease.agent.encode()
        for client in clients:
            await client.close()


async def test_worker_without_tls_is_refused(server: WorkerServer) -> None:
    """A worker without TLS is refused, and its token remains valid."""
    with server.lease("x-g000-a000") as lease:
        assert await Client(server, lease.token, secure=False).end() is grpc.StatusCode.UNAVAILABLE
        assert not lease.attached.done()
        worker = Client(server, lease.token)
        await attached(lease)
        await worker.close()


async def test_worker_refuses_another_server(server: WorkerServer) -> None:
    """Each start of a server has its own certificate, so a worker refuses another server at the address."""
    async with WorkerServer("127.0.0.1:0") as other:
        with other.lease("x-g000-a000") as lease:
            client = Client(server, lease.token)
            other.endpoint, server.endpoint = server.endpoint, other.endpoint
            mistaken = Client(server, lease.token)
            assert await mistaken.end() is grpc.StatusCode.UNAVAILABLE
            assert not lease.attached.done()
            await client.close()


async def test_oversized_message_ends_only_its_stream(server: WorkerServer) -> None:
    """The message is refused, and other streams continue."""
    with server.lease("x-g000-a000") as lease, server.lease("x-g000-a001") as second:
        giant, worker = Client(server, lease.token), Client(server, second.token)
        stream, other = await attached(lease), await attached(second)
        async with asyncio.timeout(PATIENCE):
            writing = asyncio.ensure_future(giant.call.write(bytes(MAX_FRAME + 1)))
            assert [data async for data in stream.received()] == []
            assert await giant.end() is grpc.StatusCode.RESOURCE_EXHAUSTED
            await asyncio.gather(writing, return_exceptions=True)
        await worker.call.write(b"still here")
        assert await first(other) == b"still here"
        await worker.close()


@pytest.fixture
def few_files() -> Iterator[None]:
    """Start the process with a low limit of open files, as most systems do."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_idle_connections_do_not_block_workers(few_files: None) -> None:
    """Hundreds of connections that are idle or send invalid bytes do not prevent a worker from connecting."""
    async with WorkerServer("127.0.0.1:0") as server:
        host, _, port = server.endpoint.rpartition(":")
        with contextlib.ExitStack() as open_ones:
            for number in range(300):
                wire = open_ones.enter_context(socket.create_connection((host, int(port)), timeout=PATIENCE))
                if number % 2:
                    wire.sendall(b"\xff" * 100)
            with server.lease("x-g000-a000") as lease:
                worker = Client(server, lease.token)
                await attached(lease)
                await worker.close()


async def test_cancelled_call_ends_its_stream(server: WorkerServer) -> None:
    with server.lease("x-g000-a000") as lease:
        worker = Client(server, lease.token)
        stream = await attached(lease)
        worker.call.cancel()
        async with asyncio.timeout(PATIENCE):
            assert [data async for data in stream.received()] == []
        await worker.close()


async def test_closed_server_ends_every_stream() -> None:
    """Every waiting call ends, on the server and on the clients."""
    async with WorkerServer("127.0.0.1:0") as server:
        with server.lease("x-g000-a000") as lease:
            worker = Client(server, lease.token)
            stream = await attached(lease)
            listening = asyncio.ensure_future(first(stream))
            await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await listening
    assert await worker.end() is not grpc.StatusCode.OK


async def test_repr_contains_no_secret(server: WorkerServer) -> None:
    """The printed forms of a lease and of a certificate contain neither token nor key."""
    with server.lease("x-g000-a000") as lease:
        assert lease.token not in repr(lease)
    assert "PRIVATE KEY" not in server.certificate


@pytest.fixture
def taken() -> Iterator[str]:
    """Return an address that another socket listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


@pytest.mark.parametrize("where", ["taken", "192.0.2.1:0", "no-such-host.invalid:0"])
async def test_unusable_address_is_an_error_with_the_setting(where: str, taken: str) -> None:
    """For an address that is in use or not of this machine, the message names it and its setting."""
    where = taken if where == "taken" else where
    with pytest.raises(ContainerRefused, match=rf"cannot listen .* {where}: .* set docker\.listen") as caught:
        async with WorkerServer(where):
            pass
    assert "\n" not in str(caught.value)


async def test_two_servers_do_not_share_a_port(server: WorkerServer) -> None:
    """A second server on the port is refused, because it would receive some of the first one's workers."""
    with pytest.raises(ContainerRefused, match="it is in use"):
        async with WorkerServer(server.endpoint):
            pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_certificate_is_valid_for_the_listening_address(host: str) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            if host == "[::1]":
                missing("the loopback interface has no IPv6 address")
    async with WorkerServer(f"{host}:0") as server:
        assert server.endpoint.rpartition(":")[0] == host
        with server.lease("x-g000-a000") as lease:
            worker = Client(server, lease.token)
            await attached(lease)
            await worker.close()


async def test_certificate_is_valid_for_the_advertised_address() -> None:
    """If the advertised address differs from the listening address, the certificate is valid for both."""
    async with WorkerServer("127.0.0.1:0", advertise="host.example:50123") as server:
        assert server.endpoint == "host.example:50123"
        certificate = x509.load_pem_x509_certificate(server.certificate.encode())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["host.example"]
        assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
