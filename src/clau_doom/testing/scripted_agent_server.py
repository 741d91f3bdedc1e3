"""Agent's program in this process: a real `AgentService` server with scripted answers and faults."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import grpc
import numpy as np

from clau_doom.domain import GeneKind, Genome
from clau_doom.ports import Action, Decide, Observation, Policy, ScenarioFacts, SeenObject
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.protos.claudoom.agent.v1.agent_pb2_grpc import (
    AgentServiceServicer,
    add_AgentServiceServicer_to_server,
)

__all__ = ["AgentRefuses", "Script", "ScriptedAgent", "description_of", "observation_of", "script_of"]

Script = Callable[[pb.BeginRequest, pb.GetActionRequest], pb.ActionProto]
"""Answers a request. It may wait, raise `AgentRefuses`, or return an invalid action."""

_THREADS = 16
_KINDS = {
    GeneKind.REAL: pb.Gene.KIND_REAL,
    GeneKind.INTEGER: pb.Gene.KIND_INTEGER,
    GeneKind.CHOICE: pb.Gene.KIND_CHOICE,
}


class AgentRefuses(Exception):
    """Raised by a script to end the call with a status.

    Attributes:
        code: gRPC's status.
    """

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


def turning(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
    """Press one button after the other, beginning with the button that the first gene selects."""
    return pb.ActionProto(action_id=(request.decision + int(begin.genome[0])) % len(begin.buttons))


TURNING = pb.DescribeResponse(
    genes=[pb.Gene(name="first", kind=pb.Gene.KIND_INTEGER, low=0, high=9)], version="turning 1"
)
"""Description of the agent with the script `turning`."""


@dataclass
class ScriptedAgent:
    """A program that answers with a script. Enter it to serve. Enter it again to simulate a restart.

    Attributes:
        address: Address to listen at: ``unix:PATH`` or ``host:port``.
        script: The script of its answers.
        description: Its answer to `Describe`.
        play: Whether it implements `Play`.
        answers: Number of answers to each decision on a stream.
        begun: The episodes that began, by id.
        asked: The received calls, in order: the method's name and the request.
    """

    address: str
    script: Script = turning
    description: pb.DescribeResponse = field(default_factory=lambda: TURNING)
    play: bool = True
    answers: int = 1
    begun: dict[str, pb.BeginRequest] = field(default_factory=dict)
    asked: list[tuple[str, pb.GetActionRequest]] = field(default_factory=list)
    _server: grpc.Server | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), options=[("grpc.so_reuseport", 0)])
        add_AgentServiceServicer_to_server(_Servicer(self), self._server)
        self._server.add_insecure_port(self.address)
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.die()

    def die(self) -> None:
        """Stop the server at once. All open calls and streams end."""
        if self._server is not None:
            server, self._server = self._server, None
            server.stop(grace=None).wait()

    def die_soon(self) -> None:
        """Stop the server from a script, without waiting for the end."""
        threading.Thread(target=self.die).start()

    def methods(self) -> list[str]:
        """Return the methods of all decision requests, in order."""
        return [method for method, _ in self.asked]


class _Servicer(AgentServiceServicer):
    def __init__(self, agent: ScriptedAgent) -> None:
        self._agent = agent

    def Describe(self, request: pb.DescribeRequest, context: grpc.ServicerContext) -> pb.DescribeResponse:  # noqa: N802
        del request, context
        return self._agent.description

    def Begin(self, request: pb.BeginRequest, context: grpc.ServicerContext) -> pb.BeginResponse:  # noqa: N802
        del context
        self._agent.begun[request.episode_id] = request
        return pb.BeginResponse()

    def GetAction(self, request: pb.GetActionRequest, context: grpc.ServicerContext) -> pb.ActionProto:  # noqa: N802
        return self._answer("GetAction", request, context)

    def Play(  # noqa: N802
        self, messages: Iterator[pb.PlayRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.ActionProto]:
        if not self._agent.play:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such method")
        for message in messages:
            if message.WhichOneof("message") == "begin":
                self._agent.begun[message.begin.episode_id] = message.begin
            else:
                yield from [self._answer("Play", message.decide, context)] * self._agent.answers

    def _answer(self, method: str, request: pb.GetActionRequest, context: grpc.ServicerContext) -> pb.ActionProto:
        self._agent.asked.append((method, request))
        try:
            return self._agent.script(self._agent.begun[request.episode_id], request)
        except AgentRefuses as refusal:
            context.abort(refusal.code, str(refusal))


def description_of(policy: Policy, version: str) -> pb.DescribeResponse:
    """Return the agent description of a policy of this process."""
    genes = [
        pb.Gene(name=gene.name, kind=_KINDS[gene.kind], low=gene.low, high=gene.high, choices=gene.choices)
        for gene in policy.space.genes
    ]
    return pb.DescribeResponse(genes=genes, objects=policy.needs.objects, screen=policy.needs.screen, version=version)


def script_of(policy: Policy, facts: ScenarioFacts) -> Script:
    """Return a script that decides like a policy of this process. The policy must not draw random numbers."""
    episodes: dict[str, Decide] = {}

    def script(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if request.decision == 0:
            rng = np.random.Generator(np.random.PCG64(begin.seed))
            episodes[begin.episode_id] = policy.begin(Genome((*begin.genome,)), rng)
        return _said(episodes[begin.episode_id](observation_of(request.observation, facts)))

    return script


def observation_of(message: pb.ObservationProto, facts: ScenarioFacts) -> Observation:
    """Return the observation in a message."""
    width, height = facts.resolution
    screen = np.frombuffer(message.screen, np.uint8).reshape(height, width) if message.screen else None
    return Observation(np.array(message.variables), message.tic, [_object(each) for each in message.objects], screen)


def _object(message: pb.SeenObject) -> SeenObject:
    x, y, z = message.position
    along, across, up = message.velocity
    return SeenObject(
        message.id,
        message.name,
        message.kind,
        message.x,
        message.y,
        message.width,
        message.height,
        (x, y, z),
        (along, across, up),
    )


def _said(action: Action) -> pb.ActionProto:
    return pb.ActionProto(buttons=pb.Buttons(values=action.buttons), tics=action.tics)
