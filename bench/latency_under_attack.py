"""Latency of `clau-doom serve` for one client while another client attacks."""

import asyncio
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rich.table import Table

from bench.abusive_clients import ATTACKS, SERVER, Job
from bench.child_processes import python_path
from bench.measurement_journal import Play
from bench.throughput_sample import MeasurementFailed, Spread
from clau_doom.rpc import connect

__all__ = ["LatencyRound", "ResponseTimes", "latency_round", "latency_table"]

_SECONDS, _PERIOD = 6.0, 0.05
"""Seconds of each attack, and seconds between two requests of the normal client."""
_START_PATIENCE, _ANSWER_PATIENCE = 60.0, 30.0


@dataclass(frozen=True, kw_only=True)
class ResponseTimes:
    """Response times of the normal client's requests, in seconds.

    Attributes:
        web: Requests of the dashboard's list of experiments, each on a new connection.
        grpc: Requests of the gRPC API's list.
    """

    web: tuple[float, ...]
    grpc: tuple[float, ...]

    @property
    def slowest(self) -> float:
        """Maximum response time of all requests."""
        return max(*self.web, *self.grpc)

    @property
    def median(self) -> float:
        """Median response time of all requests."""
        return statistics.median((*self.web, *self.grpc))


@dataclass(frozen=True, kw_only=True)
class LatencyRound:
    """One round: a server without load, and the same server under each attack. Failed measurements are omitted."""

    quiet: ResponseTimes
    attacked: dict[str, ResponseTimes]


def latency_round(play: Play) -> LatencyRound:
    """Start a server and measure its response times.

    Raises:
        MeasurementFailed: The server did not start, or does not answer without load.
    """
    with _serving(play.folder) as job:
        quiet = asyncio.run(_ask(job))
        attacked = {}
        for name in ATTACKS:
            answers = play.measure(name, partial(_attacked, name, job, play.folder))
            if answers is not None:
                attacked[name] = answers
    return LatencyRound(quiet=quiet, attacked=attacked)


@contextmanager
def _serving(folder: Path) -> Iterator[Job]:
    """Run a server on free ports."""
    ports = _free_ports(2)
    log = folder / "serve.log"
    command = [sys.executable, "-m", "clau_doom", "serve", "--output-dir", str(folder / "runs")]
    command += ["--port", str(ports[0]), "--web-port", str(ports[1])]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLAU_DOOM_")}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=kept) as server,
    ):
        try:
            end = time.monotonic() + _START_PATIENCE
            while b'"event": "serving"' not in log.read_bytes():
                if server.poll() is not None or time.monotonic() > end:
                    raise MeasurementFailed(f"the server did not start: {log.read_text(errors='replace')}")
                time.sleep(0.05)
            token = (folder / "runs" / "token").read_text().strip()
            yield Job(web=ports[1], grpc=ports[0], token=token, seconds=_SECONDS)
        finally:
            server.kill()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server((SERVER, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in held]


def _attacked(name: str, job: Job, folder: Path) -> ResponseTimes:
    """Return the response times during an attack."""
    command = [sys.executable, "-m", "bench.abusive_clients", name, json.dumps(asdict(job))]
    environment = {**os.environ, "PYTHONPATH": python_path()}
    log = folder / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as attacker:
        try:
            while b"attacking" not in log.read_bytes():
                if attacker.poll() is not None:
                    raise MeasurementFailed(f"the attacker ended: {log.read_text(errors='replace')}")
                time.sleep(0.05)
            return asyncio.run(_ask(job))
        finally:
            attacker.kill()


async def _ask(job: Job) -> ResponseTimes:
    """Send requests to both APIs alternately, one at a time."""
    web, grpc = [], []
    async with connect(f"{SERVER}:{job.grpc}", environ={"CLAU_DOOM_TOKEN": job.token}) as client:
        end = time.monotonic() + job.seconds - 1.0
        while time.monotonic() < end:
            began = time.perf_counter()
            await asyncio.to_thread(_get, job)
            web.append(time.perf_counter() - began)
            began = time.perf_counter()
            async with asyncio.timeout(_ANSWER_PATIENCE):
                await client.experiments()
            grpc.append(time.perf_counter() - began)
            await asyncio.sleep(_PERIOD)
    return ResponseTimes(web=tuple(web), grpc=tuple(grpc))


def _get(job: Job) -> None:
    connection = http.client.HTTPConnection(SERVER, job.web, timeout=_ANSWER_PATIENCE)
    try:
        connection.request("GET", "/api/experiments", headers={"Authorization": f"Bearer {job.token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise MeasurementFailed(f"the dashboard answered {answer.status}")
    finally:
        connection.close()


def latency_table(rounds: Sequence[LatencyRound]) -> Table:
    """Return the response times under each attack, and their ratio to the server without load in the same round."""
    table = Table(title="answers of an attacked server", title_justify="left", header_style="bold")
    for heading in ("attack", "median, ms", "slowest, ms", "median / quiet", "goal"):
        table.add_column(heading, justify="left" if heading == "attack" else "right", no_wrap=True)

    def row(name: str, answers: list[tuple[ResponseTimes, ResponseTimes]], goal: str) -> None:
        table.add_row(
            name,
            Spread(tuple(1000 * found.median for found, _ in answers)).text(".1f"),
            Spread(tuple(1000 * found.slowest for found, _ in answers)).text(".0f"),
            Spread(tuple(found.median / quiet.median for found, quiet in answers)).text(".2f"),
            goal,
        )

    row("none: the quiet server", [(each.quiet, each.quiet) for each in rounds], "")
    for name in ATTACKS:
        found = [(each.attacked[name], each.quiet) for each in rounds if name in each.attacked]
        row(name, found, "slowest < 1,000 ms")
    return table
