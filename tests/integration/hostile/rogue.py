"""Program that an image runs in place of the worker to attack the orchestrator.

``ATTACKS`` assigns an attack to each agent by index, such as ``none,silent``. For none, the program runs the worker.
"""

import contextlib
import os
import queue
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc

from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

ATTACH = "/claudoom.worker.v1.WorkerService/Attach"
ENDPOINT = os.environ["GRPC_ENDPOINT"]
TOKEN = os.environ["CLAU_DOOM_TOKEN"]


def main() -> None:
    """Be the worker, or attack."""
    agent, attacks = os.environ["AGENT_ID"], os.environ["ATTACKS"].split(",")
    attack = attacks[int(agent[-3:])] if "-g000-a" in agent else "none"
    if attack == "none":
        os.execvp("python", ["python", "-m", "clau_doom.worker.container"])
    ATTACKS[attack]()


def say(messages: Iterator[bytes], token: str = TOKEN) -> grpc.StatusCode:
    """Attach, send messages, and return the status of the stream."""
    options = (("grpc.max_send_message_length", -1),)
    trusted = grpc.ssl_channel_credentials(os.environ["CLAU_DOOM_CA"].encode())
    with grpc.secure_channel(ENDPOINT, trusted, options=options) as wire:
        attach: Any = wire.stream_stream(ATTACH)
        call = attach(messages, metadata=(("authorization", f"Bearer {token}"),), timeout=60.0)
        with contextlib.suppress(grpc.RpcError):
            for _ in call:
                pass
        code: grpc.StatusCode = call.code()
        return code


def forever(*messages: bytes) -> Iterator[bytes]:
    """Yield messages, and then wait."""
    yield from messages
    queue.SimpleQueue[None]().get()


def report(text: str) -> NoReturn:
    """Have a text found in the agent's failure."""
    failed = pb.EpisodeFailed(fault=pb.EpisodeFailed.FAULT_POLICY, reason=text)
    say(forever(pb.FromWorker(failed=failed).SerializeToString()))
    raise SystemExit(0)


def garbage() -> None:
    """Send invalid bytes."""
    print(say(forever(b"\xff" * 1000)), flush=True)


def giant() -> None:
    """Send an oversized message."""
    print("a message too long:", say(forever(bytes(17 << 20))).name, flush=True)


def flood() -> None:
    """Beat faster than any heart, before a hello."""
    beat = pb.FromWorker(heartbeat=pb.Heartbeat(turns=1)).SerializeToString()
    print(say(iter([beat] * 100_000)), flush=True)


def silent() -> None:
    """Attach without sending a message."""
    print("there is nothing to say:", say(forever()).name, flush=True)


def thief() -> None:
    """Show tokens that are made up, and one that was spent by showing it."""
    codes = [say(iter(()), token="x" * 43).name, say(iter(()), token="").name]
    first = say(iter((pb.FromWorker(heartbeat=pb.Heartbeat()).SerializeToString(),)))
    codes += [first.name, say(iter(())).name]
    print("tokens:", *codes, flush=True)


def crowd() -> None:
    """Open hundreds of silent connections, and attach with invented tokens at the highest rate."""
    host, _, port = ENDPOINT.rpartition(":")
    with contextlib.ExitStack() as wires:
        came = 0
        with contextlib.suppress(OSError):
            while came < 900:
                wires.enter_context(socket.create_connection((host, int(port)), timeout=1.0))
                came += 1
        knocked, end = 0, time.monotonic() + 3.0
        while time.monotonic() < end:
            knocked += _knock(500)
    report(f"came as {came}, knocked {knocked} times")


def _knock(times: int) -> int:
    trusted = grpc.ssl_channel_credentials(os.environ["CLAU_DOOM_CA"].encode())
    with grpc.secure_channel(ENDPOINT, trusted) as wire:
        attach: Any = wire.stream_stream(ATTACH)
        for number in range(times):
            with contextlib.suppress(grpc.RpcError):
                next(attach(iter(()), metadata=(("authorization", f"Bearer {number}"),), timeout=10.0))
    return times


ATTACKS: dict[str, Callable[[], None]] = {
    attack.__name__: attack for attack in (garbage, giant, flood, silent, thief, crowd)
}

if __name__ == "__main__":
    main()
