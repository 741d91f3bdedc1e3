"""Exit states of containers, classified as failures of the agent or of the infrastructure."""

from dataclasses import dataclass

from clau_doom.errors import ClauDoomError, OutOfMemory, WorkerCrashed

__all__ = ["ExitState", "exit_error"]

_REASONS = {
    69: "lost its connection to the orchestrator",
    126: "cannot run its command: is its image FROM clau-doom-agent?",
    127: "cannot run its command: is its image FROM clau-doom-agent?",
    134: "crashed with SIGABRT",
    137: "was killed by the Docker daemon or a user",
    139: "crashed with SIGSEGV",
}
"""Meanings of exit codes: 128 plus a signal's number, codes of the shell, and codes of the worker (sysexits.h)."""


@dataclass(frozen=True, kw_only=True)
class ExitState:
    """Exit state of a container, as Docker reports it.

    Attributes:
        running: Whether the container is still running.
        code: The exit code.
        out_of_memory: Whether the kernel killed one of its processes because memory ran out.
        error: The daemon's error message.
    """

    running: bool = False
    code: int = 0
    out_of_memory: bool = False
    error: str = ""


def exit_error(agent: str, exit_state: ExitState, *, memory: str, last_line: str) -> ClauDoomError:
    """Classify the loss of a container as a failure of the agent or of the infrastructure.

    Args:
        agent: The agent's id.
        exit_state: Exit state of the container.
        memory: Memory limit of the container, for the remedy.
        last_line: The last line of its log, or empty.
    """
    name = f"the container of agent {agent}"
    if exit_state.out_of_memory:
        return OutOfMemory(f"{name} exceeded docker.memory ({memory}): raise it, or use less memory")
    if exit_state.running:
        reason = "closed its connection"
    else:
        reason = _REASONS.get(exit_state.code, f"ended with exit code {exit_state.code}")
    cause = f": {exit_state.error}" if exit_state.error else ""
    detail = f" (output: {last_line})" if last_line else ""
    return WorkerCrashed(f"{name} {reason}{cause}{detail}")
