"""Tests of killed, stopped and disturbed experiments: the history equals that of an undisturbed run."""

import itertools
import json
import os
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

pytestmark = pytest.mark.engine

CONFIG = """
name: survivor
seed: 5
generations: {generations}
population: 6
episodes: 2
scenario: {{name: defend_the_center, timeout: 400}}
policy: {{kind: rules}}
fitness: kills
local: {{stall_timeout: 1.5}}
execution: {{attempts: 50}}
holdout: {{validation: 2, episodes: 2}}
"""


Condition = Callable[[list[tuple[int, str]]], bool]
"""Looks at committed events: their sequences and kinds."""


class Experiment:
    """Experiment in a separate folder, run by the real command."""

    def __init__(self, folder: Path, *, workers: int, generations: int = 3, more: str = "") -> None:
        self.folder = folder
        self.workers = workers
        folder.mkdir()
        (folder / "config.yaml").write_text(CONFIG.format(generations=generations) + more)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "clau_doom", "--output-dir", str(self.folder / "runs"), *words]

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a run, or resume it if it is stored already."""
        begun = self.database.exists()
        how = ["--resume", "survivor"] if begun else ["-c", str(self.folder / "config.yaml")]
        command = self.command("run", *how, "--workers", str(self.workers), *words)
        with (self.folder / "output.txt").open("ab") as output:
            return subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)

    def finish(self, *words: str) -> dict[str, object]:
        """Run to the end and return the document of `status --json`."""
        with self.start(*words) as process:
            assert process.wait(timeout=180) == 0, (self.folder / "output.txt").read_text()[-2000:]
        return self.status()

    def status(self) -> dict[str, object]:
        done = subprocess.run(self.command("status", "survivor", "--json"), capture_output=True, check=True)
        return dict(json.loads(done.stdout))

    @property
    def database(self) -> Path:
        return self.folder / "runs" / "survivor" / "results.sqlite"

    def log(self) -> list[tuple[int, str]]:
        """Return the committed events' sequences and kinds."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            try:
                return connection.execute("SELECT sequence, kind FROM events ORDER BY sequence").fetchall()
            except sqlite3.OperationalError:
                return []

    def wait_for(self, process: "subprocess.Popen[bytes]", condition: Condition, *, before: int = 0) -> None:
        """Wait until the events after the first `before` fulfil a condition."""
        end = time.monotonic() + 90
        while not condition(self.log()[before:]):
            assert process.poll() is None, (self.folder / "output.txt").read_text()[-2000:]
            assert time.monotonic() < end, f"not fulfilled by {self.log()[before:]}"
            time.sleep(0.002)

    def kill_when(self, condition: Condition) -> None:
        """Start or resume, and kill the orchestrator with SIGKILL once the event log fulfils a condition."""
        before = len(self.log())
        with self.start() as process:
            self.wait_for(process, condition, before=before)
            process.kill()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return the status of an undisturbed run with one worker."""
    return Experiment(tmp_path_factory.mktemp("undisturbed") / "x", workers=1).finish()


def after(kind: str, count: int = 1) -> Condition:
    """Return a condition: a kind of event was committed that often since the start."""
    return lambda log: sum(seen == kind for _, seen in log) >= count


KILLS: list[tuple[str, Condition]] = [
    ("at start-up", lambda log: True),
    ("as it starts", after("experiment_started")),
    ("as a generation starts", after("generation_started")),
    ("after the first episode", after("episode_finished")),
    ("during a resume", after("experiment_started")),
    ("in mid-generation", after("episode_finished", 3)),
    ("in mid-generation again", after("episode_finished", 2)),
    ("between the last result and the tell", after("agent_evaluated", 2)),
    ("after a generation", after("generation_completed")),
    ("while the champion is judged", after("champion_chosen")),
]


def test_ten_kills_do_not_change_the_history(tmp_path: Path, undisturbed: dict[str, object]) -> None:
    """A run with two workers is killed ten times with SIGKILL."""
    experiment = Experiment(tmp_path / "x", workers=2)
    for _, condition in KILLS:
        experiment.kill_when(condition)
    status = experiment.finish()
    assert status["history_sha256"] == undisturbed["history_sha256"]
    sequences = [sequence for sequence, _ in experiment.log()]
    assert sequences == list(range(1, len(sequences) + 1))
    assert sum(kind == "experiment_started" for _, kind in experiment.log()) >= len(KILLS) - 1
    assert played_twice(experiment) == []


STEADY = "evolution: {kind: genetic, mode: steady_state, lookahead: 3}\n"
STEADY_KILLS: list[Condition] = [
    after("agents_asked"),
    after("episode_finished", 5),
    after("agents_asked", 3),
    after("generation_completed"),
]


def test_kills_do_not_change_the_history_of_a_steady_state(tmp_path: Path) -> None:
    """No episode is played twice."""
    undisturbed = Experiment(tmp_path / "one", workers=1, more=STEADY).finish()
    experiment = Experiment(tmp_path / "two", workers=2, more=STEADY)
    for condition in STEADY_KILLS:
        experiment.kill_when(condition)
    status = experiment.finish()
    assert status["history_sha256"] == undisturbed["history_sha256"]
    assert isinstance(status["generations"], list)
    assert len(status["generations"]) == 3
    assert played_twice(experiment) == []


def played_twice(experiment: Experiment) -> list[object]:
    """Return the episodes that were finished more than once, by the event log."""
    with closing(sqlite3.connect(f"file:{experiment.database}?mode=ro", uri=True)) as connection:
        query = "SELECT purpose, agent, number FROM events JOIN episodes USING (sequence)"
        keys = connection.execute(query).fetchall()
    return [key for key in dict.fromkeys(keys) if keys.count(key) > 1]


def members(root: int) -> list[tuple[int, str]]:
    """Return the descendants of a process as (pid, name)."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                head, _, tail = (entry / "stat").read_text().rpartition(")")
            except OSError:
                continue
            parents[int(entry.name)] = (int(tail.split()[1]), head.partition("(")[2])
    found, frontier = list[tuple[int, str]](), [root]
    while frontier:
        parent = frontier.pop()
        for pid, (above, name) in parents.items():
            if above == parent:
                found.append((pid, name))
                frontier.append(pid)
    return found


@contextmanager
def mischief(root: int, draw: random.Random) -> Iterator[list[str]]:
    """Kill and stop engines and kill workers at random. Yield the list of disturbances."""
    done, over = list[str](), threading.Event()

    def disturb() -> None:
        kinds = itertools.cycle(["kill engine", "stop engine", "kill worker"])
        while not over.wait(draw.uniform(0.2, 0.5)):
            family = members(root)
            engines = [pid for pid, name in family if name == "vizdoom"]
            workers = [pid for pid, name in family if name != "vizdoom"]
            what = next(kinds)
            victims = workers if what == "kill worker" else engines
            if victims:
                sign = signal.SIGSTOP if what == "stop engine" else signal.SIGKILL
                try:
                    os.kill(draw.choice(sorted(victims)), sign)
                except ProcessLookupError:
                    continue
                done.append(what)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


def test_lost_engines_and_workers_do_not_change_the_history(tmp_path: Path) -> None:
    """Engines are killed and stopped, and workers are killed, at random."""
    undisturbed = Experiment(tmp_path / "one", workers=1, generations=40).finish()
    experiment = Experiment(tmp_path / "two", workers=2, generations=40)
    with experiment.start() as process:
        experiment.wait_for(process, after("episode_finished"))
        with mischief(process.pid, random.Random(3)) as done:
            while len(done) < 9 and process.poll() is None:
                time.sleep(0.05)
        assert process.wait(timeout=180) == 0, (experiment.folder / "output.txt").read_text()[-2000:]
    status = experiment.status()
    assert {*done} == {"kill engine", "stop engine", "kill worker"}
    assert status["deviations"] == undisturbed["deviations"]
    assert status["history_sha256"] == undisturbed["history_sha256"]


def test_raised_generations_give_the_history_of_a_longer_run(tmp_path: Path, undisturbed: dict[str, object]) -> None:
    experiment = Experiment(tmp_path / "x", workers=2, generations=2)
    assert experiment.finish()["history_sha256"] != undisturbed["history_sha256"]
    assert experiment.finish("-g", "3")["history_sha256"] == undisturbed["history_sha256"]
