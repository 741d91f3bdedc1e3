"""A server of a scripted orchestrator, and channels to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clau_doom.config import GrpcConfig
from clau_doom.protos.claudoom.orchestrator.v1.orchestrator_pb2_grpc import OrchestratorServiceStub
from clau_doom.rpc import RpcServer
from clau_doom.testing.scripted_orchestrator import ScriptedOrchestrator


@dataclass
class Served:
    """A server that is up: by its Unix socket, which needs no token, and by its port, which does."""

    server: RpcServer
    orchestrator: ScriptedOrchestrator
    channel: grpc.aio.Channel
    token_file: Path
    socket: Path

    @property
    def stub(self) -> Any:
        return OrchestratorServiceStub(self.channel)  # type: ignore[no-untyped-call]

    @property
    def token(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token_file.read_text().strip()}"),)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def own_channel() -> Callable[..., grpc.aio.Channel]:
    """Make channels with connections of their own."""

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
        orchestrator: ScriptedOrchestrator | None = None, *, grace: float = 5.0, **options: Any
    ) -> AsyncIterator[Served]:
        orchestrator = orchestrator or ScriptedOrchestrator()
        token_file, socket = tmp_path / "token", tmp_path / "api.sock"
        config = GrpcConfig(port=0, socket=str(socket))
        server = RpcServer(config, orchestrator, token_file=token_file, grace=grace, **options)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(server)
            await stack.enter_async_context(orchestrator)
            channel = await stack.enter_async_context(own_channel(f"unix:{socket}"))
            yield Served(server, orchestrator, channel, token_file, socket)

    return serve
