"""Tests of every example on a server with all readers of the event log, one of which fails."""

import asyncio
import io
import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clau_doom.app import event_log_consumers
from clau_doom.app.catalog.experiment_outline import outline_of
from clau_doom.app.catalog.server_source import ServerSource
from clau_doom.app.event_logging import log_event
from clau_doom.app.serve import ServiceAddresses, open_service
from clau_doom.cli.views.status import experiment_json, experiment_view
from clau_doom.config import (
    ExecutionConfig,
    ExperimentConfig,
    GrpcConfig,
    MetricsConfig,
    NatsConfig,
    ServerConfig,
    WebConfig,
    load_config,
    to_yaml,
)
from clau_doom.domain.events import AgentDropped, ChampionChosen, Event
from clau_doom.domain.experiment import ExperimentState
from clau_doom.events import NatsBus
from clau_doom.logs import configure_logs
from clau_doom.rpc import RpcClient, connect
from tests.support.nats_server import NatsServer

pytestmark = pytest.mark.engine

EXAMPLES = Path(__file__).parents[2] / "examples"
BROKEN = "basic"
_FETCHING = ThreadPoolExecutor(16)  # not the loop's own threads, which the server needs
SHORT = {
    "generations": 1,
    "population": 4,
    "scenario.timeout": 40,
    "holdout.validation": 1,
    "holdout.episodes": 2,
}


@pytest.fixture
def remote_agent(tmp_path: Path) -> Iterator[str]:
    """Return the address of the example's agent program, which runs until the test ends."""
    address = f"unix:{tmp_path / 'sentry.sock'}"
    command = [sys.executable, str(EXAMPLES / "remote_agent" / "agent.py"), address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == f"listening at {address}\n"
        yield address
        program.terminate()


def shortened(file: Path, agent: str) -> ExperimentConfig:
    """Return an example's configuration with few and short episodes."""
    config = load_config(file, environ={}, overrides=SHORT).config
    changes: dict[str, Any] = {"episodes": min(config.episodes, 2)}
    if config.policy.kind == "remote":
        changes["policy"] = config.policy.model_copy(update={"address": agent})
    return config.model_copy(update=changes)


@asynccontextmanager
async def served(folder: Path, nats: str, agent: str) -> AsyncIterator[tuple[RpcClient, ServiceAddresses]]:
    """Yield a client of a server with NATS, metrics and dashboard."""
    config = ExperimentConfig(
        execution=ExecutionConfig(workers=1),
        grpc=GrpcConfig(port=0),
        metrics=MetricsConfig(port=0),
        web=WebConfig(port=0),
        nats=NatsConfig(enabled=True, url=nats),
        server=ServerConfig(
            policies=("gatherer:Gatherer",), strategies=("cma_me:CmaMe", "openai_es:OpenAIES"), agents=(agent,)
        ),
    )
    async with (
        open_service(config, folder) as service,
        connect(service.addresses.grpc, token_file=service.addresses.token_file, environ={}) as client,
    ):
        yield client, service.addresses


async def fetch(url: str, token_file: Path | None = None) -> str:
    def read() -> str:
        headers = {"authorization": f"Bearer {token_file.read_text().strip()}"} if token_file else {}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return str(answer.read().decode())

    return await asyncio.get_running_loop().run_in_executor(_FETCHING, read)


async def started(client: RpcClient, configs: list[ExperimentConfig]) -> list[str]:
    """Start experiments, three at a time, and return their ids."""
    places = asyncio.Semaphore(3)

    async def start(config: ExperimentConfig) -> str:
        async with places:
            return (await client.start(to_yaml(config)))[0].id

    return await asyncio.gather(*(start(config) for config in configs))


async def followed(client: RpcClient, name: str) -> list[Event]:
    async with aclosing(client.follow(name)) as log:
        return [recorded.event async for recorded in log]


async def all_published(bus: NatsBus, uuid: str, name: str, last: int) -> None:
    while await bus.last_published(uuid, f"clau-doom.experiment.{name}.>") < last:  # noqa: ASYNC110 - no one says so
        await asyncio.sleep(0.05)


async def test_every_example_completes_despite_a_failing_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote_agent: str
) -> None:
    """Metrics, relay, dashboard, log and streams read all events."""
    stream = io.StringIO()

    def broken(experiment: str, event: Event) -> None:
        if experiment == BROKEN and isinstance(event, ChampionChosen):
            raise KeyError("dropped")
        log_event(experiment, event)

    monkeypatch.setattr(event_log_consumers, "log_event", broken)
    monkeypatch.syspath_prepend(str(EXAMPLES / "custom_policy"))
    monkeypatch.syspath_prepend(str(EXAMPLES / "custom_strategy"))
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES / "custom_policy"))  # for the workers
    configure_logs(stream, json=True)
    configs = [shortened(file, remote_agent) for file in sorted(EXAMPLES.rglob("*.yaml"))]
    assert len(configs) == 13

    async def run(nats: NatsServer) -> None:
        async with served(tmp_path / "runs", nats.url, remote_agent) as (client, listening):
            names = await started(client, configs)
            logs = await asyncio.gather(*(followed(client, name) for name in names))
            urls = [f"{listening.web}/api/experiments/{name}/events" for name in names]
            pages = await asyncio.gather(*(fetch(url, listening.token_file) for url in urls))
            assert [page.count("event: happened") for page in pages] == [len(log) for log in logs]
            dropped = [any(isinstance(event, AgentDropped) for event in log) for log in logs]
            assert [name for name, some in zip(names, dropped, strict=True) if some] == [
                "defend-the-center-raced",
                "health-gathering-raced",
            ]
            stored = {each.id: each for each in await client.experiments(ExperimentState.COMPLETED)}
            assert sorted(stored) == sorted(names)
            async with asyncio.timeout(60), NatsBus(NatsConfig(enabled=True, url=nats.url)) as bus:
                for name, log in zip(names, logs, strict=True):
                    await all_published(bus, stored[name].uuid, name, len(log))
            await check_what_is_shown(client, listening, names)

    (tmp_path / "nats").mkdir()
    with NatsServer(tmp_path / "nats") as nats:
        await run(nats)
    logged = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sum(each["event"] == "experiment started" for each in logged) == len(configs)
    errors = [each for each in logged if each["level"] == "error"]
    assert [(each["reader"], each["experiment"]) for each in errors] == [("log", BROKEN)]
    assert "KeyError: 'dropped'" in errors[0]["exception"]


async def check_what_is_shown(client: RpcClient, listening: ServiceAddresses, names: list[str]) -> None:
    """Check that metrics, /readyz and `status` show the failures of the broken reader and no others."""
    ready = json.loads(await fetch(f"http://{listening.metrics}/readyz"))
    failure = {"reader": "log", "failures": 2, "failing": False}
    assert ready == {"ready": True, "reader_failures": [{**failure, "experiment": BROKEN}]}
    metrics = await fetch(f"http://{listening.metrics}/metrics")
    assert 'clau_doom_log_reader_failures_total{reader="log"} 2.0' in metrics
    assert "clau_doom_event_streams 0.0" in metrics
    for name in names:
        assert f'clau_doom_generations_planned{{experiment="{name}"}} 1.0' in metrics
        assert f'clau_doom_agents_total{{experiment="{name}",outcome="dropped"}}' in metrics
    source = ServerSource(client)
    stored = await source.experiment(BROKEN)
    assert experiment_json(outline_of(stored), stored.snapshot.experiment.id)["reader_failures"] == [
        {**failure, "error": "KeyError: 'dropped'"}
    ]
    assert experiment_view(outline_of(stored), stored.snapshot.experiment.id, "")
    assert [each.id for each in (await source.overviews())[0] if each.reader_failures] == [BROKEN]
