"""Abusive clients of a server: bounded loops that send harmful requests.

``python -m bench.abusive_clients ATTACK JOB`` runs one attack in a separate process that ends by itself. Connection
limits are per address. Therefore the attack uses another loopback address than the client of `latency_under_attack`.
"""

import asyncio
import http.client
import json
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from clau_doom.errors import ClauDoomError
from clau_doom.rpc import connect

__all__ = ["ATTACKS", "SERVER", "Job"]

SERVER, _ATTACKER = "127.0.0.1", "127.0.0.2"
_CONNECTIONS = 256


@dataclass(frozen=True, kw_only=True)
class Job:
    """Target and duration of an attack.

    Attributes:
        web: Port of the dashboard.
        grpc: Port of the gRPC API.
        token: A token of the server; some attackers are authorised to start experiments.
        seconds: Duration in seconds.
    """

    web: int
    grpc: int
    token: str
    seconds: float


def _silent(job: Job, text: bytes) -> None:
    """Hold connections that never send a complete request; reopen closed connections."""
    held: list[socket.socket] = []
    for _ in range(_CONNECTIONS):
        with suppress(OSError):
            held.append(_opened(job.web, text))
    end = time.monotonic() + job.seconds
    while time.monotonic() < end:
        for place, each in enumerate(held):
            with suppress(OSError):
                each.settimeout(0.0)
                try:
                    closed = each.recv(1) == b""
                except BlockingIOError:
                    closed = False
                if closed:
                    each.close()
                    held[place] = _opened(job.web, text)
        time.sleep(0.1)


def _opened(port: int, text: bytes) -> socket.socket:
    opened = socket.create_connection((SERVER, port), timeout=2.0, source_address=(_ATTACKER, 0))
    opened.sendall(text)
    return opened


def _post(job: Job, body: str) -> None:
    """Send requests to start experiments repeatedly, with a valid token."""
    end = time.monotonic() + job.seconds

    async def again() -> None:
        while time.monotonic() < end:
            await asyncio.to_thread(_posted, job, body)

    async def twice() -> None:
        await asyncio.gather(*(again() for _ in range(2)))

    asyncio.run(twice())


def _posted(job: Job, body: str) -> None:
    connection = http.client.HTTPConnection(SERVER, job.web, timeout=job.seconds, source_address=(_ATTACKER, 0))
    try:
        headers = {"Authorization": f"Bearer {job.token}", "Content-Type": "application/yaml"}
        connection.request("POST", "/api/experiments", body=body.encode(), headers=headers)
        connection.getresponse().read()
    except OSError:
        time.sleep(0.05)
    finally:
        connection.close()


def _start(job: Job, body: str) -> None:
    """Send requests to start experiments repeatedly by gRPC."""

    async def again() -> None:
        end = time.monotonic() + job.seconds
        async with connect(f"{SERVER}:{job.grpc}", environ={"CLAU_DOOM_TOKEN": job.token}) as client:
            while time.monotonic() < end:
                with suppress(ClauDoomError):
                    await client.start(body)

    asyncio.run(again())


_LIST = "fitness: [" + "a," * 499_000 + "]"
_HUGE = "name: huge\npopulation: 4\npolicy: {kind: neural, layers: [1024, 1024, 1024, 1024]}\n"
_DEEP = "a: " + "[" * 100_000
ATTACKS: MappingProxyType[str, Callable[[Job], None]] = MappingProxyType(
    {
        "silent connections": lambda job: _silent(job, b""),
        "half a header": lambda job: _silent(job, b"GET / HTTP/1.1\r\nHost: "),
        "a list of 499,000 entries": lambda job: _post(job, _LIST),
        "the same by gRPC": lambda job: _start(job, _LIST[:300_000] + "]"),
        "a network of 3 million weights": lambda job: _post(job, _HUGE),
        "100,000 brackets": lambda job: _post(job, _DEEP),
    }
)
"""Attacks by name."""


def main() -> None:
    """Attack until the duration has passed."""
    job = Job(**json.loads(sys.argv[2]))
    print("attacking", flush=True)
    ATTACKS[sys.argv[1]](job)


if __name__ == "__main__":
    main()
