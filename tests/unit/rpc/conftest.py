"""Server of experiments with scripted episodes, and channels to the server."""

import io
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import GrpcConfig
from clau_doom.logs import configure_logs
from clau_doom.orchestration import Orchestrator
from clau_doom.protos.claudoom.orchestrator.v1.orchestrator_pb2_grpc import OrchestratorServiceStub
from clau_doom.rpc import RpcServer
from clau_doom.testing.scripted_repository import ScriptedRepository


@dataclass
class Served:
    """Running server. Its Unix socket needs no token, its port does."""

    server: RpcServer
    orchestrator: Orchestrator
    repository: ScriptedRepository
    channel: grpc.aio.Channel
    token_file: Path
    socket: Path

    @property
    def stub(self) -> Any:
        return OrchestratorServiceStub(self.channel)

    @property
    def token(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token_file.read_text().strip()}"),)


@pytest.fixture
def logs() -> Callable[[], list[dict[str, Any]]]:
    """Return a function that returns the log records."""
    stream = io.StringIO()
    configure_logs(stream, json=True)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def own_channel() -> Callable[..., grpc.aio.Channel]:
    """Return a function that makes channels with separate connections."""

    def make(target: str, *options: tuple[str, int]) -> grpc.aio.Channel:
        own = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0), *options)
        return grpc.aio.insecure_channel(target, options=own)

    return make


@pytest.fixture
def serving(
    tmp_path: Path, own_channel: Callable[..., grpc.aio.Channel]
) -> Callable[..., AbstractAsyncContextManager[Served]]:
    @asynccontextmanager
    async def serve(
        repository: ScriptedRepository | None = None, *, grace: float = 5.0, **options: Any
    ) -> AsyncIterator[Served]:
        repository = repository or ScriptedRepository()
        orchestrator = Orchestrator(repository)
        token_file, socket = tmp_path / "token", tmp_path / "api.sock"
        config = GrpcConfig(port=0, socket=str(socket))
        server = RpcServer(
            config,
            orchestrator,
            authenticator=Authenticator(TokenFiles(token_file), shortest_delay=0.0),
            grace=grace,
            **options,
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(server)
            await stack.enter_async_context(orchestrator)
            channel = await stack.enter_async_context(own_channel(f"unix:{socket}"))
            yield Served(server, orchestrator, repository, channel, token_file, socket)

    return serve


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create an authority, and certificates for a server and a client."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl(*new, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    for name in ("server", "client"):
        openssl(
            *(*new, "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", f"/CN={name}"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"),
            *("-keyout", f"{name}.key", "-out", f"{name}.pem"),
        )
    openssl(*new, "-subj", "/CN=other", "-keyout", "other.key", "-out", "other.pem")
    return folder
