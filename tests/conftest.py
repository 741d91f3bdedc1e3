"""Programs of others that some tests run."""

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.docker_host import DockerHost
from tests.support.ray_nodes import RayNodes

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it; commands are tested as they are in a pipe


_ALONE = (
    "tests/fuzz/",
    "tests/reference/",
    "tests/unit/",
    "tests/contract/test_bus.py",
    "tests/contract/test_engine.py",
    "tests/contract/test_policy.py",
    "tests/contract/test_store.py",
    "tests/e2e/test_replay.py",
    "tests/e2e/test_report.py",
    "tests/integration/test_champions.py",
    "tests/integration/test_failure_traces.py",
    "tests/integration/test_processors.py",
    "tests/integration/test_racing.py",
    "tests/integration/test_registered_backend.py",
    "tests/integration/test_replay.py",
    "tests/integration/test_strategy_convergence.py",
    "tests/integration/test_unit_test_layout.py",
)
"""Tests that share nothing with others, and that no other's load makes fail."""


class _Beside(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """Those by their files, beside all others in one process: these share servers, containers and cores."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith(_ALONE) else "all others"


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Return what says to pytest-xdist which tests may run side by side."""
    return _Beside(config, log)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests and fixtures on asyncio only."""
    return "asyncio"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Restore handlers and levels, which a command that runs in the test's process sets."""
    root, ours = logging.getLogger(), logging.getLogger("clau_doom")
    before = [*root.handlers], root.level, ours.level
    yield
    root.handlers[:], root_level, our_level = before
    root.setLevel(root_level)
    ours.setLevel(our_level)


@pytest.fixture(scope="session")
def tool() -> Callable[[str, str], str]:
    """Return what finds a program, or says which package it comes in; in CI it must be there."""

    def find(program: str, package: str) -> str:
        if found := shutil.which(program):
            return found
        _missing(f"{program} is not on this machine: apt-get install --no-install-recommends {package}")

    return find


@pytest.fixture(scope="session")
def docker_host() -> Iterator[DockerHost]:
    """Return a Docker daemon that has our image; in CI there must be one. Images that tests make are removed."""
    docker = DockerHost()
    if not docker.answers:
        _missing("no Docker daemon answers: start one, or run the tests by .ci/with-docker")
    if not docker("images", "--quiet", "clau-doom-agent"):
        _missing("the image clau-doom-agent is not there: make image")
    yield docker
    if made := docker("images", "--format", "{{.Repository}}", "--filter", "reference=clau-doom-test-*").split():
        docker("rmi", "--force", *made)


@pytest.fixture
def docker(docker_host: DockerHost) -> Iterator[DockerHost]:
    """Return a Docker daemon, and see that a test leaves no container, no network and no worker behind."""
    before = docker_host.containers(), docker_host.networks()
    workers = _workers()
    yield docker_host
    assert (docker_host.containers(), docker_host.networks()) == before
    end = time.monotonic() + 5.0
    while left := _workers() - workers:
        assert time.monotonic() < end, f"workers are left: {sorted(left)}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def ray_head() -> Iterator[str]:
    """Return the address of a Ray cluster that has room for two workers."""
    with RayNodes(2) as nodes:
        yield nodes.address


def _workers() -> set[str]:
    """Return the process ids of the workers of this machine, but for those of tests in other processes."""
    found, here = set(), os.environ.get("PYTEST_XDIST_WORKER", "")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"clau_doom.worker" in (process / "cmdline").read_bytes():
                variables = (process / "environ").read_bytes().split(b"\0")
                there = [each for each in variables if each.startswith(b"PYTEST_XDIST_WORKER=")]
                if not there or there == [f"PYTEST_XDIST_WORKER={here}".encode()]:
                    found.add(process.name)
    return found


def _missing(message: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
