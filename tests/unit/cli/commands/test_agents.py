"""Tests of `agent cleanup` with nothing to remove, and with failed removals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clau_doom.backends.docker import leftovers
from clau_doom.backends.docker.leftovers import Leftovers, Removed
from clau_doom.errors import InfrastructureFailed

Run = Callable[..., Any]


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_cleanup_of_a_generation_needs_an_experiment(run: Run, dry: tuple[str, ...]) -> None:
    """The command is refused before Docker is called."""
    done = run("agent", "cleanup", "--generation", "3", *dry)
    assert (done.code, done.out) == (2, "")
    assert "--experiment" in done.err


@pytest.mark.parametrize("name", ["", "../other", "a=b", "A", "x" * 41])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_cleanup_checks_the_experiment_id(run: Run, name: str, dry: tuple[str, ...]) -> None:
    """An invalid id is reported as such."""
    done = run("agent", "cleanup", "--experiment", name, *dry)
    assert (done.code, done.out) == (2, "")
    assert "is not an experiment id" in done.err


@pytest.mark.parametrize("words", [(), ("--dry-run",), ("--experiment", "tiny"), ("--experiment", "tiny", "-g", "0")])
def test_cleanup_without_a_daemon_prints_the_remedy(
    run: Run, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is one line."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing")
    done = run("agent", "cleanup", *words)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    assert "no Docker daemon answers" in line
    assert "set DOCKER_HOST" in line


def test_cleanup_with_nothing_to_remove_succeeds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(experiment: str | None, generation: int | None) -> Leftovers:
        return Leftovers(containers=(), networks=())

    async def remove(experiment: str | None, generation: int | None) -> Removed:
        return Removed(containers=0, networks=(), errors=())

    monkeypatch.setattr(leftovers, "find_leftovers", find)
    monkeypatch.setattr(leftovers, "remove_leftovers", remove)
    for dry in ((), ("--dry-run",)):
        done = run("agent", "cleanup", *dry)
        assert (done.code, done.out, done.err) == (0, "nothing to remove\n", "")


@pytest.mark.parametrize(
    ("containers", "networks", "message"),
    [
        (0, (), ""),
        (1, ("clau-doom-net",), "1 container removed\n1 network removed: clau-doom-net\n"),
        (3, ("a", "b"), "3 containers removed\n2 networks removed: a, b\n"),
    ],
)
def test_cleanup_names_failed_removals(
    run: Run, monkeypatch: pytest.MonkeyPatch, containers: int, networks: tuple[str, ...], message: str
) -> None:
    """The removed containers are listed first. The one line of the error names each failure."""
    errors = tuple(InfrastructureFailed(f"removing container for agent {name}: busy") for name in ("one", "two"))

    async def remove(experiment: str | None, generation: int | None) -> Removed:
        return Removed(containers=containers, networks=networks, errors=errors)

    monkeypatch.setattr(leftovers, "remove_leftovers", remove)
    done = run("agent", "cleanup")
    assert (done.code, done.out) == (1, message)
    expected = "error: removing container for agent one: busy; removing container for agent two: busy\n"
    assert done.err == expected
