"""Damaged experiments, copies and closed folders, as the command line and a real server meet them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clau_doom.cli import run_command

CASES = Path(__file__).parents[1] / "cases"
DAMAGED = ("db-champ-missing", "db-no-configs", "db-parents-cycle", "db-state")
SOUND = "db-provenance"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what carries out a command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def carry_out(*words: str) -> tuple[int, str, str]:
        code = run_command([*words])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return carry_out


def _put(case: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    shutil.copy(CASES / case / "gen" / "results.sqlite", folder)


READERS = (
    ("status", "gen"),
    ("analyze", "gen"),
    ("analyze", "gen", "--report", "report.html"),
    ("agent", "list", "gen"),
    ("agent", "show", "gen-g000-a000"),
    ("agent", "export", "gen", "-o", "agent.json"),
    ("events", "gen"),
    ("export", "gen", "--to", "tables"),
    ("replay", "gen"),
    ("run", "--resume", "gen", "-g", "9"),
)


@pytest.mark.parametrize("case", DAMAGED)
def test_every_command_names_the_damage(run: Run, tmp_path: Path, case: str) -> None:
    """Reading ends with one line and exit code 1; the list shows the experiment as unreadable; nothing is written."""
    _put(case, tmp_path / "runs" / "gen")
    for words in READERS:
        code, out, err = run(*words)
        assert (code, out) == (1, ""), words
        assert err.startswith("error: experiment gen is damaged: "), words
        assert err.count("\n") == 1, words
    code, out, err = run("status", "--json")
    assert (code, [each["id"] for each in json.loads(out)["unreadable"]]) == (0, ["gen"])
    assert "unreadable: gen: experiment gen is damaged" in err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_damaged_experiment_is_not_compared(run: Run, tmp_path: Path) -> None:
    """Of several experiments, the damaged one is named."""
    _put(SOUND, tmp_path / "runs" / "gen")
    _put("db-state", tmp_path / "runs" / "other")
    code, _, err = run("analyze", "gen", "other")
    assert (code, "experiment other is damaged: its state is 'owned'" in err) == (1, True)


def test_a_copied_folder_is_marked_and_nothing_is_written_to_it(run: Run, tmp_path: Path) -> None:
    """Resuming a copy changes neither folder; the message has the command that makes the copy usable, and it works."""
    runs = tmp_path / "runs"
    _put(SOUND, runs / "gen")
    shutil.copytree(runs / "gen", runs / "gen-copy")
    before = {name: (runs / name / "results.sqlite").read_bytes() for name in ("gen", "gen-copy")}
    command = f"mkdir -p {tmp_path}/runs-copies && mv runs/gen-copy {tmp_path}/runs-copies/gen"
    code, _, err = run("run", "--resume", "gen-copy", "-g", "9")
    assert (code, "the folder runs/gen-copy holds experiment gen" in err, command in err) == (2, True, True)
    code, out, err = run("status")
    assert (code, "gen-copy (copy of gen)" in out, command in err) == (0, True, True)
    _, out, _ = run("status", "--json")
    assert {each["id"]: each["copy_of"] for each in json.loads(out)["experiments"]} == {"gen": None, "gen-copy": "gen"}
    assert command in run("status", "gen-copy")[1].replace("\n", " ")
    assert {name: (runs / name / "results.sqlite").read_bytes() for name in before} == before
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    code, out, _ = run("status", "gen", "--json", "--output-dir", "runs-copies")
    assert (code, json.loads(out)["copy_of"]) == (0, None)
    (runs / "gen").rename(runs / "renamed")
    assert "mv runs/renamed runs/gen" in run("run", "--resume", "renamed", "-g", "9")[2]
