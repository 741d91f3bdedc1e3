"""Tests of custom images: a policy in an image, and an agent that a container serves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.docker_host import DockerHost

pytestmark = [pytest.mark.docker, pytest.mark.engine]

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NETWORK = "clau-doom-test-images"
SMALL = {"generations": 2, "population": 4, "episodes": 2, "holdout": {"validation": 2, "episodes": 2}}


def clau_doom(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CLAU_DOOM_")}
    return subprocess.run(
        [sys.executable, "-m", "clau_doom", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def history(folder: Path, config: dict[str, object]) -> str:
    """Run an experiment in a folder, and return its history's hash."""
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    done = clau_doom(folder, "run", "-c", "config.yaml")
    assert done.returncode == 0, done.stderr
    status = json.loads(clau_doom(folder, "status", str(config["name"]), "--json").stdout)
    assert (status["state"], status["deviations"]["total"]) == ("completed", 0)
    return str(status["history_sha256"])


def in_docker(config: dict[str, object], **docker: object) -> dict[str, object]:
    return {
        **config,
        "execution": {"backend": "docker", "workers": 2},
        "docker": {"network": NETWORK, **docker},
    }


def test_policy_of_an_image_plays_as_a_local_one(docker: DockerHost, tmp_path: Path) -> None:
    """The orchestrator does not import the policy."""
    example = EXAMPLES / "custom_policy"
    image = "clau-doom-test-gatherer"
    docker("build", "--quiet", "--tag", image, str(example))
    config = yaml.safe_load((example / "config.yaml").read_text()) | SMALL
    config["scenario"]["timeout"] = 300
    here = tmp_path / "here"
    here.mkdir()
    (here / "gatherer.py").write_text((example / "gatherer.py").read_text())
    there = tmp_path / "there"
    assert history(there, in_docker(config, image=image)) == history(here, config)
    shown = clau_doom(there, "agent", "show", "gatherer-g000-a000")
    assert "patience" in shown.stdout, shown.stderr
    docker("network", "rm", NETWORK)


def test_image_without_the_policy_is_refused(docker: DockerHost, tmp_path: Path) -> None:
    """The message has one line, and no experiment is stored."""
    config = in_docker({"name": "nobody", **SMALL, "policy": {"kind": "class", "target": "nobody:Nobody"}})
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    done = clau_doom(tmp_path, "run", "-c", "config.yaml")
    assert done.returncode == 2
    assert "'nobody:Nobody' in the image clau-doom-agent could not be described" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs" / "nobody").exists()


def test_containerised_remote_agent_has_the_history_of_a_local_one(docker: DockerHost, tmp_path: Path) -> None:
    """Each agent's program has a container. The engine runs on the host."""
    example = EXAMPLES / "remote_agent"
    serve = 'HEALTHCHECK NONE\nENTRYPOINT ["python", "/opt/agent/agent.py", "0.0.0.0:50061"]'
    image = docker.image_with({"agent.py": (example / "agent.py").read_text()}, more=serve)
    config = yaml.safe_load((example / "config.yaml").read_text()) | SMALL
    config["scenario"]["timeout"] = 300
    address = f"unix:{tmp_path}/agent"
    with subprocess.Popen([sys.executable, str(example / "agent.py"), address], stdout=subprocess.PIPE) as program:
        try:
            assert program.stdout
            assert program.stdout.readline()
            config["policy"]["address"] = address
            beside = history(tmp_path / "beside", config)
        finally:
            program.kill()
    del config["policy"]["address"]
    assert history(tmp_path / "served", in_docker(config, image=image, port=50061)) == beside
    docker("network", "rm", NETWORK)


def test_image_without_a_listener_is_refused_after_the_start_timeout(docker: DockerHost, tmp_path: Path) -> None:
    image = docker.image_with({}, more='HEALTHCHECK NONE\nENTRYPOINT ["sleep", "60"]')
    config = in_docker(
        {"name": "mute", **SMALL, "policy": {"kind": "remote"}}, image=image, port=50061, start_timeout=2.0
    )
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    done = clau_doom(tmp_path, "run", "-c", "config.yaml")
    assert done.returncode == 2
    assert f"the image {image} did not listen at docker.port 50061 within 2 s" in done.stderr
    docker("network", "rm", NETWORK)
