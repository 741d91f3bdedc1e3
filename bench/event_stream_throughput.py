"""Events of one experiment for many concurrent clients, over a real server and real sockets.

``python -m bench.event_stream_throughput SOCKET EXPERIMENT CLIENTS`` runs clients in one process. Each client has its
own connection and reads the whole log without checks, so that the server's performance is measured.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import grpc

from bench.throughput_sample import MeasurementFailed
from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import ExperimentConfig, GrpcConfig, HoldoutConfig
from clau_doom.orchestration import Orchestrator
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.rpc import RpcServer
from clau_doom.testing.scripted_repository import ScriptedRepository

__all__ = ["CLIENTS", "event_stream_throughput"]

CLIENTS = (1, 50, 200)
_EXPERIMENT = ExperimentConfig(
    name="streamed", generations=10, population=20, episodes=4, holdout=HoldoutConfig(validation=1, episodes=2)
)
_PATH = "/claudoom.orchestrator.v1.OrchestratorService/StreamEvents"
_PATIENCE = 180.0


def event_stream_throughput(folder: Path, clients: int) -> float:
    """Return the total number of events per second that the server sends to a number of clients."""
    return asyncio.run(_measure(folder, clients))


async def _measure(folder: Path, clients: int) -> float:
    repository, socket = ScriptedRepository(), folder / f"{clients}.sock"
    orchestrator = Orchestrator(repository)
    server = RpcServer(
        GrpcConfig(socket=str(socket)),
        orchestrator,
        authenticator=Authenticator(TokenFiles(folder / "token")),
        grace=0.0,
        socket_only=True,
    )
    async with asyncio.timeout(_PATIENCE), orchestrator, server:
        await orchestrator.start(_EXPERIMENT)
        await orchestrator.idle()
        arguments = ("-m", "bench.event_stream_throughput", str(socket), _EXPERIMENT.name, str(clients))
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        output, _ = await child.communicate()
    if child.returncode:
        raise MeasurementFailed(f"the clients of the event stream ended with {child.returncode}")
    events, seconds = output.split()
    return int(events) / float(seconds)


async def _clients(socket: str, experiment: str, count: int) -> None:
    request = pb.StreamEventsRequest(experiment_id=experiment).SerializeToString()

    async def read() -> int:
        options = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(f"unix:{socket}", options=options) as channel:
            method: Any = channel.unary_stream(_PATH)
            return sum([1 async for _ in method(request)])

    started = time.perf_counter()
    counts = await asyncio.gather(*(read() for _ in range(count)))
    if len(set(counts)) != 1:
        raise SystemExit(f"clients read different numbers of events: {sorted(set(counts))}")
    print(sum(counts), time.perf_counter() - started)


if __name__ == "__main__":
    asyncio.run(_clients(sys.argv[1], sys.argv[2], int(sys.argv[3])))
