"""Measures of users at a real server: its list `server.measures`, over gRPC and HTTP."""

import io
import re
from pathlib import Path

import aiohttp
import pytest

from clau_doom.app.serve import open_service
from clau_doom.config import (
    ExecutionConfig,
    ExperimentConfig,
    GrpcConfig,
    MetricsConfig,
    ServerConfig,
    WebConfig,
)
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import NotAllowed
from clau_doom.rpc import connect
from clau_doom.wire import EXPERIMENT_STATES
from tests.support.waiting import until

pytestmark = pytest.mark.engine

SOURCE = """
def listed(episode):
    return episode.button("ATTACK").sum()

def unlisted(episode):
    return 0.0
"""
YAML = """
name: {name}
generations: 1
population: 2
episodes: 1
scenario: {{name: basic, timeout: 80}}
measures: {{mine: "measures_of_servers:{function}"}}
fitness: mine
evolution: {{kind: random}}
holdout: {{validation: 1, episodes: 2}}
"""
REFUSED = "measures.mine 'measures_of_servers:unlisted' is not in the server's list server.measures"


async def test_only_listed_measures_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused experiment is not stored. An accepted one has the values of its measure."""
    (tmp_path / "measures_of_servers.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = ExperimentConfig(
        execution=ExecutionConfig(workers=1),
        grpc=GrpcConfig(port=0),
        metrics=MetricsConfig(enabled=False),
        web=WebConfig(port=0),
        server=ServerConfig(measures=("measures_of_servers:listed",)),
    )
    async with open_service(config, tmp_path / "runs") as service:
        addresses = service.addresses
        async with connect(addresses.grpc, token_file=addresses.token_file) as client:
            with pytest.raises(NotAllowed) as refused:
                await client.start(YAML.format(name="over-grpc", function="unlisted"))
            assert REFUSED in str(refused.value)
            _, created = await client.start(YAML.format(name="over-grpc", function="listed"))
            assert created
            link = addresses.login or ""
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                status, text = await _post(http, link, YAML.format(name="over-http", function="unlisted"))
                assert (status, REFUSED in text) == (403, True)
                assert (await _post(http, link, YAML.format(name="over-http", function="listed")))[0] == 201

            async def completed() -> bool:
                found = await client.experiments()
                states = [EXPERIMENT_STATES.received(each.state) for each in found]
                return [each.id for each in found] == ["over-grpc", "over-http"] and set(states) == {
                    ExperimentState.COMPLETED
                }

            await until(completed, 120)
            for name in ("over-grpc", "over-http"):
                (episode, *_) = (await client.agent(f"{name}-g000-a000")).episodes
                assert episode.measures.custom["mine"] >= 0.0


async def _post(http: aiohttp.ClientSession, link: str, yaml: str) -> tuple[int, str]:
    """Start an experiment as a page of the dashboard does. Return the status and the body."""
    async with http.get(link) as answer:
        url = f"{answer.url.origin()}".rstrip("/")
    async with http.get(f"{url}/") as answer:
        token = re.search(r'name="csrf" content="([^"]+)"', await answer.text())
    assert token
    headers = {"origin": url, "x-csrf-token": token[1]}
    body = io.BytesIO(yaml.encode())
    async with http.post(f"{url}/api/experiments", data=body, headers=headers) as answer:
        return answer.status, await answer.text()
