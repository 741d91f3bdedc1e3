"""Tests of the service on a real server, with scripted episodes."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from clau_doom.app.folder_repository import FolderRepository
from clau_doom.config import ExperimentConfig, config_from_yaml
from clau_doom.domain.events import ExperimentCompleted
from clau_doom.errors import ConfigError, NotAllowed
from clau_doom.protos.claudoom.orchestrator.v1 import config_pb2, resources_pb2
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.rpc import service
from clau_doom.testing.scripted_repository import ScriptedRepository
from clau_doom.wire import agent_message

Serving = Callable[..., AbstractAsyncContextManager[Any]]

SMALL = "generations: 2\npopulation: 3\nepisodes: 2\nholdout: {validation: 2, episodes: 2}\n"

COMPLETED = resources_pb2.EXPERIMENT_STATE_COMPLETED
STATES: Any = [[], [2], [5], [2, 5], [7]]
UNKNOWN_STATE = pb.ListExperimentsRequest.FromString(bytes([0x08, 99]))


async def refusal(answer: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await answer
    return caught.value


def violations(error: grpc.aio.AioRpcError) -> list[tuple[str, str]]:
    trailer = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    found = error_details_pb2.BadRequest()
    assert any(detail.Unpack(found) for detail in status_pb2.Status.FromString(trailer).details)
    return [(each.field, each.description) for each in found.field_violations]


async def start(served: Any, name: str = "x", *, finish: bool = True) -> resources_pb2.Experiment:
    request = pb.StartExperimentRequest(config_yaml=f"name: {name}\n{SMALL}")
    experiment: resources_pb2.Experiment = (await served.stub.StartExperiment(request)).experiment
    if finish:
        async for _ in served.stub.StreamEvents(pb.StreamEventsRequest(experiment_id=name)):
            pass
    return experiment


async def test_started_experiment_is_returned(serving: Serving) -> None:
    """Omitted fields have their defaults."""
    async with serving() as served:
        experiment = await start(served)
        assert (experiment.id, experiment.generations_planned, experiment.population) == ("x", 2, 3)
        stored = await served.stub.GetExperiment(pb.GetExperimentRequest(experiment_id="x"))
        assert stored.state == resources_pb2.EXPERIMENT_STATE_COMPLETED
        assert len(stored.generations) == 2
        assert config_from_yaml(stored.config_yaml, name="x").population == 3


async def test_configuration_can_be_sent_as_fields(serving: Serving) -> None:
    async with serving() as served:
        config = config_pb2.ExperimentConfig(name="x", generations=1, population=4)
        response = await served.stub.StartExperiment(pb.StartExperimentRequest(config=config))
        text = response.experiment.config_yaml
    expected = ExperimentConfig(name="x", generations=1, population=4)
    assert config_from_yaml(text, name="x") == expected


@pytest.mark.parametrize(
    "yaml",
    [
        "populaton: 3\nseed: -1\n",
        "a: [1\n",
        "- 1\n",
        "x: &a 1\ny: *a\n",
        "seed: no\n",
        "fitness: [" + "a," * 50_000 + "]",
    ],
)
async def test_configuration_has_the_same_problems_as_on_the_command_line(yaml: str, serving: Serving) -> None:
    """Each problem is one violation."""
    with pytest.raises(ConfigError) as caught:
        config_from_yaml(yaml, name="config_yaml")
    async with serving() as served:
        error = await refusal(served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml=yaml)))
        assert list((await served.stub.ListExperiments(pb.ListExperimentsRequest())).experiments) == []
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == str(caught.value)
    expected = list(caught.value.problems) or [("", str(caught.value))]
    assert violations(error) == expected


async def test_invalid_fields_are_named_by_path(serving: Serving) -> None:
    config = config_pb2.ExperimentConfig(population=-3)
    config.evolution.genetic.tournament = -1
    async with serving() as served:
        error = await refusal(served.stub.StartExperiment(pb.StartExperimentRequest(config=config)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert {field for field, _ in violations(error)} == {"population", "evolution.tournament"}


@pytest.mark.parametrize(
    "request_", [pb.StartExperimentRequest(), pb.StartExperimentRequest(config_yaml="name: x", request_id="r" * 65)]
)
async def test_invalid_start_request_is_refused(request_: pb.StartExperimentRequest, serving: Serving) -> None:
    """The configuration is missing or the id is too long. No experiment starts."""
    async with serving() as served:
        error = await refusal(served.stub.StartExperiment(request_))
        assert list((await served.stub.ListExperiments(pb.ListExperimentsRequest())).experiments) == []
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_repeated_request_starts_one_experiment(serving: Serving) -> None:
    """The name is in use for a request without an id, or with another id."""
    async with serving() as served:
        request = pb.StartExperimentRequest(config_yaml=f"name: x\n{SMALL}", request_id="r" * 64)
        assert [(await served.stub.StartExperiment(request)).created for _ in range(3)] == [True, False, False]
        for other in ("", "another"):
            request.request_id = other
            assert (await refusal(served.stub.StartExperiment(request))).code() is grpc.StatusCode.ALREADY_EXISTS


async def test_start_is_completed_after_its_client_disconnects(serving: Serving) -> None:
    begun, go = threading.Event(), threading.Event()

    def wait(_config: ExperimentConfig) -> None:
        begun.set()
        go.wait(10)

    repository = ScriptedRepository(refuse=wait)
    async with serving(repository) as served:
        call = served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml=f"name: x\n{SMALL}"))
        await asyncio.to_thread(begun.wait, 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        go.set()
        async with asyncio.timeout(10):
            while "x" not in repository.stores:  # noqa: ASYNC110 - nothing tells when it is there
                await asyncio.sleep(0.01)
            events = [recorded.event async for recorded in repository.stores["x"].events(follow=True)]
    assert isinstance(events[-1], ExperimentCompleted)


async def test_error_for_an_unlisted_value_names_the_list(serving: Serving) -> None:
    denied = NotAllowed("policy evil:Policy is not in server.policies of this server")
    async with serving(ScriptedRepository(refuse=lambda _: denied)) as served:
        error = await refusal(served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x")))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "server.policies" in str(error.details())


async def test_commands_depend_on_the_state_of_the_experiment(serving: Serving) -> None:
    """Each answer has the new state. An illegal command is FAILED_PRECONDITION."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    async with serving(repository) as served:
        await start(served, finish=False)
        stub, states = served.stub, resources_pb2.ExperimentState
        pause, resume = pb.PauseExperimentRequest(experiment_id="x"), pb.ResumeExperimentRequest(experiment_id="x")
        assert (await stub.PauseExperiment(pause)).state == states.EXPERIMENT_STATE_PAUSED
        assert (await refusal(stub.PauseExperiment(pause))).code() is grpc.StatusCode.FAILED_PRECONDITION
        assert (await stub.ResumeExperiment(resume)).state == states.EXPERIMENT_STATE_RUNNING
        assert (await refusal(stub.ResumeExperiment(resume))).code() is grpc.StatusCode.FAILED_PRECONDITION
        cancel = pb.CancelExperimentRequest(experiment_id="x")
        assert (await stub.CancelExperiment(cancel)).state == states.EXPERIMENT_STATE_CANCELLED
        for late in (stub.CancelExperiment(cancel), stub.ResumeExperiment(resume), stub.PauseExperiment(pause)):
            assert (await refusal(late)).code() is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetExperiment", pb.GetExperimentRequest(experiment_id="nix")),
        ("PauseExperiment", pb.PauseExperimentRequest(experiment_id="nix")),
        ("ResumeExperiment", pb.ResumeExperimentRequest(experiment_id="nix")),
        ("CancelExperiment", pb.CancelExperimentRequest(experiment_id="nix")),
        ("GetGenerationStatus", pb.GetGenerationStatusRequest(experiment_id="nix")),
        ("GetGenerationStatus", pb.GetGenerationStatusRequest(experiment_id="x", generation=7)),
        ("GetAgent", pb.GetAgentRequest(agent_id="nix-g000-a000")),
        ("GetAgent", pb.GetAgentRequest(agent_id="x-g007-a000")),
        ("ListAgents", pb.ListAgentsRequest(experiment_id="nix")),
    ],
)
async def test_unknown_ids_are_not_found(method: str, request_: Any, serving: Serving) -> None:
    async with serving() as served:
        await start(served)
        error = await refusal(getattr(served.stub, method)(request_))
    assert error.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetAgent", pb.GetAgentRequest(agent_id="../../etc/passwd")),
        ("GetAgent", pb.GetAgentRequest(agent_id="x-g0-a0")),
        ("GetAgent", pb.GetAgentRequest()),
        ("GetExperiment", pb.GetExperimentRequest(experiment_id="../x")),
        ("ListAgents", pb.ListAgentsRequest(experiment_id="X Y")),
        ("PauseExperiment", pb.PauseExperimentRequest(experiment_id="*")),
        ("ResumeExperiment", pb.ResumeExperimentRequest(experiment_id="a/b")),
        ("CancelExperiment", pb.CancelExperimentRequest()),
        ("StreamEvents", pb.StreamEventsRequest(experiment_id="..")),
    ],
)
async def test_malformed_id_is_an_invalid_argument(
    method: str, request_: Any, serving: Serving, tmp_path: Path
) -> None:
    async with serving(FolderRepository(ExperimentConfig(), tmp_path / "runs")) as served:
        call = getattr(served.stub, method)(request_)
        error = await refusal(call.read() if method == "StreamEvents" else call)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_generations_and_agents_are_returned(serving: Serving) -> None:
    """The last generation is the default."""
    async with serving() as served:
        await start(served)
        last = await served.stub.GetGenerationStatus(pb.GetGenerationStatusRequest(experiment_id="x"))
        first = await served.stub.GetGenerationStatus(pb.GetGenerationStatusRequest(experiment_id="x", generation=0))
        assert (first.generation, last.generation) == (0, 1)
        assert (first.finished, len(first.agents), first.episodes_finished) == (True, 3, 6)
        agent = await served.stub.GetAgent(pb.GetAgentRequest(agent_id="x-g001-a002"))
        assert [gene.name for gene in agent.genome] == ["x", "y", "mood"]
        assert agent.genome[2].choice in {"bold", "shy"}
        assert len(agent.episodes) == 2
        assert agent.lineage
        listed = (await served.stub.ListAgents(pb.ListAgentsRequest(experiment_id="x"))).agents
        assert [each.id for each in listed] == [f"x-g00{gen}-a00{index}" for gen in range(2) for index in range(3)]
        assert not listed[0].genome
        only = (await served.stub.ListAgents(pb.ListAgentsRequest(experiment_id="x", generation=1))).agents
        assert [each.generation for each in only] == [1, 1, 1]


async def pages(method: Any, request: Any, items: Callable[[Any], Any]) -> list[list[str]]:
    found = []
    while True:
        response = await method(request)
        found.append([each.id for each in items(response)])
        if not response.next_page_token:
            return found
        request.page_token = response.next_page_token


async def test_agent_message_is_made_off_the_event_loop(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent may have a million genes. Other requests do not wait for their names."""
    threads: list[str] = []

    def described(*arguments: Any, **options: Any) -> resources_pb2.Agent:
        threads.append(threading.current_thread().name)
        return agent_message(*arguments, **options)

    monkeypatch.setattr(service, "agent_message", described)
    async with serving() as served:
        await start(served)
        await served.stub.GetAgent(pb.GetAgentRequest(agent_id="x-g001-a002"))
    assert threads
    assert threading.main_thread().name not in threads


async def test_lists_are_paged(serving: Serving) -> None:
    """Each item is returned once, even if others are added."""
    async with serving() as served:
        for name in ("a", "b", "c", "d"):
            await start(served, name)
        request = pb.ListExperimentsRequest(page_size=3)
        response = await served.stub.ListExperiments(request)
        await start(served, "aa")
        request.page_token = response.next_page_token
        second = await served.stub.ListExperiments(request)
        assert [each.id for each in response.experiments] == ["a", "b", "c"]
        assert ([each.id for each in second.experiments], second.next_page_token) == (["d"], "")
        agents = pb.ListAgentsRequest(experiment_id="a", page_size=4)
        found = await pages(served.stub.ListAgents, agents, lambda response: response.agents)
        assert [len(page) for page in found] == [4, 2]
        assert len({name for page in found for name in page}) == 6


async def test_experiments_are_filtered_by_state(serving: Serving) -> None:
    repository = ScriptedRepository()
    async with serving(repository) as served:
        await start(served, "done")
        repository.may_end.clear()
        await start(served, "runs", finish=False)
        found = {}
        for states in STATES:
            request = pb.ListExperimentsRequest()
            request.states.extend(states)
            response = await served.stub.ListExperiments(request)
            found[tuple(states)] = [each.id for each in response.experiments]
        assert found == {(): ["done", "runs"], (2,): ["runs"], (5,): ["done"], (2, 5): ["done", "runs"], (7,): []}


async def test_invalid_page_request_is_refused(serving: Serving) -> None:
    """The size is negative, or the token is invalid or belongs to another list or filter."""
    async with serving() as served:
        for name in ("a", "b"):
            await start(served, name)
        token = (await served.stub.ListExperiments(pb.ListExperimentsRequest(page_size=1))).next_page_token
        requests = [
            served.stub.ListExperiments(pb.ListExperimentsRequest(page_size=-1)),
            *[
                served.stub.ListExperiments(pb.ListExperimentsRequest(page_token=made_up))
                for made_up in ("x", "bm9uZQ==", "WzEsMl0=", "W1tbW10=", "[" * 100_000, "eyJhIjoxLCJiIjoyfQ==")
            ],
            served.stub.ListExperiments(
                pb.ListExperimentsRequest(page_token=token, states=["EXPERIMENT_STATE_COMPLETED"])
            ),
            served.stub.ListAgents(pb.ListAgentsRequest(experiment_id="a", page_token=token)),
            served.stub.ListExperiments(UNKNOWN_STATE),
        ]
        assert [(await refusal(each)).code().name for each in requests] == ["INVALID_ARGUMENT"] * len(requests)
