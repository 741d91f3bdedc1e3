"""How a container ended, and whose doing that was."""

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
"""What exit codes mean: 128 and a signal's number, the shell's own, and the worker's own (sysexits.h)."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What Docker says of a container.

    Attributes:
        running: Whether it has not ended at all.
        code: Its exit code.
        out_of_memory: Whether the kernel ended a process of it for want of memory.
        error: What the daemon says went wrong.
    """

    running: bool = False
    code: int = 0
    out_of_memory: bool = False
    error: str = ""


def why_ended(agent: str, ending: Ending, *, memory: str, words: str) -> ClauDoomError:
    """Return what a lost container comes to: the agent's own fault, or nobody's.

    Args:
        agent: The agent's id.
        ending: What Docker says.
        memory: What the container could have, for the remedy.
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
