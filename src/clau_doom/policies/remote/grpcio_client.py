"""Client for the agent's program, with single calls through gRPC's own client."""

from collections.abc import Callable
from typing import TypeVar

import grpc

from clau_doom.errors import AgentUnreachable
from clau_doom.policies.remote.status import AnswerLate, judged
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.protos.claudoom.agent.v1.agent_pb2_grpc import AgentServiceStub

__all__ = ["UnaryClient"]

ReplyT = TypeVar("ReplyT")

_SERVICE = "/claudoom.agent.v1.AgentService/"
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),  # connect directly, without a proxy of the environment
    ("grpc.use_local_subchannel_pool", 1),  # so that failed attempts of another policy cause no delay here
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class UnaryClient:
    """A channel to the agent's program."""

    def __init__(self, address: str, deadline: float) -> None:
        """Create a channel without connecting.

        Args:
            address: ``host:port`` or ``unix:PATH``.
            deadline: Seconds for each call.
        """
        self._address = address
        self._deadline = deadline
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._stub = AgentServiceStub(self._channel)
        self._describe: Callable[..., pb.DescribeResponse] = self._stub.Describe
        self._act: Callable[..., bytes] = self._channel.unary_unary(
            f"{_SERVICE}GetAction", request_serializer=pb.GetActionRequest.SerializeToString
        )

    def describe(self, request: pb.DescribeRequest, patience: float) -> pb.DescribeResponse:
        """Return the agent's description. Wait until its program listens.

        Args:
            request: The scenario.
            patience: Seconds to wait in total.

        Raises:
            AgentUnreachable: No program answered.
            PolicyFailed: The agent raised an error.
        """
        return self._asked(lambda: self._describe(request, timeout=patience, wait_for_ready=True))

    def begin(self, request: pb.BeginRequest, patience: float) -> None:
        """Begin an episode.

        Args:
            request: The episode.
            patience: Seconds to wait for a restarted program if none listens.

        Raises:
            AgentUnreachable: No program listens, or the answer was late.
            PolicyFailed: The agent raised an error.
        """
        try:
            self._asked(lambda: self._stub.Begin(request, timeout=self._deadline))
        except AnswerLate:
            raise
        except AgentUnreachable:
            self._begin_again(request, patience)

    def _begin_again(self, request: pb.BeginRequest, patience: float) -> None:
        try:
            self._asked(lambda: self._stub.Begin(request, timeout=patience, wait_for_ready=True))
        except AnswerLate as error:
            raise AgentUnreachable(
                f"the agent at {self._address} was unreachable for {patience:g} s: start its program again"
            ) from error

    def act(self, request: pb.GetActionRequest) -> bytes:
        """Return the `ActionProto` for one decision, not yet parsed.

        Raises:
            AgentUnreachable: The agent's program has ended; `AnswerLate` if it missed the deadline.
            PolicyFailed: The agent raised an error.
        """
        return self._asked(lambda: self._act(request, timeout=self._deadline))

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _asked(self, ask: Callable[[], ReplyT]) -> ReplyT:
        try:
            return ask()
        except grpc.RpcError as error:
            raise judged(self._address, error.code().value[0], error.details() or "") from None
