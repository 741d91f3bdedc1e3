"""Tests of the checks of `doctor`."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from clau_doom.backends.docker import health as docker
from clau_doom.backends.docker.daemon_facts import DockerFacts
from clau_doom.backends.docker.network import Network
from clau_doom.backends.ray import installation_check
from clau_doom.cli.doctor import host
from clau_doom.health_finding import HealthStatus
from tests.support.requirements import missing

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("version", "verdict"),
    [((3, 10), HealthStatus.MISSING), ((3, 11), HealthStatus.FINE), ((3, 14), HealthStatus.MISSING)],
)
def test_python_must_be_supported(version: tuple[int, int], verdict: HealthStatus) -> None:
    """Versions 3.11 to 3.13 are supported. Other versions have a remedy."""
    finding = host.python(version)
    assert finding.verdict is verdict
    assert (finding.remedy == "") == (verdict is HealthStatus.FINE)


def test_other_systems_and_single_cores_have_warnings() -> None:
    """Other systems and single cores work with limits."""
    assert host.system("Darwin", "arm64").verdict is HealthStatus.WARNING
    assert host.cores(1, 8).verdict is HealthStatus.WARNING
    assert host.cores(2, 8).found == "2 usable of 8"


def docker_facts(*, network: Network | None = None, image: bool = True) -> DockerFacts:
    return DockerFacts(version="29.1.0", api="1.52", system="linux/amd64", network=network, image=image)


def a_network(*, internal: bool = True, separate: bool = True) -> Network:
    return Network(name="net", gateway="172.18.0.1", internal=internal, separate=separate, ours=True)


@pytest.mark.parametrize(
    ("network", "verdict", "found"),
    [
        (None, HealthStatus.FINE, "net is created at the first run"),
        (a_network(), HealthStatus.FINE, "net, internal, without traffic between containers"),
        (a_network(internal=False), HealthStatus.WARNING, "net is not internal"),
        (a_network(separate=False), HealthStatus.WARNING, "net allows traffic between containers"),
        (
            a_network(internal=False, separate=False),
            HealthStatus.WARNING,
            "net is not internal and allows traffic between containers",
        ),
    ],
)
def test_open_container_network_has_a_warning(network: Network | None, verdict: HealthStatus, found: str) -> None:
    """A missing network is created. A network with outside or mutual access has a warning with a remedy."""
    finding = docker.network("net", docker_facts(network=network))
    assert (finding.verdict, finding.found) == (verdict, found)
    assert ("docker network rm net" in finding.remedy) == (verdict is HealthStatus.WARNING)


def test_missing_image_has_a_warning() -> None:
    """Local runs need no image. `make image` builds it."""
    assert docker.image("agents", docker_facts()).verdict is HealthStatus.FINE
    finding = docker.image("agents", docker_facts(image=False))
    assert (finding.verdict, finding.found) == (HealthStatus.WARNING, "image agents not found")
    assert "make image" in finding.remedy


def test_daemon_has_its_version_api_and_platform() -> None:
    """One line has all details for a bug report."""
    assert docker.daemon(docker_facts()).found == "29.1.0, API 1.52, linux/amd64"


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense", None])
def test_missing_docker_daemon_is_one_warning(host: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning has the remedy. No other Docker check runs."""
    monkeypatch.setenv("HOME", "/nowhere")  # no context of Docker's, and no socket of a desktop
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    if host is None:
        monkeypatch.delenv("DOCKER_HOST", raising=False)
        monkeypatch.setattr("aiodocker.docker._sock_search_paths", [])
    else:
        monkeypatch.setenv("DOCKER_HOST", host)
    (finding,) = docker.examine_docker()
    assert (finding.name, finding.verdict) == ("Docker", HealthStatus.WARNING)
    assert "only execution.backend: docker needs it" in finding.remedy
    assert "set DOCKER_HOST" in finding.remedy


TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1157 1 0 100 0 0 10 0
   1: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1158 1 0 100 0 0 10 0
   2: 00000000:0050 507100CB:01BB 01 00000000:00000000 00:00000000 00000000     0        0 1159 1 0 20 4 1 74 -1
   3: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1160 1 0 100 0 0 10 0
"""
TCP6 = f"""\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: {"0" * 32}:1538 {"0" * 32}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1161 1 0 100 0 0 10 0
   1: {"0" * 32}:0016 {"0" * 32}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1162 1 0 100 0 0 10 0
   2: 00000000000000000000000001000000:1539 {"0" * 32}:0000 0A 00000000:00000000 00:00000000 00000000     0        0
"""


def test_only_services_on_all_interfaces_are_found() -> None:
    """Loopback services and connections are excluded, and a service on both address families counts once."""
    assert docker.listening([TCP, TCP6]) == (22, 5432, 8080)
    assert docker.listening(["", "  sl  local_address\n"]) == ()


def test_real_service_on_all_interfaces_is_found() -> None:
    """A service on loopback is not listed."""
    if not Path("/proc/net/tcp").exists():
        missing("the tables of open ports exist on Linux only")
    with socket.create_server(("0.0.0.0", 0)) as everywhere, socket.create_server(("127.0.0.1", 0)) as here:
        ports = docker.listening([Path("/proc/net/tcp").read_text()])
        assert everywhere.getsockname()[1] in ports
        assert here.getsockname()[1] not in ports


def test_open_services_have_a_warning_with_a_remedy() -> None:
    """Docker networks do not separate containers from the host, and a long list is shortened."""
    assert docker.services(()).verdict is HealthStatus.FINE
    finding = docker.services((22, 8080))
    assert (finding.verdict, "TCP 22, 8080" in finding.found) == (HealthStatus.WARNING, True)
    assert "docs/docker.md" in finding.remedy
    assert docker.services(tuple(range(1, 31))).found.endswith(" 19, 20 and 10 more")


@pytest.mark.parametrize("kilobytes", [350_000, 600_000])
def test_small_address_space_is_an_error_before_imports(kilobytes: int, tmp_path: Path) -> None:
    """`run` neither hangs nor crashes, and `doctor` shows the missing amount."""

    def limited(*words: str) -> "subprocess.CompletedProcess[str]":
        command = ["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh", sys.executable, "-m", "clau_doom", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)

    ended = limited("run")
    assert ended.returncode == 2
    assert re.fullmatch(r"error: ulimit -v allows \d+ MB .* needs 1,536 MB: raise it \(ulimit -v .*\n", ended.stderr)
    ended = limited("doctor", "--json")
    assert ended.returncode == 1
    last = json.loads(ended.stdout)["findings"][-1]
    assert (last["name"], last["verdict"]) == ("memory", "missing")


def test_leftovers_in_shared_memory_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of ended engines are a warning. Used, new and other files are not."""
    (tmp_path / "ViZDoom123").touch()
    (tmp_path / "other").touch()
    space, left = host.shared_memory(tmp_path)
    assert space.verdict is HealthStatus.FINE
    assert left.verdict is HealthStatus.FINE
    assert left.found.startswith("0 ViZDoom files of ended engines, 1 in use or new")
    monkeypatch.setattr(time, "time", lambda: (tmp_path / "ViZDoom123").stat().st_ctime + 61.0)
    _, left = host.shared_memory(tmp_path)
    assert left.verdict is HealthStatus.WARNING
    assert left.found.startswith("1 ViZDoom files of ended engines, 0 in use")
    assert "the next run removes" in left.remedy


def test_missing_shared_memory_is_an_error(tmp_path: Path) -> None:
    """Without writable shared memory, no engine can start."""
    (finding,) = host.shared_memory(tmp_path / "nowhere")
    assert finding.verdict is HealthStatus.MISSING
    assert "--shm-size" in finding.remedy


def test_output_folder_may_be_missing(tmp_path: Path) -> None:
    """The nearest existing folder is checked, and a file in its place is not writable."""
    assert host.disk(tmp_path / "a/b").verdict is HealthStatus.FINE
    (tmp_path / "file").touch()
    assert host.disk(tmp_path / "file").verdict is HealthStatus.MISSING


@pytest.mark.parametrize(
    ("code", "verdict", "found"),
    [
        ("print('noise'); print('played')", HealthStatus.FINE, "played"),
        ("import no_such_vizdoom", HealthStatus.MISSING, "No module named 'no_such_vizdoom'"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", HealthStatus.MISSING, "ended with -11"),
        ("import time; time.sleep(60)", HealthStatus.MISSING, "did not respond within 1 s"),
    ],
)
def test_engine_is_checked_in_another_process(code: str, verdict: HealthStatus, found: str) -> None:
    """An engine that plays passes. One that cannot be imported, crashes or hangs fails."""
    finding = host.engine((sys.executable, "-c", code), seconds=10.0 if "sleep" not in code else 1.0)
    assert finding.verdict is verdict
    assert found in finding.found
    assert (finding.remedy == "") == (verdict is HealthStatus.FINE)


@pytest.mark.engine
def test_real_engine_passes(run: Run) -> None:
    """With a complete setup, an engine plays and the exit code is 0."""
    done = run("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(done.out)["findings"]}
    assert done.code == 0
    assert findings["ViZDoom"]["verdict"] == "fine"
    assert "10 tics" in findings["ViZDoom"]["found"]


@pytest.mark.engine
def test_missing_requirement_is_exit_code_1(run: Run, tmp_path: Path) -> None:
    """An unusable output folder makes `doctor` fail with a remedy."""
    (tmp_path / "file").touch()
    done = run("doctor", "--output-dir", "file")
    assert done.code == 1
    assert "--output-dir" in done.out


def test_missing_ray_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the Ray backend needs Ray."""
    (finding,) = installation_check.examine_ray()
    assert (finding.verdict, finding.remedy) == (HealthStatus.FINE, "")

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(installation_check, "version", missing)
    (finding,) = installation_check.examine_ray()
    assert finding.verdict is HealthStatus.WARNING
    assert finding.remedy == "only execution.backend: ray needs it; pip install 'clau-doom[ray]'"
