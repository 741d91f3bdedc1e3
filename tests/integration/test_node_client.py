"""Tests of the service with a client in another language, which uses only the .proto files.

The client `tests/node_client` works with any server. These tests use a server of scripted episodes.
"""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import GrpcConfig
from clau_doom.domain.events import AgentPaused, AgentResumed
from clau_doom.orchestration import Orchestrator
from clau_doom.ports import EpisodeTask
from clau_doom.rpc import RpcServer
from clau_doom.testing.scripted_repository import ScriptedRepository

ROOT = Path(__file__).parents[2]
CONFIG = "name: node\ngenerations: 3\npopulation: 4\nepisodes: 5\n"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, tool: Callable[[str, str], str]) -> Path:
    """Install the client's packages, as its lock file has them, into a copy of its folder."""
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(ROOT / "tests" / "node_client", folder, ignore=shutil.ignore_patterns("node_modules"))
    tool("node", "nodejs")
    install = [tool("npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_lock_file_names_no_registry() -> None:
    """The settings of npm decide the registry. Hashes verify the packages."""
    packages = json.loads((ROOT / "tests/node_client/package-lock.json").read_text())["packages"]
    del packages[""]
    assert packages
    assert all("resolved" not in package and package["integrity"] for package in packages.values())


async def test_node_client_controls_and_follows_an_experiment(client: Path, tmp_path: Path) -> None:
    """The client authenticates with the token. It receives all stored events."""
    config, token = tmp_path / "config.yaml", tmp_path / "token"
    config.write_text(CONFIG)
    repository = ScriptedRepository(disturb=_take_a_moment)

    async def scenario() -> str:
        orchestrator = Orchestrator(repository)
        async with (
            orchestrator,
            RpcServer(GrpcConfig(port=0), orchestrator, authenticator=Authenticator(TokenFiles(token))) as server,
        ):
            arguments = ("client.mjs", server.address, str(ROOT / "proto"), str(token), str(config))
            node = await asyncio.create_subprocess_exec(
                *("node", *arguments), cwd=client, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            async with asyncio.timeout(60):
                output, errors = await node.communicate()
            assert node.returncode == 0, errors.decode()
            return output.decode()

    seen = json.loads(await scenario())
    events = [recorded.event async for recorded in repository.stores["node"].events()]
    assert (seen["state"], seen["last"]) == ("EXPERIMENT_STATE_COMPLETED", "experiment_completed")
    assert seen["events"] == len(events) == sum(seen["payloads"].values())
    assert (seen["payloads"]["agent_paused"], seen["payloads"]["agent_resumed"]) == (1, 1)
    (paused,) = [event for event in events if isinstance(event, AgentPaused)]
    (resumed,) = [event for event in events if isinstance(event, AgentResumed)]
    assert seen["agent"] == f"node-g000-a{paused.ref.index:03d}" == f"node-g000-a{resumed.ref.index:03d}"


async def _take_a_moment(task: EpisodeTask) -> None:
    await asyncio.sleep(0.02)
