"""Status codes of an agent's program, classified as policy or infrastructure failures."""

from clau_doom.errors import AgentUnreachable, ClauDoomError, PolicyFailed

__all__ = ["UNIMPLEMENTED", "AnswerLate", "judged"]

UNIMPLEMENTED = 12
"""gRPC's status for a method that the program does not have."""

_CANCELLED, _DEADLINE_EXCEEDED, _UNAVAILABLE = 1, 4, 14
_NAMES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)


class AnswerLate(AgentUnreachable):
    """The agent has not answered within its deadline."""


def judged(address: str, status: int, text: str) -> ClauDoomError:
    """Return the error that a call's status stands for.

    A program that has ended, is ending or is late counts as an infrastructure failure. Any other status counts as a
    failure of the agent.

    Args:
        address: Address of the program.
        status: gRPC's status number.
        text: The status message.
    """
    detail = f": {text}" if text else ""
    if status == _DEADLINE_EXCEEDED:
        return AnswerLate(f"the agent at {address} missed its deadline{detail}")
    if status in {0, _CANCELLED, _UNAVAILABLE}:
        return AgentUnreachable(f"the agent at {address} ended or is unreachable{detail}")
    name = _NAMES[status] if 0 <= status < len(_NAMES) else f"status {status}"
    return PolicyFailed(f"the agent at {address} raised {name}{detail}")
