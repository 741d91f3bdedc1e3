"""Tests of commands over a stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2

from clau_doom.domain.agent_commands import AgentCommand, Command, CommandDone
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2
from clau_doom.rpc.control_stream import control_agents
from clau_doom.testing.scripted_repository import ScriptedRepository

Serving = Callable[..., AbstractAsyncContextManager[Any]]
Logs = Callable[[], list[dict[str, Any]]]

FIRST = "x-g000-a000"


def pause(command_id: str, agent: str = FIRST) -> pb.AgentCommand:
    return pb.AgentCommand(command_id=command_id, pause=pb.PauseAgent(agent_id=agent))


def inject(command_id: str, *genome: float) -> pb.AgentCommand:
    return pb.AgentCommand(command_id=command_id, inject=pb.InjectGenome(experiment_id="x", genome=genome))


async def test_command_is_answered_after_its_commit(serving: Serving) -> None:
    """The answer has the command's id, the event's sequence and the agent's state."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    async with serving(repository) as served:
        await served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x"))
        control = served.stub.ControlAgent()
        await control.write(pause("one"))
        answer = await control.read()
        assert (answer.command_id, answer.done.agent.status) == ("one", resources_pb2.AGENT_STATUS_PAUSED)
        log = [recorded async for recorded in repository.stores["x"].events(answer.done.sequence - 1)]
        assert [type(recorded.event).__name__ for recorded in log] == ["AgentPaused"]
        await control.write(pb.AgentCommand(command_id="two", inspect=pb.InspectAgent(agent_id=FIRST)))
        answer = await control.read()
        assert (answer.command_id, answer.done.sequence) == ("two", 0)
        assert answer.done.agent.status == resources_pb2.AGENT_STATUS_PAUSED
        await control.write(inject("three", 0.5, 0.5, 1.0))
        answer = await control.read()
        assert (answer.command_id, answer.done.HasField("agent")) == ("three", False)
        assert answer.done.sequence == log[0].sequence + 1
        await control.done_writing()
        assert await control.read() is grpc.aio.EOF
        assert await control.code() is grpc.StatusCode.OK


async def test_refused_command_keeps_the_stream_open(serving: Serving) -> None:
    """The answer has the status code and the reason on one line."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    commands = [
        (pause("a", "x-g000-a999"), code_pb2.NOT_FOUND),
        (pause("b", "nix-g000-a000"), code_pb2.NOT_FOUND),
        (pause("c", "no id"), code_pb2.INVALID_ARGUMENT),
        (pb.AgentCommand(command_id="d", restart=pb.RestartAgent(agent_id=FIRST)), code_pb2.FAILED_PRECONDITION),
        (pb.AgentCommand(command_id="e"), code_pb2.INVALID_ARGUMENT),
        (pause(""), code_pb2.INVALID_ARGUMENT),
        (pause("f" * 65), code_pb2.INVALID_ARGUMENT),
        (inject("g", 0.5), code_pb2.INVALID_ARGUMENT),
        (inject("h", float("nan"), 0.5, 1.0), code_pb2.INVALID_ARGUMENT),
        (inject("i", 0.5, 0.5, 1.0), 0),
        (inject("j", 0.5, 0.5, 1.0), code_pb2.RESOURCE_EXHAUSTED),
        (pause("k"), 0),
    ]
    async with serving(repository) as served:
        await served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x"))
        control = served.stub.ControlAgent()
        for command, code in commands:
            await control.write(command)
            answer = await control.read()
            assert (answer.command_id, answer.refused.code) == (command.command_id, code)
            assert "\n" not in answer.refused.message
            assert bool(answer.refused.message) is bool(code)
        control.cancel()


class Slow:
    """Orchestrator with delayed commands and a record of their starts and ends."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.may_end: dict[str, asyncio.Event] = {}
        self.fails = fails

    async def control(self, command: Command) -> CommandDone:
        assert isinstance(command, AgentCommand)
        name = f"{command.action.value} {command.agent[-4:]}"
        self.begun.append(name)
        await asyncio.sleep(0)
        if may_end := self.may_end.get(name):
            await may_end.wait()
        self.ended.append(name)
        if self.fails:
            raise self.fails
        return CommandDone(sequence=len(self.ended))


async def carry_out(slow: Slow, commands: list[pb.AgentCommand], during: Callable[[], Awaitable[None]]) -> list[str]:
    answered: list[str] = []

    async def requests() -> AsyncIterator[pb.AgentCommand]:
        for command in commands:
            yield command
        await during()

    async def write(message: Any) -> None:
        await asyncio.sleep(0)
        answered.append(message.command_id)

    await control_agents(slow.control, requests(), write)
    return answered


async def test_commands_of_an_agent_are_executed_in_order() -> None:
    """Commands to other agents do not wait."""
    slow = Slow()
    may_end = slow.may_end["pause a000"] = asyncio.Event()
    commands = [pause("1")]
    commands += [pb.AgentCommand(command_id="2", resume=pb.ResumeAgent(agent_id=FIRST))]
    commands += [pb.AgentCommand(command_id="3", stop=pb.StopAgent(agent_id=FIRST)), pause("4", "x-g000-a001")]

    async def during() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        assert slow.ended == ["pause a001"]
        may_end.set()

    assert await carry_out(slow, commands, during) == ["4", "1", "2", "3"]
    assert slow.ended == ["pause a001", "pause a000", "resume a000", "stop a000"]


async def test_at_most_64_commands_run_concurrently() -> None:
    """All commands are answered."""
    slow, most = Slow(), 0
    commands = [pause(str(number), f"x-g000-a{number:03d}") for number in range(300)]

    async def nothing() -> None:
        return

    class Counted(Slow):
        async def control(self, command: Command) -> CommandDone:
            nonlocal most
            most = max(most, len(self.begun) - len(self.ended) + 1)
            return await super().control(command)

    slow = Counted()
    answered = await carry_out(slow, commands, nothing)
    assert sorted(answered, key=int) == [str(number) for number in range(300)]
    assert 1 < most <= 64


async def test_unexpected_error_of_a_command_has_an_id(logs: Logs) -> None:
    """The answer has the id of the log entry and not the exception's text. The stream continues."""
    slow, answers = Slow(ZeroDivisionError("the secret")), list[pb.AgentResponse]()

    async def requests() -> AsyncIterator[pb.AgentCommand]:
        yield pause("1")

    async def write(message: Any) -> None:
        answers.append(message)

    await control_agents(slow.control, requests(), write)
    (answer,) = answers
    assert answer.refused.code == code_pb2.INTERNAL
    assert "secret" not in answer.refused.message
    (entry,) = [log for log in logs() if log["level"] == "error"]
    assert entry["error_id"] in answer.refused.message
    assert "ZeroDivisionError: the secret" in entry["exception"]


async def test_invalid_message_ends_the_stream(serving: Serving) -> None:
    """An invalid message has no id for an answer."""
    async with serving() as served:
        method: Any = served.channel.stream_stream("/claudoom.orchestrator.v1.OrchestratorService/ControlAgent")
        call = method(iter([b"\xff\xff"]))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
