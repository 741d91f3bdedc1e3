"""Images of one's own: a policy that only its image holds, and an agent whose program is served by a container."""

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


def test_a_policy_that_only_its_image_holds_plays_as_it_does_here(docker: DockerHost, tmp_path: Path) -> None:
    """The example's Dockerfile is all that it takes, and nothing of the policy is imported by the orchestrator."""
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


def test_an_image_without_the_policy_is_refused_before_anything_is_stored(docker: DockerHost, tmp_path: Path) -> None:
    """One line says what is not there and in which image."""
    config = in_docker({"name": "nobody", **SMALL, "policy": {"kind": "class", "target": "nobody:Nobody"}})
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    done = clau_doom(tmp_path, "run", "-c", "config.yaml")
    assert done.returncode == 2
    assert "'nobody:Nobody' in the image clau-doom-agent could not be described" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs" / "nobody").exists()


def test_an_agent_that_a_container_serves_plays_as_one_beside_us(docker: DockerHost, tmp_path: Path) -> None:
    """Each agent's program runs in a container of its own; the game is played here, and the history is the same."""
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


def test_an_image_that_serves_nothing_is_told_so(docker: DockerHost, tmp_path: Path) -> None:
    """The port is waited for as long as a container may take to start, and no longer."""
    image = docker.image_with({}, more='HEALTHCHECK NONE\nENTRYPOINT ["sleep", "60"]')
    config = in_docker(
        {"name": "mute", **SMALL, "policy": {"kind": "remote"}}, image=image, port=50061, start_timeout=2.0
    )
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    done = clau_doom(tmp_path, "run", "-c", "config.yaml")
    assert done.returncode == 2
    assert f"the image {image} did not listen at docker.port 50061 within 2 s" in done.stderr
    docker("network", "rm", NETWORK)
