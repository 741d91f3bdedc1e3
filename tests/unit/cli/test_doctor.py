"""The doctor's checks."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clau_doom.cli import health
from clau_doom.cli.health import Verdict

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("version", "verdict"), [((3, 10), Verdict.MISSING), ((3, 11), Verdict.FINE), ((3, 14), Verdict.MISSING)]
)
def test_python_must_be_supported(version: tuple[int, int], verdict: Verdict) -> None:
    """Only 3.11 to 3.13 will do; the remedy says so."""
    finding = health.python(version)
    assert finding.verdict is verdict
    assert (finding.remedy == "") == (verdict is Verdict.FINE)


def test_other_systems_and_single_cores_are_warned_of() -> None:
    """They work, and not as well."""
    assert health.system("Darwin", "arm64").verdict is Verdict.WARNING
    assert health.cores(1, 8).verdict is Verdict.WARNING
    assert health.cores(2, 8).found == "2 usable of 8"


def test_leftovers_in_shared_memory_are_counted(tmp_path: Path) -> None:
    """Files of dead engines are named with what removes them; other files do not matter."""
    (tmp_path / "ViZDoom123").touch()
    (tmp_path / "other").touch()
    space, left = health.shared_memory(tmp_path)
    assert space.verdict is Verdict.FINE
    assert (left.verdict, left.found) == (Verdict.WARNING, "1 ViZDoom files")
    assert "rm " in left.remedy


def test_missing_shared_memory_is_missing(tmp_path: Path) -> None:
    """Where files cannot be made, no engine can start."""
    (finding,) = health.shared_memory(tmp_path / "nowhere")
    assert finding.verdict is Verdict.MISSING
    assert "--shm-size" in finding.remedy


def test_the_output_folder_need_not_exist(tmp_path: Path) -> None:
    """The nearest folder that exists is looked at; a file in its place is not writable."""
    assert health.disk(tmp_path / "a/b").verdict is Verdict.FINE
    (tmp_path / "file").touch()
    assert health.disk(tmp_path / "file").verdict is Verdict.MISSING


@pytest.mark.parametrize(
    ("code", "verdict", "found"),
    [
        ("print('noise'); print('played')", Verdict.FINE, "played"),
        ("import no_such_vizdoom", Verdict.MISSING, "No module named 'no_such_vizdoom'"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", Verdict.MISSING, "ended with -11"),
        ("import time; time.sleep(60)", Verdict.MISSING, "did not answer within 1 s"),
    ],
)
def test_an_engine_is_tried_in_another_process(code: str, verdict: Verdict, found: str) -> None:
    """What plays is fine; what cannot be imported, crashes or hangs is missing, and the doctor lives on."""
    finding = health.engine((sys.executable, "-c", code), seconds=10.0 if "sleep" not in code else 1.0)
    assert finding.verdict is verdict
    assert found in finding.found
    assert (finding.remedy == "") == (verdict is Verdict.FINE)


@pytest.mark.engine
def test_a_real_engine_plays(run: Run) -> None:
    """Where everything is in place, an engine plays and the exit code is 0."""
    done = run("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(done.out)["findings"]}
    assert done.code == 0
    assert findings["ViZDoom"]["verdict"] == "fine"
    assert "10 tics" in findings["ViZDoom"]["found"]


@pytest.mark.engine
def test_what_is_missing_ends_with_1(run: Run, tmp_path: Path) -> None:
    """An output folder that cannot be one makes the doctor fail, and its remedy is shown."""
    (tmp_path / "file").touch()
    done = run("doctor", "--output-dir", "file")
    assert done.code == 1
    assert "--output-dir" in done.out
