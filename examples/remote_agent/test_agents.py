"""Tests of the example agents: real episodes, and equal decisions in both languages."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
PROTO = HERE.parent.parent / "proto"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the command of the JavaScript agent, in a copy of its folder with its packages installed."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("agent.js", "package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(npm, cwd=folder, check=True, capture_output=True, timeout=300)  # noqa: S603
    return ["node", str(folder / "agent.js")]


@contextmanager
def serving(command: list[str], address: str, *more: str) -> Iterator[None]:
    """Run an agent's program until the end of the block."""
    with subprocess.Popen([*command, address, *more], stdout=subprocess.PIPE, text=True) as program:  # noqa: S603
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == f"listening at {address}\n"
            yield
        finally:
            program.kill()


def history(folder: Path, address: str) -> str:
    """Run a short experiment with the example's configuration, and return the hash of its history."""
    config = yaml.safe_load((HERE / "config.yaml").read_text())
    config |= {"generations": 2, "population": 4, "episodes": 2, "holdout": {"validation": 2, "episodes": 2}}
    config["scenario"]["timeout"] = 300
    config["policy"]["address"] = address
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CLAU_DOOM_")}

    def clau_doom(*words: str) -> str:
        command = [sys.executable, "-m", "clau_doom", *words]
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    clau_doom("run", "-c", "config.yaml")
    status = json.loads(clau_doom("status", "sentry", "--json"))
    assert (status["state"], status["deviations"]["total"]) == ("completed", 0)
    return str(status["history_sha256"])


def test_an_experiment_gives_the_same_history_in_both_languages(node: list[str], tmp_path: Path) -> None:
    """Compare the decisions of Python and JavaScript agents in every episode, over a Unix socket and over TCP."""
    python = [sys.executable, str(HERE / "agent.py")]
    with serving(python, unix := f"unix:{tmp_path}/python"):
        ours = history(tmp_path / "python-run", unix)
    with serving(node, unix := f"unix:{tmp_path}/node", str(PROTO)):
        assert history(tmp_path / "node-run", unix) == ours
