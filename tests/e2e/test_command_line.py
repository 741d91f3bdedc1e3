"""Tests of the `run` command in a process: exit codes, interruption, refusals and output streams."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine

QUICK = """
name: quick
generations: 2
population: 4
episodes: 2
scenario: {name: defend_the_center, timeout: 300}
policy: {kind: rules}
fitness: kills
holdout: {validation: 2, episodes: 2}
"""

LONG = QUICK.replace("generations: 2", "generations: 1000").replace("timeout: 300", "timeout: 2100")


class Shell:
    """A folder and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def environment(self, **extra: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("CLAU_DOOM_")}
        return {**kept, **extra}

    def run(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "clau_doom", *words],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=180,
            check=False,
        )

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "output.txt").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "clau_doom", *words],
                cwd=self.folder,
                env=self.environment(),
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )

    @property
    def said(self) -> str:
        return (self.folder / "output.txt").read_text()

    def status(self, name: str) -> dict[str, object]:
        return dict(json.loads(self.run("status", name, "--json").stdout))

    def episodes(self, name: str) -> int:
        database = self.folder / "runs" / name / "results.sqlite"
        if not database.exists():
            return 0
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM episodes").fetchone()[0])

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        wait_until(condition, seconds, lambda: self.said)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_run_prints_its_result_on_stdout(shell: Shell) -> None:
    """Progress is on stderr, and the exit code is 0. Reading commands show the stored experiment."""
    shell.write("config.yaml", QUICK)
    done = shell.run("run")
    assert done.returncode == 0, done.stderr
    assert "champion" in done.stdout
    assert "random play" in done.stdout
    assert "generation 1" in done.stderr
    assert "generation 1" not in done.stdout
    status = shell.status("quick")
    assert (status["schema_version"], status["state"]) == (1, "completed")
    assert len(str(status["history_sha256"])) == 64
    for words in (["status"], ["agent", "list", "quick"], ["agent", "show", "quick-g001-a000"], ["analyze", "quick"]):
        shown = shell.run(*words)
        assert (shown.returncode, shown.stderr) == (0, ""), words
        assert shown.stdout
    folder = shell.folder / "runs" / "quick"
    assert {"config.yaml", "results.sqlite", "logs"} <= {path.name for path in folder.iterdir()}


def test_number_of_workers_does_not_change_the_history(shell: Shell) -> None:
    """The second run has another name and another number of workers."""
    shell.write("config.yaml", QUICK)
    assert shell.run("run", "--name", "one", "--workers", "1").returncode == 0
    assert shell.run("run", "--name", "three", "--workers", "3").returncode == 0
    assert shell.status("one")["history_sha256"] == shell.status("three")["history_sha256"]
    assert shell.run("run", "--name", "other", "--seed", "2").returncode == 0
    assert shell.status("other")["history_sha256"] != shell.status("one")["history_sha256"]


def test_dry_run_does_not_start_or_write(shell: Shell) -> None:
    """`--dry-run` checks the whole configuration."""
    shell.write("config.yaml", QUICK)
    done = shell.run("run", "--dry-run", "-g", "7")
    assert done.returncode == 0
    assert "7 generations" in done.stdout
    assert [path.name for path in shell.folder.iterdir()] == ["config.yaml"]


def test_short_lookahead_is_a_warning(shell: Shell) -> None:
    """The warning has the lookahead that keeps all workers busy."""
    shell.write("config.yaml", QUICK + "evolution: {mode: steady_state, lookahead: 4}\n")
    busy = shell.run("run", "--dry-run", "--workers", "1")
    idle = shell.run("run", "--dry-run", "--workers", "20")
    assert "lookahead" not in busy.stderr
    assert "evolution.lookahead: 4 keeps 8 episodes in flight" in idle.stderr
    assert "80 keeps all of them busy" in idle.stderr


@pytest.mark.parametrize(
    ("text", "words", "complaint"),
    [
        (None, ["run"], "config.yaml"),
        ("generations: [", ["run"], "config.yaml"),
        ("generations: 0\nseeds: none\n", ["run"], "generations"),
        ("scenario: {name: defend_the_centre}", ["run"], "defend_the_center"),
        ("policy: {kind: class, target: 'nowhere:Policy'}", ["run"], "nowhere"),
        (QUICK, ["run", "--name", "Not An Id"], "Not An Id"),
        (QUICK, ["run", "--resume", "quick"], "quick"),
        (QUICK, ["status", "quick"], "quick"),
        (QUICK, ["agent", "show", "quick-g000-a000"], "quick"),
        (QUICK, ["run", "--population", "many"], "--population"),
    ],
)
def test_usage_error_exits_with_2_and_creates_no_experiment(
    shell: Shell, text: str | None, words: list[str], complaint: str
) -> None:
    """The error names the invalid value without a traceback."""
    if text is not None:
        shell.write("config.yaml", text)
    done = shell.run(*words)
    assert done.returncode == 2, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (shell.folder / "runs").exists()


def test_unknown_environment_variable_is_refused_with_a_suggestion(shell: Shell) -> None:
    shell.write("config.yaml", QUICK)
    done = shell.run("run", CLAU_DOOM_GENERATION="3")
    assert done.returncode == 2
    assert "CLAU_DOOM_GENERATIONS" in done.stderr


def test_used_name_is_refused_with_the_remedy(shell: Shell) -> None:
    """The error has the option that resumes the existing experiment."""
    shell.write("config.yaml", QUICK)
    assert shell.run("run").returncode == 0
    again = shell.run("run")
    assert again.returncode == 2
    assert "--resume quick" in again.stderr
    over = shell.run("run", "--resume", "quick")
    assert over.returncode == 2
    assert "completed" in over.stderr


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_is_resumed(shell: Shell, sign: signal.Signals, code: int) -> None:
    """The exit code depends on the signal, and the message has the command that resumes."""
    shell.write("config.yaml", LONG)
    with shell.start("run") as process:
        shell.wait_until(lambda: shell.episodes("quick") > 3)
        process.send_signal(sign)
        started = time.monotonic()
        assert process.wait(timeout=30) == code, shell.said
    assert time.monotonic() - started < 10
    assert "experiment interrupted at generation" in shell.said
    assert "clau-doom run --resume quick" in shell.said
    status = shell.status("quick")
    assert status["state"] == "interrupted"
    before = shell.episodes("quick")
    assert before > 3
    with shell.start("run", "--resume", "quick") as process:
        shell.wait_until(lambda: shell.episodes("quick") > before)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130, shell.said
    assert "resuming quick" in shell.said


SLOW = """
import pathlib, time
if "clau_doom.worker" in pathlib.Path("/proc/self/cmdline").read_text():
    pathlib.Path(__file__).with_name("starting").touch()
    time.sleep(60)
from frail import Frail
"""


def test_run_stops_within_5_s_while_workers_start(shell: Shell) -> None:
    """No worker is left, and the experiment can be resumed."""
    shell.write("frail.py", FRAIL)
    shell.write("slow.py", SLOW)
    shell.write("config.yaml", QUICK.replace("kind: rules", "kind: class, target: 'slow:Frail'"))
    with shell.start("run") as process:
        shell.wait_until((shell.folder / "starting").exists)
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert process.wait(timeout=30) == 143, shell.said
    assert time.monotonic() - started < 5
    assert "experiment interrupted as its workers started: SIGTERM" in shell.said
    assert "Traceback" not in shell.said


def test_max_duration_interrupts_the_run_within_a_second(shell: Shell) -> None:
    shell.write("config.yaml", LONG)
    done = shell.run("run", "--max-duration", "3s")
    assert done.returncode == 4
    assert "clau-doom run --resume quick --max-duration TIME" in done.stderr
    status = shell.status("quick")
    assert status["state"] == "interrupted"
    assert 2.9 < float(str(status["running_seconds"])) < 4.0
    refused = shell.run("run", "--resume", "quick")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "quick has used up its max_duration of 3s" in refused.stderr
    again = shell.run("run", "--resume", "quick", "--max-duration", "5s")
    assert again.returncode == 4
    assert 4.9 < float(str(shell.status("quick")["running_seconds"])) < 6.0


def test_change_that_affects_results_is_refused_on_resume(shell: Shell) -> None:
    """Flags and the environment cannot change fields that affect the results. The error names the field."""
    shell.write("config.yaml", LONG)
    assert shell.run("run", "--max-duration", "2s").returncode == 4
    for refused, variables in (["--seed", "9"], {}), (["--population", "9"], {}), ([], {"CLAU_DOOM_FITNESS": "score"}):
        done = shell.run("run", "--resume", "quick", *refused, **variables)
        assert done.returncode == 2, done.stderr
        assert "cannot be resumed" in done.stderr


def test_second_process_is_refused_with_the_pid_of_the_first(shell: Shell) -> None:
    shell.write("config.yaml", LONG)
    with shell.start("run") as process:
        shell.wait_until(lambda: shell.episodes("quick") > 0)
        done = shell.run("run", "--resume", "quick")
        assert done.returncode == 2
        assert str(process.pid) in done.stderr
        process.send_signal(signal.SIGTERM)


FRAIL = """
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.ports import Action, Needs

class Frail:
    needs = Needs()
    space = GenomeSpace((Gene.real("courage", 0.0, 1.0),))
    def __init__(self, facts, limit=0.5):
        self.limit = limit
        self.rest = Action([0.0] * len(facts.buttons))
    def begin(self, genome, rng):
        def decide(observation):
            if genome.values[0] < self.limit:
                raise RuntimeError("no courage")
            return self.rest
        return decide
"""


def test_failed_agents_are_reported_and_have_no_fitness(shell: Shell) -> None:
    """The run ends with exit code 3."""
    shell.write("frail.py", FRAIL)
    shell.write("config.yaml", QUICK.replace("kind: rules", "kind: class, target: 'frail:Frail'"))
    done = shell.run("run", "--seed", "4")
    assert done.returncode == 3, done.stderr
    listed = json.loads(shell.run("agent", "list", "quick", "--json").stdout)
    failed = [agent for agent in listed["agents"] if agent["status"] == "failed"]
    assert failed
    assert all(agent["fitness"] is None and "no courage" in agent["failure"] for agent in failed)


def test_failed_generation_fails_the_experiment(shell: Shell) -> None:
    """One line has the causes from the experiment to the policy's error."""
    shell.write("frail.py", FRAIL)
    policy = "kind: class, target: 'frail:Frail', options: {limit: 2.0}"
    shell.write("config.yaml", QUICK.replace("kind: rules", policy))
    done = shell.run("run")
    assert done.returncode == 1
    assert "experiment quick failed: generation 0 failed: all 4 agents failed" in done.stderr
    assert "RuntimeError: no courage" in done.stderr
    assert "Traceback" not in done.stderr
    assert shell.status("quick")["state"] == "failed"
    assert shell.run("run", "--resume", "quick").returncode == 2


def test_changed_policy_is_refused_on_resume(shell: Shell) -> None:
    """The digest of the policy's source is part of the provenance."""
    shell.write("frail.py", FRAIL)
    policy = "kind: class, target: 'frail:Frail', options: {limit: -1.0}"
    shell.write("config.yaml", LONG.replace("kind: rules", policy))
    assert shell.run("run", "--max-duration", "2s").returncode == 4
    shell.write("frail.py", FRAIL.replace("no courage", "no luck"))
    done = shell.run("run", "--resume", "quick", "--max-duration", "1h")
    assert done.returncode == 2
    assert "was started with source." in done.stderr


def test_run_is_resumed_after_a_full_disk(shell: Shell, tmp_path: Path) -> None:
    """The history equals that of an uninterrupted run."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)], check=True)
    try:
        shell.write("config.yaml", QUICK.replace("generations: 2", "generations: 30"))
        done = shell.run("run", "--output-dir", str(disk), "--workers", "2")
        assert done.returncode == 130, done.stderr
        assert "experiment interrupted at generation" in done.stderr
        assert "room" in done.stderr or "full" in done.stderr
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        resumed = shell.run("run", "--output-dir", str(disk), "--resume", "quick")
        assert resumed.returncode == 0, resumed.stderr
        full = json.loads(shell.run("--output-dir", str(disk), "status", "quick", "--json").stdout)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert shell.run("run", "-g", "30").returncode == 0
    assert shell.status("quick")["history_sha256"] == full["history_sha256"]
