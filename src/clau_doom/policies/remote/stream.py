"""The agent's program, asked over and over on one `Play` stream."""

import socket
import time
from collections import deque

from clau_doom.errors import AgentUnreachable, PolicyFailed
from clau_doom.policies.remote.http2 import Call, CallEnded, connect
from clau_doom.policies.remote.status import UNIMPLEMENTED, Late, judged
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb

__all__ = ["NoStream", "PlayStream"]

_METHOD = "/claudoom.agent.v1.AgentService/Play"
_AGAIN = 0.05


class NoStream(Exception):
    """The program does not implement Play."""


class PlayStream:
    """One stream, for one episode after another."""

    def __init__(self, address: str, deadline: float, patience: float) -> None:
        """Connect.

        Args:
            address: ``host:port`` or ``unix:PATH``.
            deadline: Seconds for each decision.
            patience: Seconds to wait until somebody listens.

        Raises:
            AgentUnreachable: Nobody does.
        """
        self._address = address
        self._deadline = deadline
        self._call = Call(_connected(address, patience), _METHOD, deadline)
        self._owed: deque[tuple[str, int]] = deque()
        """What was asked and not answered: answers come in order, and say not what they answer."""
        self._answered = False

    @property
    def usable(self) -> bool:
        """Whether another episode can begin here: the agent still listens, and owes no answer."""
        return not self._owed and self._call.usable

    def begin(self, request: pb.BeginRequest) -> None:
        """Begin an episode; nothing answers."""
        self._call.send(pb.PlayRequest(begin=request).SerializeToString())

    def act(self, request: pb.GetActionRequest) -> bytes:
        """Return the `ActionProto` for one decision, not yet parsed.

        Raises:
            AgentUnreachable: The agent is gone; `Late` where it missed the deadline.
            PolicyFailed: It raised.
            NoStream: It has no such method.
        """
        end = time.monotonic() + self._deadline
        asked = request.episode_id, request.decision
        try:
            if self._call.surplus and not self._owed:
                raise PolicyFailed(f"the agent at {self._address} gave an answer that nobody asked for")
            if self._owed:  # the agent is late already, and may be so late that it takes in nothing
                self._call.drain(end)
            self._call.send(pb.PlayRequest(decide=request).SerializeToString())
            self._owed.append(asked)
            answer = self._call.receive()
            while self._owed.popleft() != asked:
                answer = self._call.receive(end)
        except TimeoutError:
            raise Late(f"the agent at {self._address} missed its deadline of {self._deadline:g} s") from None
        except CallEnded as ended:
            if ended.status == UNIMPLEMENTED and not self._answered:
                raise NoStream from None
            raise judged(self._address, ended.status, ended.text) from None
        self._answered = True
        return answer

    def close(self) -> None:
        """Close the stream; the agent sees it cancelled."""
        self._call.close()


def _connected(address: str, patience: float) -> socket.socket:
    """Return a connection, waiting until somebody listens: a program that has ended may be started again."""
    end = time.monotonic() + patience
    while True:
        try:
            return connect(address, patience)
        except OSError as error:
            if time.monotonic() + _AGAIN > end:
                raise AgentUnreachable(
                    f"the agent at {address} could not be reached for {patience:g} s: start its program again"
                ) from error
            time.sleep(_AGAIN)
