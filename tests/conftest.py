"""Fixtures of all tests: external programs, a Docker daemon, a Ray cluster, and the order of parallel tests."""

import contextlib
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.docker_host import DockerHost
from tests.support.ray_nodes import RayNodes
from tests.support.requirements import missing

# A time limit for each example fails on a busy machine.
hypothesis.settings.register_profile("without deadline", deadline=None)
hypothesis.settings.load_profile("without deadline")
os.environ.pop("COLUMNS", None)  # pytest-xdist sets it; commands are tested as they are in a pipe
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores Ctrl-C for commands in the background. Tests and their processes need the default.
    signal.signal(signal.SIGINT, signal.default_int_handler)


_PARALLEL = (
    "tests/fuzz/",
    "tests/reference/",
    "tests/unit/",
    "tests/contract/test_bus.py",
    "tests/contract/test_engine.py",
    "tests/contract/test_policy.py",
    "tests/contract/test_store.py",
    "tests/e2e/test_notebooks.py",
    "tests/e2e/test_replay.py",
    "tests/e2e/test_report.py",
    "tests/integration/test_champions.py",
    "tests/integration/test_failure_traces.py",
    "tests/integration/test_gymnasium_loop.py",
    "tests/integration/test_processors.py",
    "tests/integration/test_racing.py",
    "tests/integration/test_registered_backend.py",
    "tests/integration/test_replay.py",
    "tests/integration/test_strategy_convergence.py",
    "tests/integration/test_unit_test_layout.py",
)
"""Tests that share nothing with other tests, and that do not depend on the load of the machine."""


class _ParallelFiles(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Scheduling of parallel tests by file. All other tests share servers and cores, and run in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith(_PARALLEL) else "all others"


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Return the scheduler that decides which tests run in parallel."""
    return _ParallelFiles(config, log)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests and fixtures on asyncio only."""
    return "asyncio"


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """Restore log handlers and levels after a test. Commands that run in the test's process set them."""
    root, ours = logging.getLogger(), logging.getLogger("clau_doom")
    before = [*root.handlers], root.level, ours.level
    yield
    root.handlers[:], root_level, our_level = before
    root.setLevel(root_level)
    ours.setLevel(our_level)


@pytest.fixture(scope="session")
def tool() -> Callable[[str, str], str]:
    """Return a function that finds a program, or names its Debian package. In CI a missing program is a failure."""

    def find(program: str, package: str) -> str:
        found = shutil.which(program)
        if found is None:
            missing(f"{program} is not on this machine: apt-get install --no-install-recommends {package}")
        return found

    return find


@pytest.fixture(scope="session")
def docker_host() -> Iterator[DockerHost]:
    """Return a Docker daemon with the project's image. Images that tests build are removed."""
    docker = DockerHost()
    if not docker.answers:
        missing("no Docker daemon answers: start one, or run the tests by .ci/with-docker")
    if not docker("images", "--quiet", "clau-doom-agent"):
        missing("the image clau-doom-agent is not there: make image")
    yield docker
    if made := docker("images", "--format", "{{.Repository}}", "--filter", "reference=clau-doom-test-*").split():
        docker("rmi", "--force", *made)


@pytest.fixture
def docker(docker_host: DockerHost) -> Iterator[DockerHost]:
    """Return a Docker daemon, and check that the test leaves no container, network or worker."""
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
    """Return the address of a Ray cluster with two cores."""
    with RayNodes(2) as nodes:
        yield nodes.address


def _workers() -> set[str]:
    """Return the process ids of the workers on this machine, without workers of other test processes."""
    found, here = set(), os.environ.get("PYTEST_XDIST_WORKER", "")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"clau_doom.worker" in (process / "cmdline").read_bytes():
                variables = (process / "environ").read_bytes().split(b"\0")
                there = [each for each in variables if each.startswith(b"PYTEST_XDIST_WORKER=")]
                if not there or there == [f"PYTEST_XDIST_WORKER={here}".encode()]:
                    found.add(process.name)
    return found
