"""Client for the agent's program, with one `Play` stream for all decisions."""

import socket
import time
from collections import deque

from clau_doom.errors import AgentUnreachable, PolicyFailed
from clau_doom.policies.remote.http2 import Call, CallEnded, connect
from clau_doom.policies.remote.status import UNIMPLEMENTED, AnswerLate, judged
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb

__all__ = ["NoStream", "PlayStream"]

_METHOD = "/claudoom.agent.v1.AgentService/Play"
_AGAIN = 0.05


class NoStream(Exception):
    """The program does not implement Play."""


class PlayStream:
    """One stream for consecutive episodes."""

    def __init__(self, address: str, deadline: float, patience: float) -> None:
        """Connect to the agent's program.

        Args:
            address: ``host:port`` or ``unix:PATH``.
            deadline: Seconds for each decision.
            patience: Seconds to wait for a listening program.

        Raises:
            AgentUnreachable: No program listens at the address.
        """
        self._address = address
        self._deadline = deadline
        self._call = Call(_connected(address, patience), _METHOD, deadline)
        self._owed: deque[tuple[str, int]] = deque()
        """Requests without an answer. Answers arrive in order and do not name their request."""
        self._answered = False

    @property
    def usable(self) -> bool:
        """Whether another episode can begin: the agent still listens, and all its answers have arrived."""
        return not self._owed and self._call.usable

    def begin(self, request: pb.BeginRequest) -> None:
        """Begin an episode; the agent sends no answer."""
        self._call.send(pb.PlayRequest(begin=request).SerializeToString())

    def act(self, request: pb.GetActionRequest) -> bytes:
        """Return the `ActionProto` for one decision, not yet parsed.

        Raises:
            AgentUnreachable: The agent's program has ended; `AnswerLate` if it missed the deadline.
            PolicyFailed: The agent raised an error.
            NoStream: The program does not implement Play.
        """
        end = time.monotonic() + self._deadline
        asked = request.episode_id, request.decision
        try:
            if self._call.surplus and not self._owed:
                raise PolicyFailed(f"the agent at {self._address} sent an answer without a request")
            if self._owed:  # a late agent may have stopped reading
                self._call.drain(end)
            self._call.send(pb.PlayRequest(decide=request).SerializeToString())
            self._owed.append(asked)
            answer = self._call.receive()
            while self._owed.popleft() != asked:
                answer = self._call.receive(end)
        except TimeoutError:
            raise AnswerLate(f"the agent at {self._address} missed its deadline of {self._deadline:g} s") from None
        except CallEnded as ended:
            if ended.status == UNIMPLEMENTED and not self._answered:
                raise NoStream from None
            raise judged(self._address, ended.status, ended.text) from None
        self._answered = True
        return answer

    def close(self) -> None:
        """Close the stream. The agent receives a cancellation."""
        self._call.close()


def _connected(address: str, patience: float) -> socket.socket:
    """Return a connection. Wait until a program listens, because an ended program may be restarted."""
    end = time.monotonic() + patience
    while True:
        try:
            return connect(address, patience)
        except OSError as error:
            if time.monotonic() + _AGAIN > end:
                raise AgentUnreachable(
                    f"the agent at {address} was unreachable for {patience:g} s: start its program again"
                ) from error
            time.sleep(_AGAIN)
