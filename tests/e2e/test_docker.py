"""Tests of experiments in containers: the history equals that of a local run after any failure of containers."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.docker_host import DockerHost, PrivateDocker
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.engine]

CONFIG = """
name: {name}
seed: 5
generations: 2
population: 5
episodes: 3
scenario: {{name: defend_the_center, timeout: 600}}
policy: {{kind: rules}}
fitness: kills
execution: {{backend: {backend}, workers: 2, attempts: 50}}
docker: {{network: {network}, stall_timeout: 3.0}}
holdout: {{validation: 2, episodes: 2}}
"""


class Experiment:
    """Experiment in a separate folder, run by the real command."""

    def __init__(self, folder: Path, docker: DockerHost, backend: str = "docker") -> None:
        self.folder, self.docker = folder, docker
        folder.mkdir(exist_ok=True)
        self.name = f"{backend}-{folder.parent.name}".replace("_", "-")[:30].rstrip("-")
        self.network = f"test-{self.name}"
        text = CONFIG.format(name=self.name, backend=backend, network=self.network)
        (folder / "config.yaml").write_text(text)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "clau_doom", "--output-dir", str(self.folder / "runs"), *words]

    @contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Start the experiment, or resume it if it is stored already."""
        begun = self.database.exists()
        how = ["--resume", self.name] if begun else ["-c", str(self.folder / "config.yaml")]
        with (self.folder / "output.txt").open("ab") as output:
            command = self.command("run", *how, *words)
            environment = self.docker.environment
            process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment)
        with process:
            try:
                yield process
            finally:
                process.kill()

    def finish(self) -> str:
        """Run to the end and return the history's hash."""
        with self.running() as process:
            assert process.wait(timeout=240) == 0, self.output
        return self.history()

    def history(self) -> str:
        done = subprocess.run(self.command("status", self.name, "--json"), capture_output=True, check=True)
        status = json.loads(done.stdout)
        assert (status["state"], status["deviations"]["total"]) == ("completed", 0)
        return str(status["history_sha256"])

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text()[-3000:]

    @property
    def database(self) -> Path:
        return self.folder / "runs" / self.name / "results.sqlite"

    def count(self, kind: str) -> int:
        """Return how many events of a kind are committed."""
        if not self.database.exists():
            return 0
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            try:
                return int(connection.execute("SELECT count(*) FROM events WHERE kind = ?", (kind,)).fetchone()[0])
            except sqlite3.OperationalError:
                return 0

    def until(self, condition: Callable[[], bool], seconds: float = 90.0) -> None:
        wait_until(condition, seconds, lambda: self.output)

    @property
    def containers(self) -> list[str]:
        return self.docker.containers(f"label=clau-doom.experiment={self.name}")

    def remove_network(self) -> None:
        if self.network in self.docker.networks():
            self.docker("network", "rm", self.network)


@pytest.fixture
def experiment(docker: DockerHost, tmp_path: Path) -> Iterator[Experiment]:
    made = Experiment(tmp_path / "x", docker)
    yield made
    assert made.containers == []
    made.remove_network()


@pytest.fixture(scope="module")
def local(docker_host: DockerHost, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the history's hash of the same experiment with the local backend."""
    return Experiment(tmp_path_factory.mktemp("local") / "x", docker_host, "local").finish()


def test_history_in_containers_equals_the_local_one(experiment: Experiment, local: str) -> None:
    """No container is left."""
    assert experiment.finish() == local


def test_resume_after_kill_removes_containers_and_repeats_episodes(experiment: Experiment, local: str) -> None:
    """The workers in the containers end by themselves."""
    with experiment.running() as process:
        experiment.until(lambda: experiment.count("episode_finished") >= 4)
        process.kill()
        process.wait()
    left = experiment.containers
    assert left
    living = experiment.docker.containers(f"label=clau-doom.experiment={experiment.name}", "status=running")
    # One that had not connected yet gives up 10 s after its start.
    experiment.until(lambda: not set(living) & set(experiment.docker.containers("status=running")), seconds=30.0)
    assert experiment.finish() == local


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stopped_run_leaves_no_container(experiment: Experiment, local: str, sign: signal.Signals) -> None:
    """Ctrl-C and SIGTERM remove every container before the command ends. The run can be resumed."""
    with experiment.running() as process:
        experiment.until(lambda: experiment.count("episode_finished") >= 2)
        process.send_signal(sign)
        assert process.wait(timeout=60) == 128 + sign
    assert experiment.containers == []
    assert experiment.finish() == local


def test_killed_and_frozen_containers_do_not_change_the_history(experiment: Experiment, local: str) -> None:
    """The containers are replaced, and no agent is charged."""
    draw, over = random.Random(3), threading.Event()
    done: list[str] = []

    def disturb() -> None:
        while not over.wait(draw.uniform(0.3, 1.2)):
            names = experiment.docker.containers(f"label=clau-doom.experiment={experiment.name}", "status=running")
            if names and len(done) < 6:
                what = draw.choice(["kill", "kill", "pause"])
                try:
                    experiment.docker(what, draw.choice(names))
                except RuntimeError:  # it had ended already
                    continue
                done.append(what)

    with experiment.running() as process:
        thread = threading.Thread(target=disturb)
        thread.start()
        try:
            assert process.wait(timeout=240) == 0, experiment.output
        finally:
            over.set()
            thread.join()
    assert len(done) >= 3
    assert experiment.history() == local


def test_daemon_restart_does_not_change_the_history(docker_host: DockerHost, tmp_path: Path, local: str) -> None:
    """The run waits for the daemon and repeats lost episodes."""
    with PrivateDocker() as private:
        docker = DockerHost(private.host)
        saved = tmp_path / "image.tar"
        docker_host("save", "--output", str(saved), "clau-doom-agent")
        docker("load", "--input", str(saved))
        experiment = Experiment(tmp_path / "x", docker)
        with experiment.running() as process:
            experiment.until(lambda: experiment.count("episode_finished") >= 3)
            private.stop()
            time.sleep(1.0)  # the length of the outage
            private.start()
            assert process.wait(timeout=240) == 0, experiment.output
        assert experiment.history() == local
        assert experiment.containers == []
        experiment.remove_network()
