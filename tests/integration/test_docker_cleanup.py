"""Tests of `agent cleanup` with a real Docker daemon."""

import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.daemon import Daemon
from clau_doom.backends.docker.daemon_facts import examine_daemon
from clau_doom.backends.docker.network import list_networks, remove_network
from clau_doom.cli import run_command
from tests.support.docker_host import DockerHost, PrivateDocker

pytestmark = pytest.mark.docker

Clean = Callable[..., tuple[int, str, str]]


@pytest.fixture
def clean(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Clean:
    """Return a function that runs ``agent cleanup`` and returns exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "120")

    def carry_out(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run_command(["agent", "cleanup", *words])
        return code, *capfd.readouterr()

    return carry_out


@pytest.fixture
def experiment(docker: DockerHost) -> Iterator[str]:
    """Yield a unique experiment id, and remove its remaining containers."""
    name = f"clean-{secrets.token_hex(4)}"
    yield name
    if left := docker("ps", "--all", "--quiet", "--filter", f"name={name}").split():
        docker("rm", "--force", *left)


def make(docker: DockerHost, name: str, *words: str, start: bool = True, **labels: object) -> str:
    """Create an idle container with labels, and return its name."""
    how = ["run", "--detach"] if start else ["create"]
    how += ["--name", name, "--entrypoint", "sleep", "--stop-signal", "KILL"]
    for key, value in labels.items():
        how += ["--label", f"clau-doom.{key.replace('_', '-')}={value}"]
    docker(*how, *(words or ("--network", "none")), "clau-doom-agent", "60")
    return name


def agent(docker: DockerHost, experiment: str, generation: int, index: int, *, start: bool = True) -> str:
    name = f"{experiment}-g{generation:03d}-a{index:03d}"
    return make(docker, name, start=start, agent_id=name, experiment=experiment, generation=generation, run="4f8")


def test_containers_are_found_by_their_labels(docker: DockerHost, experiment: str, clean: Clean) -> None:
    """Containers of a generation are removed, then those of the experiment. Other containers stay."""
    agent(docker, experiment, 0, 0)
    agent(docker, experiment, 0, 1, start=False)
    later = agent(docker, experiment, 1, 0)
    others = [
        agent(docker, f"{experiment}-2", 0, 0),
        make(docker, f"agent-{experiment}-g000-a002"),
        make(docker, f"{experiment}-no-agent", experiment=experiment, generation=0),
    ]

    assert clean("--experiment", experiment, "--generation", "0")[:2] == (0, "2 containers removed\n")
    assert docker.containers(f"name={experiment}") == sorted([later, *others])

    assert clean("--experiment", experiment)[:2] == (0, "1 container removed\n")
    assert docker.containers(f"name={experiment}") == sorted(others)
    assert clean("--experiment", experiment)[:2] == (0, "nothing to remove\n")


def test_dry_run_lists_containers_without_removing_them(docker: DockerHost, experiment: str, clean: Clean) -> None:
    """Each container has a row with agent, experiment, generation and state. Labels are not markup."""
    running, made = agent(docker, experiment, 0, 0), agent(docker, experiment, 1, 0, start=False)
    odd = make(docker, f"{experiment}-odd", agent_id="[/odd]", experiment=experiment, start=False)
    code, out, _ = clean("--experiment", experiment, "--dry-run")
    rows = [line.split() for line in out.splitlines() if line.strip()]
    assert code == 0
    assert ["agent", "experiment", "generation", "state"] in rows
    assert [running, experiment, "0", "running"] in rows
    assert [made, experiment, "1", "created"] in rows
    assert ["[/odd]", experiment, "-", "created"] in rows
    assert rows[-1] == ["3", "containers", "would", "be", "removed"]
    assert docker.containers(f"name={experiment}") == sorted([running, made, odd])


def test_container_that_ignores_sigterm_is_killed(docker: DockerHost, experiment: str, clean: Clean) -> None:
    """This happens after ten seconds."""
    deaf = ("--network", "none", "--stop-signal", "TERM")  # of which the first process hears nothing
    make(docker, f"{experiment}-deaf", *deaf, agent_id="deaf", experiment=experiment, generation=0)
    assert clean("--experiment", experiment)[:2] == (0, "1 container removed\n")
    assert docker.containers(f"name={experiment}") == []


@contextmanager
def network(docker: DockerHost, name: str, *words: str) -> Iterator[str]:
    docker("network", "create", "--internal", *words, name)
    try:
        yield name
    finally:
        if name in docker.networks():
            docker("network", "rm", name)


async def test_unused_networks_are_found_and_removed(docker: DockerHost, experiment: str) -> None:
    """A network with a running container and a foreign network stay."""

    async def idle() -> list[str]:
        async with Daemon() as daemon:
            return [each.name for each in await list_networks(daemon)]

    async def remove(name: str) -> bool:
        async with Daemon() as daemon:
            return await remove_network(daemon, name)

    with (
        network(docker, f"{experiment}-ours", "--label", "clau-doom=network") as ours,
        network(docker, f"{experiment}-theirs") as theirs,
    ):
        name = make(docker, f"{experiment}-on", "--network", ours)
        assert ours not in await idle()
        assert not await remove(ours)
        docker("rm", "--force", name)
        found = await idle()
        assert ours in found
        assert theirs not in found
        assert not await remove(theirs)
        assert await remove(ours)
        assert ours not in docker.networks()


async def test_doctor_reports_image_and_network(docker: DockerHost, experiment: str) -> None:
    """A network with outside access is distinguished from a network of clau-doom."""
    missing = await examine_daemon(DockerConfig(image=experiment, network=experiment))
    assert (missing.image, missing.network) == (False, None)
    assert missing.version == docker("version", "--format", "{{.Server.Version}}")
    with network(docker, experiment):
        there = await examine_daemon(DockerConfig(network=experiment))
    assert there.image
    assert there.network is not None
    assert (there.network.internal, there.network.separate, there.network.ours) == (True, False, False)


@pytest.fixture
def private(tool: Callable[[str, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerHost]:
    """Yield a private daemon with an empty image. A test may remove all of the product's containers."""
    tool("dockerd", "docker.io")
    with PrivateDocker() as daemon:
        docker = DockerHost(daemon.host)
        with tarfile.open(tmp_path / "image.tar", "w"):
            pass
        docker("import", str(tmp_path / "image.tar"), "clau-doom-agent")
        monkeypatch.setenv("DOCKER_HOST", daemon.host)
        yield docker


def test_all_containers_and_networks_are_removed(private: DockerHost, clean: Clean) -> None:
    """A container that cannot be removed is named, and the others are removed."""
    agents = [agent(private, name, 0, 0, start=False) for name in ("one", "three", "two")]
    make(private, "not-ours", start=False)
    with network(private, "ours", "--label", "clau-doom=network"), network(private, "theirs"):
        would = ["3 containers would be removed", "1 network would be removed: ours"]
        assert clean("--dry-run")[1].splitlines()[-2:] == would
        assert private.containers() == ["not-ours", *agents]

        with private.unremovable(agents[0]):
            code, out, err = clean()
        assert (code, out) == (1, "2 containers removed\n1 network removed: ours\n")
        assert err.startswith(f"error: removing container for agent {agents[0]}: ")
        assert len(err.splitlines()) == 1
        assert private.containers() == ["not-ours", agents[0]]
        assert clean()[:2] == (0, "1 container removed\n")
        assert {"ours", "theirs"} & set(private.networks()) == {"theirs"}
