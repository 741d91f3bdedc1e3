"""Process of many streaming clients: ``streaming_clients.py SOCKET EXPERIMENT COUNT``.

Each client has its own connection. The first client reads one event only, the others read to the end.
The first line of the output reports that all clients have begun. Each further line is a client's number of events.
"""

import asyncio
import sys
from typing import Any

import grpc

from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb

PATH = "/claudoom.orchestrator.v1.OrchestratorService/StreamEvents"


async def stream(socket: str, experiment: str, begun: asyncio.Semaphore, stall: asyncio.Event | None) -> int:
    options = (("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0))
    count = 0
    async with grpc.aio.insecure_channel(f"unix:{socket}", options=options) as channel:
        request = pb.StreamEventsRequest(experiment_id=experiment).SerializeToString()
        method: Any = channel.unary_stream(PATH)
        call = method(request)
        async for data in call:
            count += 1
            assert events_pb2.ExperimentEvent.FromString(data).sequence == count
            if count == 1:
                begun.release()
                if stall:
                    await stall.wait()
                    call.cancel()
                    break
    return count


async def main(socket: str, experiment: str, count: int) -> None:
    begun, stall = asyncio.Semaphore(0), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(stream(socket, experiment, begun, stall))
        readers = [group.create_task(stream(socket, experiment, begun, None)) for _ in range(count - 1)]
        for _ in range(count):
            await begun.acquire()
        print("begun", flush=True)
        await asyncio.wait(readers)
        print(*(reader.result() for reader in readers), sep="\n", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        stall.set()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
