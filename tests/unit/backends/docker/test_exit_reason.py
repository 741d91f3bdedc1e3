"""Tests of the exit reasons of containers and of the party that each is charged to."""

import pytest

from clau_doom.backends.docker.exit_reason import ExitState, exit_error
from clau_doom.errors import ClauDoomError, OutOfMemory, WorkerCrashed


def why(exit_state: ExitState, last_line: str = "") -> ClauDoomError:
    return exit_error("x-g000-a007", exit_state, memory="512m", last_line=last_line)


@pytest.mark.parametrize(
    ("exit_state", "reason"),
    [
        (ExitState(code=134), "crashed with SIGABRT"),
        (ExitState(code=139), "crashed with SIGSEGV"),
        (ExitState(code=137), "was killed by the Docker daemon or a user"),
        (ExitState(code=69), "lost its connection to the orchestrator"),
        (ExitState(code=126), "cannot run its command: is its image FROM clau-doom-agent?"),
        (ExitState(code=127), "cannot run its command: is its image FROM clau-doom-agent?"),
        (ExitState(code=0), "ended with exit code 0"),
        (ExitState(code=1), "ended with exit code 1"),
        (ExitState(code=255), "ended with exit code 255"),
        (ExitState(running=True), "closed its connection"),
        (ExitState(running=True, code=137), "closed its connection"),
        (ExitState(code=127, error="no such file"), "is its image FROM clau-doom-agent?: no such file"),
    ],
)
def test_exit_code_is_explained_and_the_agent_is_not_charged(exit_state: ExitState, reason: str) -> None:
    """The daemon's message follows."""
    error = why(exit_state)
    assert type(error) is WorkerCrashed
    assert str(error).startswith("the container of agent x-g000-a007 ")
    assert str(error).endswith(reason)


@pytest.mark.parametrize(
    "exit_state",
    [
        ExitState(code=137, out_of_memory=True),
        ExitState(code=69, out_of_memory=True),
        ExitState(code=0, out_of_memory=True),
        ExitState(running=True, out_of_memory=True),
    ],
    ids=["killed", "engine killed", "ended", "running"],
)
def test_exceeded_memory_limit_is_charged_to_the_agent(exit_state: ExitState) -> None:
    """This holds for any process of the container. The message names the setting."""
    error = why(exit_state, "Killed")
    assert type(error) is OutOfMemory
    assert str(error) == (
        "the container of agent x-g000-a007 exceeded docker.memory (512m): raise it, or use less memory"
    )


def test_last_log_line_is_quoted() -> None:
    """The error quotes the last line of the container's log."""
    assert str(why(ExitState(code=1), "MemoryError")).endswith("ended with exit code 1 (output: MemoryError)")
    assert "it text" not in str(why(ExitState(code=1)))
