"""Example of a remote agent in Python: turn until an enemy is in the middle of the screen, and fire.

The agent serves `claudoom.agent.v1.AgentService` with gRPC's asyncio API. Of clau-doom, it uses only the generated
messages. `agent.js` in the same folder makes the same decisions. Start it with ``python agent.py ADDRESS``.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc

from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.protos.claudoom.agent.v1.agent_pb2_grpc import (
    AgentServiceServicer,
    add_AgentServiceServicer_to_server,
)

VERSION = "sentry 1"
"""Version of the agent. Change it with every change of decisions, in any language."""
SIDES = ("TURN_LEFT", "TURN_RIGHT")
GENES = (
    pb.Gene(name="tolerance", kind=pb.Gene.KIND_REAL, low=0.0, high=40.0),
    pb.Gene(name="patience", kind=pb.Gene.KIND_INTEGER, low=1.0, high=100.0),
    pb.Gene(name="side", kind=pb.Gene.KIND_CHOICE, choices=SIDES),
)
REMEMBERED = 1000
"""Maximum number of stored episodes. There is no message for the end of an episode: the oldest are removed."""


@dataclass
class Episode:
    """Genome and state of one episode's agent."""

    buttons: list[str]
    tolerance: float
    patience: float
    side: int
    middle: float
    searched: int = 0

    def decide(self, request: pb.GetActionRequest) -> pb.ActionProto:
        """Fire at an enemy in the middle, turn to other enemies, and turn around if no enemy was seen for long."""
        enemies = [seen for seen in request.observation.objects if seen.kind == "enemy"]
        if not enemies:
            self.searched += 1
            turned = (self.searched // int(self.patience) + self.side) % 2
            return self.press(SIDES[turned])
        self.searched = 0
        offs = [seen.x + seen.width / 2 - self.middle for seen in enemies]
        off = min(offs, key=abs)
        if abs(off) <= self.tolerance:
            return self.press("ATTACK", tics=1)
        return self.press("TURN_RIGHT" if off > 0 else "TURN_LEFT", tics=2)

    def press(self, name: str, tics: int = 0) -> pb.ActionProto:
        """Press one button, by default for the frame skip."""
        return pb.ActionProto(action_id=self.buttons.index(name), tics=tics)


class Sentry(AgentServiceServicer):
    """Implementation of the service."""

    def __init__(self) -> None:
        self.middle = 80.0
        self.episodes: dict[str, Episode] = {}

    async def Describe(  # noqa: D102, N802
        self, request: pb.DescribeRequest, context: "grpc.aio.ServicerContext[pb.DescribeRequest, pb.DescribeResponse]"
    ) -> pb.DescribeResponse:
        missing = {"ATTACK", *SIDES} - set(request.scenario.buttons)
        if missing:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"there is no {', '.join(sorted(missing))}")
        self.middle = request.scenario.width / 2
        return pb.DescribeResponse(genes=GENES, objects=True, version=VERSION)

    async def Begin(self, request: pb.BeginRequest, context: object) -> pb.BeginResponse:  # noqa: ARG002, D102, N802
        self.begin(request)
        return pb.BeginResponse()

    async def GetAction(self, request: pb.GetActionRequest, context: object) -> pb.ActionProto:  # noqa: ARG002, D102, N802
        return self.episodes[request.episode_id].decide(request)

    async def Play(  # noqa: D102, N802
        self,
        messages: AsyncIterator[pb.PlayRequest],
        context: object,  # noqa: ARG002
    ) -> AsyncIterator[pb.ActionProto]:
        async for message in messages:
            if message.WhichOneof("message") == "begin":
                self.begin(message.begin)
            else:
                yield self.episodes[message.decide.episode_id].decide(message.decide)

    def begin(self, request: pb.BeginRequest) -> None:
        """Create the agent of an episode from its genome."""
        tolerance, patience, side = request.genome
        self.episodes[request.episode_id] = Episode([*request.buttons], tolerance, patience, int(side), self.middle)
        while len(self.episodes) > REMEMBERED:
            del self.episodes[next(iter(self.episodes))]


async def serve(address: str) -> None:
    """Serve until the process is ended."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    add_AgentServiceServicer_to_server(Sentry(), server)
    server.add_insecure_port(address)
    await server.start()
    print(f"listening at {address}", flush=True)  # noqa: T201
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
