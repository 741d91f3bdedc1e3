"""Exit states of containers, classified as failures of the agent or of the infrastructure."""

from dataclasses import dataclass

from clau_doom.errors import ClauDoomError, OutOfMemory, WorkerCrashed

__all__ = ["Ending", "why_ended"]

_REASONS = {
    69: "lost its connection to the orchestrator",
    126: "cannot run its command: is its image FROM clau-doom-agent?",
    127: "cannot run its command: is its image FROM clau-doom-agent?",
    134: "crashed with SIGABRT",
    137: "was killed from outside, by its daemon or a person",
    139: "crashed with SIGSEGV",
}
"""Meanings of exit codes: 128 plus a signal's number, codes of the shell, and codes of the worker (sysexits.h)."""


@dataclass(frozen=True, kw_only=True)
class Ending:
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


def why_ended(agent: str, ending: Ending, *, memory: str, words: str) -> ClauDoomError:
    """Classify the loss of a container as a failure of the agent or of the infrastructure.

    Args:
        agent: The agent's id.
        ending: Exit state of the container.
        memory: Memory limit of the container, for the remedy.
        words: The last line of its log, or empty.
    """
    whose = f"the container of agent {agent}"
    if ending.out_of_memory:
        return OutOfMemory(f"{whose} took more than docker.memory allows ({memory}): allow more, or need less")
    if ending.running:
        reason = "has broken off its connection"
    else:
        reason = _REASONS.get(ending.code, f"ended with exit code {ending.code}")
    cause = f": {ending.error}" if ending.error else ""
    said = f" (it said: {words})" if words else ""
    return WorkerCrashed(f"{whose} {reason}{cause}{said}")
