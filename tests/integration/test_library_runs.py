"""Runs of the library with real engines."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import clau_doom as cd
from clau_doom.api.configuration import configuration_source
from clau_doom.api.run_thread import RunThread
from clau_doom.app.run_planning import plan_run
from clau_doom.domain.experiment import ExperimentState
from tests.support.importable_modules import unused_module_name
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine

CONFIG = {
    "name": "tiny",
    "generations": 2,
    "population": 4,
    "episodes": 1,
    "scenario": {"timeout": 200},
    "holdout": {"validation": 1, "episodes": 2},
    "execution": {"workers": 1},
}
SCRIPT = """
import json, sys
import clau_doom as cd
from clau_doom.api.events import EpisodeFinished

def report(recorded):
    if isinstance(recorded.event, EpisodeFinished):
        print("episode", flush=True)

cd.run(json.loads(sys.argv[1]), callbacks=[report])
"""


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLAU_DOOM_OUTPUT_DIR", raising=False)
    return tmp_path


def descendants(pid: int) -> set[int]:
    """Return the living processes that a process and its children started: workers and engines."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child, *descendants(child)}
    return found


def running(pids: set[int]) -> set[int]:
    def alive(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
        except OSError:
            return False

    return {pid for pid in pids if alive(pid)}


def start_script(prelude: str = "", *, generations: int = 500) -> "tuple[subprocess.Popen[str], set[int]]":
    """Start a script with an experiment, and return its process with its workers and engines."""
    script = subprocess.Popen(
        [sys.executable, "-c", prelude + SCRIPT, json.dumps(CONFIG | {"generations": generations})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert script.stdout is not None
    assert script.stdout.readline() == "episode\n"
    started = descendants(script.pid)
    assert len(started) >= 2
    return script, started


def test_number_of_workers_does_not_change_the_history() -> None:
    first = cd.run(CONFIG)
    second = cd.run(CONFIG, name="two", execution={"workers": 2})
    assert first.status.history_sha256 == second.status.history_sha256
    assert first.champion is not None
    assert first.champion.held_out is not None


def test_error_of_a_failed_run_has_the_reason() -> None:
    """A program that prints the error shows which measure failed, and why."""
    name = unused_module_name()
    Path(f"{name}.py").write_text("def outside(episode):\n    raise ValueError('no aim')\n")
    with pytest.raises(cd.ClauDoomError, match=r"experiment failing failed: .*outside.*no aim"):
        cd.run(CONFIG, name="failing", measures={"outside": f"{name}:outside"})


def test_run_outlives_the_thread_that_started_it() -> None:
    """A helper thread starts the run and ends at once."""
    run = RunThread(plan_run(configuration_source(CONFIG), Path("runs"), environ={}))
    helper = threading.Thread(target=run.start)
    helper.start()
    helper.join()
    assert run.done.result(timeout=120.0) is ExperimentState.COMPLETED
    assert cd.open("tiny").status.deviations == 0


def test_workers_and_engines_end_with_a_killed_script() -> None:
    """The run is in a helper thread of the script. It can be resumed."""
    script, started = start_script()
    script.kill()
    script.communicate(timeout=10.0)
    wait_until(lambda: not running(started), seconds=5.0, describe=lambda: f"{running(started)} still run")
    generations = cd.open("tiny").status.generations_finished
    assert cd.open("tiny").status.state is ExperimentState.INTERRUPTED
    script.wait()
    assert generations < 500


def test_sigterm_ends_a_script_with_its_workers_and_a_resume_continues() -> None:
    """The library has no handler for SIGTERM. The history is that of a run without the signal."""
    script, started = start_script(generations=8)
    script.terminate()
    _, errors = script.communicate(timeout=10.0)
    assert script.returncode == -signal.SIGTERM
    assert "Traceback" not in errors
    wait_until(lambda: not running(started), seconds=5.0, describe=lambda: f"{running(started)} still run")
    assert cd.open("tiny").status.state is ExperimentState.INTERRUPTED
    resumed = cd.resume("tiny")
    whole = cd.run(CONFIG, name="whole", generations=8)
    assert resumed.status.history_sha256 == whole.status.history_sha256


def test_a_script_can_treat_sigterm_as_ctrl_c() -> None:
    """docs/library.md has the line."""
    line = "signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))"
    assert line in (Path(__file__).parents[2] / "docs/library.md").read_text()
    script, started = start_script(f"import signal\n{line}\n")
    script.terminate()
    _, errors = script.communicate(timeout=60.0)
    assert "KeyboardInterrupt: experiment tiny was interrupted: continue with cd.resume('tiny')" in errors
    assert running(started) == set()
    assert cd.open("tiny").status.state is ExperimentState.INTERRUPTED


def test_ctrl_c_interrupts_a_script_gracefully() -> None:
    script, started = start_script()
    script.send_signal(signal.SIGINT)
    _, errors = script.communicate(timeout=60.0)
    assert script.returncode == -signal.SIGINT
    assert "interrupted: running episodes have 10 s to end" in errors
    assert "KeyboardInterrupt: experiment tiny was interrupted: continue with cd.resume('tiny')" in errors
    assert running(started) == set()
    status = cd.open("tiny").status
    assert (status.state, status.reason) == (ExperimentState.INTERRUPTED, "Ctrl-C")
