"""Tests of a real RPC server: authentication, refused configurations and shutdown."""

import asyncio
import contextlib
import socket
import stat
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import GrpcConfig, is_loopback
from clau_doom.domain.episode import Purpose
from clau_doom.domain.events import EpisodeLost
from clau_doom.errors import AddressTaken, ConfigError
from clau_doom.orchestration import Orchestrator
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.protos.claudoom.orchestrator.v1.orchestrator_pb2_grpc import OrchestratorServiceStub
from clau_doom.rpc import RpcServer
from clau_doom.rpc.handler_wrapper import Method
from clau_doom.testing.scripted_repository import ScriptedRepository

Serving = Callable[..., AbstractAsyncContextManager[Any]]
Channel = Callable[..., Any]

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE = "claudoom.orchestrator.v1.OrchestratorService"


def stub_of(channel: grpc.aio.Channel) -> Any:
    return OrchestratorServiceStub(channel)


def server(tmp_path: Path, **fields: Any) -> RpcServer:
    return RpcServer(
        GrpcConfig(**{"port": 0, **fields}),
        Orchestrator(ScriptedRepository()),
        authenticator=Authenticator(TokenFiles(tmp_path / "token")),
    )


async def code_of(answer: Any) -> grpc.StatusCode:
    try:
        await answer
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


# Who gets in.


async def test_port_requires_the_token(serving: Serving, own_channel: Channel) -> None:
    """A missing, wrong or repeated token, or another scheme, is refused."""
    async with serving() as served, own_channel(served.server.address) as channel:
        (name, right), *_ = served.token
        tokens: list[tuple[tuple[str, str], ...]] = [
            (),
            ((name, "Bearer wrong"),),
            ((name, f"{right}x"),),
            ((name, right.replace("Bearer", "Basic")),),
            ((name, right), (name, right)),
        ]
        for token in tokens:
            answer = stub_of(channel).ListExperiments(pb.ListExperimentsRequest(), metadata=token)
            assert await code_of(answer) is grpc.StatusCode.UNAUTHENTICATED, token
        for token in (served.token, ((name, right.replace("Bearer", "bearer")),)):
            answer = stub_of(channel).ListExperiments(pb.ListExperimentsRequest(), metadata=token)
            assert await code_of(answer) is grpc.StatusCode.OK


async def test_streams_need_a_token(serving: Serving, own_channel: Channel) -> None:
    async with serving() as served, own_channel(served.server.address) as channel:
        for call in (
            stub_of(channel).StreamEvents(pb.StreamEventsRequest(experiment_id="x")),
            stub_of(channel).ControlAgent(iter([pb.AgentCommand(command_id="1")])),
            channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")(iter([b""])),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async for _ in call:
                    pass
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_port_client_cannot_act_as_a_socket_client(serving: Serving, own_channel: Channel) -> None:
    """The listener decides, not the request's metadata."""
    async with serving() as served:
        claims = [("grpc.default_authority", "unix:" + str(served.socket)), ("grpc.primary_user_agent", "unix")]
        async with own_channel(served.server.address, *claims) as channel:
            metadata = (("x-forwarded-for", "unix:"), ("peer", "unix:"), ("forwarded", "for=unix"))
            answer = stub_of(channel).ListExperiments(pb.ListExperimentsRequest(), metadata=metadata)
            assert await code_of(answer) is grpc.StatusCode.UNAUTHENTICATED


async def test_socket_is_private_and_removed_with_the_server(serving: Serving) -> None:
    """The socket needs no token."""
    async with serving() as served:
        assert stat.S_IMODE(served.socket.stat().st_mode) == 0o600
        assert await code_of(served.stub.ListExperiments(pb.ListExperimentsRequest())) is grpc.StatusCode.OK
        assert sorted(path.name for path in served.socket.parent.iterdir()) == ["api.sock", "token"]
    assert sorted(path.name for path in served.socket.parent.iterdir()) == ["token"]


async def test_silent_connections_end_and_do_not_block_clients(serving: Serving, own_channel: Channel) -> None:
    """Connections are silent before and during the handshake."""
    async with serving(handshake=0.3) as served, own_channel(served.server.address) as channel:
        silent = [await asyncio.open_connection("127.0.0.1", served.server.port) for _ in range(60)]
        for _, writer in silent[::2]:
            writer.write(b"PRI * HTTP/2.0")
        answer = stub_of(channel).ListExperiments(pb.ListExperimentsRequest(), metadata=served.token)
        assert await code_of(answer) is grpc.StatusCode.OK
        for reader, writer in silent:
            async with asyncio.timeout(20):
                with contextlib.suppress(ConnectionError):
                    while await reader.read(1 << 16):
                        pass
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


# What it does not start with.


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
async def test_other_addresses_need_a_certificate(host: str, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"without TLS would reveal the token: give grpc.certificate and grpc.key"
    ) as caught:
        await server(tmp_path, host=host).__aenter__()
    assert [path for path, _ in caught.value.problems] == ["grpc.certificate", "grpc.key"]


@pytest.mark.parametrize("field", ["certificate", "key", "client_ca"])
async def test_certificate_without_key_is_refused(field: str, tmp_path: Path) -> None:
    """This holds for loopback addresses, too."""
    with pytest.raises(ConfigError, match=f"grpc.{field} is given without grpc."):
        await server(tmp_path, **{field: "x.pem"}).__aenter__()


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        *[(host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost")],
        *[(host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "2130706433")],
    ],
)
def test_only_loopback_addresses_are_loopback(host: str, inside: bool) -> None:
    """Similar names and addresses are not."""
    assert is_loopback(host) is inside


async def test_taken_port_is_an_error_with_its_address(serving: Serving, tmp_path: Path) -> None:
    async with serving() as served:
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{served.server.port} is in use by another program"):
            await server(tmp_path / "b", port=served.server.port).__aenter__()


async def test_address_of_another_machine_is_an_error(tmp_path: Path, certificates: Path) -> None:
    with pytest.raises(ConfigError, match=r"this machine cannot listen on 192.0.2.1:.*Cannot assign"):
        await server(tmp_path, host="192.0.2.1", **pair(certificates, "server")).__aenter__()


async def test_stale_socket_is_removed_and_a_used_one_is_kept(
    serving: Serving, tmp_path: Path, own_channel: Channel
) -> None:
    """A killed server leaves its socket."""
    path = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with server(tmp_path, socket=str(path)), own_channel(f"unix:{path}") as channel:
        assert await code_of(stub_of(channel).ListExperiments(pb.ListExperimentsRequest())) is grpc.StatusCode.OK
        with pytest.raises(AddressTaken, match=f"{path} is in use"):
            await server(tmp_path, socket=str(path)).__aenter__()
        assert await code_of(stub_of(channel).ListExperiments(pb.ListExperimentsRequest())) is grpc.StatusCode.OK


async def test_server_without_a_port_needs_no_token(tmp_path: Path, own_channel: Channel) -> None:
    """A single run uses it."""
    config, token, path = GrpcConfig(socket=str(tmp_path / "s.sock")), tmp_path / "token", tmp_path / "s.sock"
    async with RpcServer(
        config, Orchestrator(ScriptedRepository()), authenticator=Authenticator(TokenFiles(token)), socket_only=True
    ) as served:
        async with own_channel(f"unix:{path}") as channel:
            assert await code_of(stub_of(channel).ListExperiments(pb.ListExperimentsRequest())) is grpc.StatusCode.OK
        assert served.port == 0
        assert not token.exists()


async def test_regular_file_in_place_of_the_socket_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="exists and is not a socket"):
        await server(tmp_path, socket=str(path)).__aenter__()
    assert path.read_text() == "precious"


async def test_socket_path_above_107_bytes_is_refused(tmp_path: Path) -> None:
    """The error has the kernel's limit, because gRPC would shorten the path."""
    with pytest.raises(ConfigError, match="longer than 107 bytes"):
        await server(tmp_path, socket=str(tmp_path / ("x" * 120))).__aenter__()


# TLS.


def pair(folder: Path, name: str) -> dict[str, str]:
    return {"certificate": str(folder / f"{name}.pem"), "key": str(folder / f"{name}.key")}


def secure(folder: Path, address: str, client: str | None = None) -> grpc.aio.Channel:
    files = [(folder / f"{client}.{end}").read_bytes() for end in ("key", "pem")] if client else [None, None]
    credentials = grpc.ssl_channel_credentials((folder / "ca.pem").read_bytes(), *files)
    options = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))
    return grpc.aio.secure_channel(address, credentials, options=options)


async def test_tls_server_needs_the_token(tmp_path: Path, certificates: Path, own_channel: Channel) -> None:
    """A client without TLS is not served."""
    async with server(tmp_path, host="0.0.0.0", **pair(certificates, "server")) as served:
        token = (("authorization", f"Bearer {(tmp_path / 'token').read_text().strip()}"),)
        async with secure(certificates, served.address) as channel, own_channel(served.address) as plain:
            calls = [
                stub_of(channel).ListExperiments(pb.ListExperimentsRequest(), metadata=token),
                stub_of(channel).ListExperiments(pb.ListExperimentsRequest()),
                stub_of(plain).ListExperiments(pb.ListExperimentsRequest(), metadata=token),
            ]
            codes = [await code_of(call) for call in calls]
    assert codes == [grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE]


async def test_client_without_certificate_is_refused(tmp_path: Path, certificates: Path) -> None:
    """The configuration names an authority for clients."""
    fields = {**pair(certificates, "server"), "client_ca": str(certificates / "ca.pem")}
    async with server(tmp_path, **fields) as served:
        token = (("authorization", f"Bearer {(tmp_path / 'token').read_text().strip()}"),)
        codes = []
        for client in ("client", None):
            async with secure(certificates, served.address, client) as channel:
                answer = stub_of(channel).ListExperiments(pb.ListExperimentsRequest(), metadata=token)
                codes.append(await code_of(answer))
    assert codes == [grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE]


async def test_mismatched_certificate_and_key_are_refused(tmp_path: Path, certificates: Path) -> None:
    wrong = {"certificate": str(certificates / "server.pem"), "key": str(certificates / "client.key")}
    with pytest.raises(ConfigError, match="use PEM files of one key pair"):
        await server(tmp_path, **wrong).__aenter__()
    with pytest.raises(ConfigError, match=r"grpc.key: .*absent.key cannot be read"):
        await server(tmp_path, **{**wrong, "key": str(tmp_path / "absent.key")}).__aenter__()


# Limits, health, reflection.


async def test_message_above_4_mib_is_refused(serving: Serving) -> None:
    """The handler does not run."""
    async with serving() as served:
        request = pb.StartExperimentRequest(config_yaml="x" * (4 * 1024 * 1024))
        assert await code_of(served.stub.StartExperiment(request)) is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_health_needs_no_token(serving: Serving, own_channel: Channel) -> None:
    """The server and each service have a health status."""
    async with serving() as served, own_channel(served.server.address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICE, "grpc.health.v1.Health"):
            assert (await health.Check(health_pb2.HealthCheckRequest(service=name))).status == SERVING
        assert await code_of(health.Check(health_pb2.HealthCheckRequest(service="x"))) is grpc.StatusCode.NOT_FOUND


async def test_draining_server_is_not_serving_and_refuses_new_work(serving: Serving) -> None:
    """Watchers are notified. Reading calls still work."""
    async with serving() as served:
        health: Any = health_pb2_grpc.HealthStub(served.channel)
        watches = [health.Watch(health_pb2.HealthCheckRequest(service=SERVICE)) for _ in range(3)]
        assert [(await watch.read()).status for watch in watches] == [SERVING] * 3
        watches.pop().cancel()
        served.orchestrator.drain(grace=0.0)
        assert [(await watch.read()).status for watch in watches] == [NOT_SERVING] * 2
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == NOT_SERVING
        for work in (
            served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x")),
            served.stub.PauseExperiment(pb.PauseExperimentRequest(experiment_id="nix")),
            served.stub.ControlAgent(iter([pb.AgentCommand(command_id="1")])).read(),
        ):
            assert await code_of(work) is grpc.StatusCode.UNAVAILABLE
        assert await code_of(served.stub.ListExperiments(pb.ListExperimentsRequest())) is grpc.StatusCode.OK


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_and_describes_the_service(version: str, serving: Serving) -> None:
    """Both versions of the protocol work, so that grpcurl needs no .proto."""
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
    ]
    async with serving() as served:
        call = served.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )(iter(requests))
        listed, described = [answer async for answer in call]
    names = {each.name for each in listed.list_services_response.service}
    assert {SERVICE, "grpc.health.v1.Health"} <= names
    assert any(b"StartExperiment" in each for each in described.file_descriptor_response.file_descriptor_proto)


# How it stops.


def waiting(begun: asyncio.Event, seconds: float) -> Method:
    async def wait(request: StringValue) -> StringValue:
        begun.set()
        await asyncio.sleep(seconds)
        return request

    return Method(service="test.Waiting", name="Wait", request=StringValue, handler=wait)


async def test_running_calls_finish_within_the_grace_period(serving: Serving, own_channel: Channel) -> None:
    begun = asyncio.Event()
    async with serving(methods=[waiting(begun, 0.5)]) as served:
        channel = own_channel(f"unix:{served.socket}")
        answer = asyncio.ensure_future(code_of(channel.unary_unary("/test.Waiting/Wait")(b"")))
        await begun.wait()
    assert await answer is grpc.StatusCode.OK
    await channel.close()


async def test_calls_end_after_the_grace_period(serving: Serving, own_channel: Channel) -> None:
    """An endless call does not block the server's shutdown."""
    begun, loop = asyncio.Event(), asyncio.get_running_loop()
    async with serving(methods=[waiting(begun, 60)], grace=0.2) as served:
        channel = own_channel(f"unix:{served.socket}")
        answer = asyncio.ensure_future(code_of(channel.unary_unary("/test.Waiting/Wait")(b"")))
        await begun.wait()
        left = loop.time()
    assert loop.time() - left < 5
    assert await answer in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    await channel.close()


async def test_idle_streams_do_not_delay_the_shutdown(serving: Serving, own_channel: Channel) -> None:
    loop = asyncio.get_running_loop()
    async with serving(grace=30) as served:
        channel = own_channel(f"unix:{served.socket}")
        stub = stub_of(channel)
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == SERVING
        control = stub.ControlAgent()
        await control.write(pb.AgentCommand(command_id="1", pause=pb.PauseAgent(agent_id="x-g000-a000")))
        assert (await control.read()).refused.code == 5
        left = loop.time()
    assert loop.time() - left < 3
    assert await control.code() is grpc.StatusCode.UNAVAILABLE
    assert (await watch.read()).status == NOT_SERVING
    await channel.close()


CLIENTS, EVENTS, SIZE = 200, 400, 8_000


def resident() -> int:
    """Return this process's memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def test_stalled_client_does_not_affect_others_or_memory(serving: Serving) -> None:
    """Queues of 3 MB of events for each client would take 640 MB."""
    repository = ScriptedRepository()
    async with serving(repository) as served:
        repository.may_end.clear()
        await served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x"))
        store = repository.stores["x"]
        before = resident()
        script = Path(__file__).with_name("streaming_clients.py")
        clients = await asyncio.create_subprocess_exec(
            *(sys.executable, str(script), str(served.socket), "x", str(CLIENTS)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert clients.stdin
        assert clients.stdout
        async with asyncio.timeout(120):
            assert await clients.stdout.readline() == b"begun\n"
            most = 0
            for number in range(EVENTS):
                await store.append([lost(number)], running_seconds=0.0)
                await asyncio.sleep(0.001)
                most = max(most, resident())
            await served.stub.CancelExperiment(pb.CancelExperimentRequest(experiment_id="x"))
            log = [recorded.sequence async for recorded in store.events()]
            counts = [int(await clients.stdout.readline()) for _ in range(CLIENTS - 1)]
            most = max(most, resident())
            assert counts == [len(log)] * (CLIENTS - 1)
            kept = EVENTS * SIZE
            grown = (most - before - kept) / 2**20
            print(f"grown by {grown:.1f} MiB")
            assert grown < 50
            clients.stdin.write(b"\n")
            assert await clients.wait() == 0


def lost(number: int) -> EpisodeLost:
    return EpisodeLost(
        purpose=Purpose.TRAINING, agent="x-g000-a000", number=number, seed=1, attempt=1, reason="r" * SIZE
    )
