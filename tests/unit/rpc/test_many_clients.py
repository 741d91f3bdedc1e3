"""Two hundred clients at once, one of which stands still."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from clau_doom.domain.episode import Purpose
from clau_doom.domain.events import EpisodeLost
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.testing.scripted_repository import ScriptedRepository

Serving = Callable[..., AbstractAsyncContextManager[Any]]

CLIENTS, EVENTS, SIZE = 200, 400, 8_000


def resident() -> int:
    """Return this process's memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def test_the_others_miss_nothing_and_memory_stays(serving: Serving) -> None:
    """What the stalled client does not take is kept nowhere: 3 MB of events a client would be 640 MB in queues."""
    repository = ScriptedRepository()
    async with serving(repository) as served:
        repository.open_gate.clear()
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
