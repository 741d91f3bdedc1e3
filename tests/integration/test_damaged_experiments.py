"""Tests of damaged, copied and unreadable experiments with the command line and a server."""

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from clau_doom.cli import run_command

CASES = Path(__file__).parents[1] / "cases"
DAMAGED = ("db-champ-missing", "db-no-configs", "db-parents-cycle", "db-state")
SOUND = "db-provenance"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command in a separate folder."""
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
    """The error is one line with exit code 1. The list shows the experiment as unreadable."""
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


def test_damaged_experiment_is_not_compared(run: Run, tmp_path: Path) -> None:
    """The error names the damaged experiment."""
    _put(SOUND, tmp_path / "runs" / "gen")
    _put("db-state", tmp_path / "runs" / "other")
    code, _, err = run("analyze", "gen", "other")
    assert (code, "experiment other is damaged: its state is 'owned'" in err) == (1, True)


@pytest.mark.parametrize("genes", [None, b"{", b"[" * 5000, "fifo"])
def test_invalid_genomes_and_genes_are_damage(run: Run, tmp_path: Path, genes: bytes | str | None) -> None:
    """Each command that names genes prints one error."""
    folder = tmp_path / "runs" / "gen"
    _put(SOUND, folder)
    if isinstance(genes, str):
        (folder / "inputs").mkdir()
        os.mkfifo(folder / "inputs" / "genes.json")
    elif genes is not None:
        (folder / "inputs").mkdir()
        (folder / "inputs" / "genes.json").write_bytes(genes)
    else:
        with closing(sqlite3.connect(folder / "results.sqlite", isolation_level=None)) as connection:
            connection.execute("UPDATE agents SET genome = ?", (struct.pack("<16d", *[99.5] * 16),))
    for words in READERS[1:2] + READERS[4:6] + READERS[7:8]:
        code, _, err = run(*words)
        assert (code, err.count("\n")) == (1, 1), (words, err)
        assert err.startswith("error: "), (words, err)
        assert "damaged" in err or "gene " in err, (words, err)


def test_copied_folder_cannot_be_resumed(run: Run, tmp_path: Path) -> None:
    """Both folders stay unchanged. The message has the command that makes the copy usable."""
    runs = tmp_path / "runs"
    _put(SOUND, runs / "gen")
    run("status")  # brings the tables to the newest version
    shutil.copytree(runs / "gen", runs / "gen-copy")
    before = {name: (runs / name / "results.sqlite").read_bytes() for name in ("gen", "gen-copy")}
    command = f"mkdir -p {tmp_path}/runs-copies && mv runs/gen-copy {tmp_path}/runs-copies/gen"
    code, _, err = run("run", "--resume", "gen-copy", "-g", "9")
    assert (code, "the folder runs/gen-copy contains experiment gen" in err, command in err) == (2, True, True)
    code, out, err = run("status")
    assert (code, "gen-copy (copy of gen)" in out, command in err) == (0, True, True)
    _, out, _ = run("status", "--json")
    assert {each["id"]: each["copy_of"] for each in json.loads(out)["experiments"]} == {"gen": None, "gen-copy": "gen"}
    assert f"continue with: {command}\n" in run("status", "gen-copy")[1]
    assert {name: (runs / name / "results.sqlite").read_bytes() for name in before} == before
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    code, out, _ = run("status", "gen", "--json", "--output-dir", "runs-copies")
    assert (code, json.loads(out)["copy_of"]) == (0, None)
    (runs / "gen").rename(runs / "renamed")
    assert "mv runs/renamed runs/gen" in run("run", "--resume", "renamed", "-g", "9")[2]


COMMANDS = """
import contextlib, io, json, sys
from clau_doom.cli import run_command

results = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run_command(words)
    results.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(results))
"""


def _as_stranger(folder: Path, *commands: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Run commands without the right to read other users' files, even as root."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    process = [*(drop if os.geteuid() == 0 else []), sys.executable, "-c", COMMANDS, json.dumps(commands)]
    done = subprocess.run(process, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [(code, out, err) for code, out, err in json.loads(done.stdout)]


def _close(path: Path) -> None:
    path.chmod(0)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)


def test_unreadable_folder_does_not_hide_other_experiments(tmp_path: Path) -> None:
    """An experiment of another user is listed as unreadable."""
    runs = tmp_path / "runs"
    for name in ("gen", "folder", "lock", "results"):
        _put(SOUND, runs / name)
    (runs / "lock" / "lock").touch()
    (tmp_path / "closed" / "runs").mkdir(parents=True)
    for closed in (runs / "folder", runs / "lock" / "lock", runs / "results" / "results.sqlite", tmp_path / "closed"):
        _close(closed)
    listed, *refused = _as_stranger(
        tmp_path,
        ("status", "--json"),
        ("status", "folder"),
        ("run", "--resume", "folder"),
        ("status", "--output-dir", "closed/runs"),
        ("analyze", "gen", "--report", "closed/report.html"),
        ("agent", "export", "gen", "-o", "closed/agent.json"),
    )
    (tmp_path / "closed").chmod(0o700)
    assert listed[0] == 0, listed
    found = json.loads(listed[1])
    assert [each["id"] for each in found["experiments"]] == ["gen"]
    assert [each["id"] for each in found["unreadable"]] == ["folder", "lock", "results"]
    assert all("cannot be read" in each["error"] for each in found["unreadable"])
    for code, _, err in refused:
        assert code in {1, 2}, err
        assert err.startswith("error: "), err
        assert err.count("\n") == 1, err
        assert "Permission denied" in err, err
