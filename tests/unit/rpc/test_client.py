"""Tests of the client: values, errors and event streams."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import ExperimentConfig, GrpcConfig, to_yaml
from clau_doom.domain import Agent, AgentRef, Genome
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, BudgetChange, InjectGenome
from clau_doom.domain.events import ExperimentStarted, GenerationStarted
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import (
    AgentNotFound,
    ClauDoomError,
    ConfigError,
    ExperimentDone,
    ExperimentExists,
    ExperimentNotFound,
    GenerationFull,
    InvalidAgentId,
    InvalidGenome,
    InvalidMessage,
    NotAuthenticated,
    ResumeRefused,
    ServerUnreachable,
    ShutdownRequested,
    WrongState,
)
from clau_doom.orchestration import Orchestrator
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2
from clau_doom.rpc import RpcServer, connect
from clau_doom.rpc.channel import find_token
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_repository import ScriptedRepository
from clau_doom.wire import config_message

Serving = Callable[..., AbstractAsyncContextManager[Any]]

SMALL = "name: x\ngenerations: 2\npopulation: 3\nepisodes: 2\nholdout: {validation: 2, episodes: 2}\n"


async def test_all_methods_over_the_socket(serving: Serving) -> None:
    repository = ScriptedRepository()
    async with serving(repository) as served, connect(f"unix:{served.socket}", environ={}) as client:
        repository.may_end.clear()
        experiment, created = await client.start(SMALL, request_id="r")
        assert (experiment.id, created) == ("x", True)
        assert (await client.start(SMALL, request_id="r"))[1] is False
        assert (await client.pause("x")).state == resources_pb2.EXPERIMENT_STATE_PAUSED
        assert (await client.resume("x")).state == resources_pb2.EXPERIMENT_STATE_RUNNING
        done = await client.control(AgentCommand(action=AgentAction.PAUSE, agent="x-g000-a001"))
        assert (done.agent.id, done.agent.status) == ("x-g000-a001", resources_pb2.AGENT_STATUS_PAUSED)
        await client.control(AgentCommand(action=AgentAction.RESUME, agent="x-g000-a001"))
        await client.control(InjectGenome(experiment="x", genome=Genome((0.5, 0.5, 1.0))))
        repository.may_end.set()
        events = [recorded async for recorded in client.follow("x")]
        assert events == [recorded async for recorded in repository.stores["x"].events()]
        assert (await client.generation("x", 0)).finished
        assert (await client.generation("x")).generation == 1
        assert (await client.agent("x-g001-a000")).id == "x-g001-a000"
        assert len(await client.agents("x")) == 6
        assert len(await client.agents("x", 1)) == 3
        assert [each.id for each in await client.experiments()] == ["x"]
        assert list(await client.experiments(ExperimentState.FAILED)) == []
        assert (await client.experiment("x")).state == resources_pb2.EXPERIMENT_STATE_COMPLETED
        repository.may_end.clear()
        config = ExperimentConfig(name="y", generations=1, population=3)
        assert (await client.start(config_message(config)))[0].id == "y"
        raised = await client.resume("x", BudgetChange(generations=3, max_duration="1h"))
        assert (raised.state, raised.generations_planned) == (resources_pb2.EXPERIMENT_STATE_RUNNING, 3)
        assert "max_duration: 1h" in raised.config_yaml
        await client.cancel("y")


async def test_lists_have_all_pages(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clau_doom.rpc.client._LARGEST_PAGE", 2)
    async with serving() as served, connect(f"unix:{served.socket}", environ={}) as client:
        for name in "abcde":
            await client.start(f"{SMALL}".replace("name: x", f"name: {name}"))
        assert [each.id for each in await client.experiments()] == list("abcde")


async def test_errors_keep_type_and_message(serving: Serving) -> None:
    """The problems of a configuration are kept as well."""
    async with serving() as served, connect(f"unix:{served.socket}", environ={}) as client:
        await client.start(SMALL)
        async for _ in client.follow("x"):
            pass
        calls: list[tuple[Any, type[ClauDoomError]]] = [
            (client.experiment("nix"), ExperimentNotFound),
            (client.agent("x-g009-a000"), AgentNotFound),
            (client.agent("no id"), InvalidAgentId),
            (client.start(SMALL), ExperimentExists),
            (client.resume("x"), ExperimentDone),
            (client.resume("x", BudgetChange(generations=1)), ResumeRefused),
            (client.resume("x", BudgetChange(generations=0)), ConfigError),
            (client.resume("x", BudgetChange(generations=2**40)), ConfigError),
            (client.resume("x", BudgetChange(max_duration="soon")), ConfigError),
            (client.pause("x"), WrongState),
            (client.control(AgentCommand(action=AgentAction.STOP, agent="x-g000-a000")), WrongState),
            (client.control(AgentCommand(action=AgentAction.STOP, agent="x-g000-a900")), ClauDoomError),
            (anext(client.follow("nix")), ExperimentNotFound),
            (anext(client.follow("x", 10**6)), InvalidMessage),
        ]
        for call, kind in calls:
            with pytest.raises(kind) as caught:
                await call
            assert kind is ClauDoomError or type(caught.value) is kind
        with pytest.raises(ConfigError) as config:
            await client.start("population: -1\n")
        assert [path for path, _ in config.value.problems] == ["population"]
        served.orchestrator.drain(grace=0.0)
        with pytest.raises(ShutdownRequested):
            await client.start(SMALL.replace("name: x", "name: y"))


async def test_refused_command_raises_its_error(serving: Serving) -> None:
    repository = ScriptedRepository()
    repository.may_end.clear()
    async with serving(repository) as served, connect(f"unix:{served.socket}", environ={}) as client:
        await client.start(SMALL)
        command = InjectGenome(experiment="x", genome=Genome((0.5, 0.5, 1.0)))
        await client.control(command)
        with pytest.raises(GenerationFull):
            await client.control(command)
        with pytest.raises(InvalidGenome):
            await client.control(InjectGenome(experiment="x", genome=Genome((0.5,))))


async def test_precedence_of_token_sources(serving: Serving, tmp_path: Path) -> None:
    """The order is: the named file, the environment, the folder of the local server."""
    async with serving() as served:
        token = served.token_file.read_text().strip()
        wrong = tmp_path / "wrong"
        wrong.write_text("wrong")
        wrong.chmod(0o600)
        environments: list[tuple[dict[str, Any], bool]] = [
            ({"token_file": served.token_file, "environ": {"CLAU_DOOM_TOKEN": "wrong"}}, True),
            ({"token_file": wrong, "environ": {"CLAU_DOOM_TOKEN": token}}, False),
            ({"default_token_file": wrong, "environ": {"CLAU_DOOM_TOKEN": token}}, True),
            ({"default_token_file": served.token_file, "environ": {}}, True),
            ({"default_token_file": tmp_path / "absent", "environ": {}}, False),
            ({"environ": {}}, False),
        ]
        for given, works in environments:
            async with connect(served.server.address, **given) as client:
                if works:
                    assert list(await client.experiments()) == []
                else:
                    remedy = (
                        "the token is not valid"
                        if "token_file" in given
                        else r"requires a token: give token_file=\.\.\., or"
                    )
                    with pytest.raises(NotAuthenticated, match=remedy):
                        await client.experiments()


def test_token_of_the_folder_is_not_sent_to_other_machines(tmp_path: Path) -> None:
    """An explicit token is sent to any server."""
    token = tmp_path / "token"
    token.write_text("secret")
    token.chmod(0o600)
    for address in ("localhost:1", "[::1]:1", "example.org:1", "10.0.0.1:1"):
        here = address in {"localhost:1", "[::1]:1"}
        assert find_token(address, None, token, {}) == ("secret" if here else None)
        assert find_token(address, token, None, {}) == "secret"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/nowhere/at/all.sock"])
async def test_unreachable_server_is_one_line_with_its_address(address: str) -> None:
    async with connect(address, environ={}) as client:
        for call in (client.experiments(), anext(client.follow("x"))):
            with pytest.raises(ServerUnreachable) as caught:
                await call
            assert str(caught.value).startswith(f"no server responds at {address}: ")
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "nothing", "host:", ":1", "host:port", "host:0", "host:65536", "unix:", "http://a:1"]
)
async def test_malformed_address_is_refused(address: str) -> None:
    """The error has an example of each form."""
    with pytest.raises(ConfigError, match=r"use host:port, such as 127\.0\.0\.1:50051, or unix:PATH"):
        await connect(address, environ={}).__aenter__()


async def test_certificate_without_key_and_missing_file_are_refused(tmp_path: Path) -> None:
    """This is before any connection."""
    with pytest.raises(ConfigError, match="needs its key"):
        await connect("a:1", certificate=tmp_path / "x", environ={}).__aenter__()
    with pytest.raises(ConfigError, match=r"absent cannot be read"):
        await connect("a:1", ca=tmp_path / "absent", environ={}).__aenter__()


async def test_stream_continues_after_a_server_restart(tmp_path: Path) -> None:
    """Each event is received once."""
    stores: dict[str, MemoryStore] = {}
    socket = tmp_path / "s.sock"

    async def served(repository: ScriptedRepository, until: asyncio.Event) -> None:
        orchestrator = Orchestrator(repository)
        config = GrpcConfig(port=0, socket=str(socket))
        server = RpcServer(config, orchestrator, authenticator=Authenticator(TokenFiles(tmp_path / "token")), grace=0.1)
        async with orchestrator:
            if stores:
                await orchestrator.resume("x")
            else:
                await orchestrator.start(ExperimentConfig(name="x", generations=2, population=3))
            async with server:  # once there is an experiment to follow
                await until.wait()

    first, second = asyncio.Event(), asyncio.Event()
    held = ScriptedRepository(stores=stores)
    held.may_end.clear()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(served(held, first))
        while not socket.exists():  # noqa: ASYNC110 - it is the kernel that sets it
            await asyncio.sleep(0.01)
        seen: list[int] = []
        async with connect(f"unix:{socket}", environ={}) as client, aclosing(client.follow("x")) as log:
            async for recorded in log:
                seen.append(recorded.sequence)
                if len(seen) == 3:
                    first.set()
                    await serving
                    group.create_task(served(ScriptedRepository(stores=stores), second))
        second.set()
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) == (await stores["x"].snapshot()).last_sequence


FOLLOWER = """
import asyncio, sys
from clau_doom.errors import ClauDoomError
from clau_doom.rpc import connect

async def main():
    async with connect(sys.argv[1], environ={}) as client:
        try:
            async for recorded in client.follow("x", patience=0.0):
                print(recorded.sequence, flush=True)
        except ClauDoomError as error:
            print(error)

asyncio.run(main())
"""


async def test_grpc_does_not_print(tmp_path: Path) -> None:
    """A stopped server is one error."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    orchestrator, socket = Orchestrator(repository), tmp_path / "s.sock"
    config = GrpcConfig(socket=str(socket))
    async with orchestrator:
        async with RpcServer(
            config, orchestrator, authenticator=Authenticator(TokenFiles(tmp_path / "t")), socket_only=True, grace=0.0
        ):
            await orchestrator.start(ExperimentConfig(name="x"))
            follower = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", FOLLOWER, f"unix:{socket}"),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"},
            )
            assert follower.stdout
            assert await follower.stdout.readline() == b"1\n"
        output, errors = await follower.communicate()
    assert b"no server responds" in output or b"shutting down" in output
    assert errors == b""


async def test_stream_ends_if_the_server_stays_unreachable(tmp_path: Path) -> None:
    repository = ScriptedRepository()
    repository.may_end.clear()
    orchestrator = Orchestrator(repository)
    socket = tmp_path / "s.sock"

    async def follow() -> AsyncIterator[int]:
        async with connect(f"unix:{socket}", environ={}) as client:
            async for recorded in client.follow("x", patience=0.5):
                yield recorded.sequence

    async with aclosing(follow()) as log:  # type: ignore[type-var]
        config = GrpcConfig(port=0, socket=str(socket))
        async with orchestrator:
            async with RpcServer(
                config, orchestrator, authenticator=Authenticator(TokenFiles(tmp_path / "token")), grace=0.1
            ):
                await orchestrator.start(ExperimentConfig(name="x"))
                assert await anext(log) == 1
            with pytest.raises(ServerUnreachable, match=f"no server responds at unix:{socket}"):
                async for _ in log:
                    pass


@pytest.mark.parametrize("token", ["gehe\u00efm", "a b", "a\x1bb", "a\x00b", "a\u202eb", "x" * 5000])
def test_malformed_token_is_refused(token: str, tmp_path: Path) -> None:
    """The error names its source and not the token."""
    with pytest.raises(ConfigError, match=r"^CLAU_DOOM_TOKEN is not a token") as caught:
        find_token("localhost:1", None, None, {"CLAU_DOOM_TOKEN": token})
    assert token not in str(caught.value)
    file = tmp_path / "token"
    file.write_text(token)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match=r"token is empty"):
        find_token("localhost:1", file, None, {})


async def test_largest_generation_is_streamed(tmp_path: Path) -> None:
    """The limits of a configuration allow ten agents of 900,000 genes."""
    uuid = "0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44"
    repository, config = ScriptedRepository(), ExperimentConfig(name="big")
    repository.create(repository.plan(config), uuid)
    genome = Genome(np.full(900_000, 0.5))
    agents = tuple(
        Agent(experiment="big", ref=AgentRef(generation=0, index=index), genome=genome, parents=(), operator="drawn")
        for index in range(10)
    )
    started = ExperimentStarted(resumed=False, generations=1, config_yaml=to_yaml(config))
    await repository.stores["big"].append([started, GenerationStarted(generation=0, agents=agents)], running_seconds=0)
    authenticator = Authenticator(TokenFiles(tmp_path / "token"))
    async with (
        RpcServer(GrpcConfig(port=0), Orchestrator(repository), authenticator=authenticator, grace=0.0) as server,
        connect(server.address, token_file=tmp_path / "token", environ={}) as client,
        aclosing(client.follow("big")) as log,
    ):
        async for recorded in log:
            if recorded.sequence == 3:
                break
    assert isinstance(recorded.event, GenerationStarted)
    assert recorded.event.agents[-1].genome == genome
