"""Tests of runs with a closed terminal, a closed pipe or a full disk behind their standard streams."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"
SHORT = CASES / "closed-stdout" / "gen.yaml"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "clau_doom", *words]


def run_words(name: str) -> list[str]:
    return command("run", "-c", str(SHORT), "--name", name, "--workers", "1")


def shell(folder: Path, redirection: str, *words: str) -> "subprocess.Popen[bytes]":
    """Start a command under a shell's redirection."""
    return subprocess.Popen(["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *words], cwd=folder)


def state(folder: Path, name: str) -> str:
    done = subprocess.run(command("status", name, "--json"), cwd=folder, capture_output=True, timeout=60, check=True)
    return str(json.loads(done.stdout)["state"])


# The kernel sends SIGHUP to the session of a terminal that closes.
IN_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.engine
def test_run_continues_without_its_terminal_or_reader(tmp_path: Path) -> None:
    """After their first lines, one run loses its terminal, the other its reader and disk. Both continue to the end."""
    reading, writing = os.pipe()
    master, terminal = pty.openpty()
    with Path("/dev/full").open("wb") as full:
        piped = subprocess.Popen(
            run_words("piped"), cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=full, stderr=writing
        )
    hung_up = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *run_words("closed")],
        cwd=tmp_path,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(writing)
    os.close(terminal)
    seen = b""
    while b"evolving" not in seen:  # after a warning, if other runs share the cores
        seen += os.read(reading, 1000)
    os.close(reading)
    seen = b""
    while b"evolving" not in seen:
        seen += os.read(master, 1000)
    os.close(master)
    try:
        assert (piped.wait(120), hung_up.wait(120)) == (0, 0)
    finally:
        for process in (piped, hung_up):
            process.kill()
    assert (state(tmp_path, "piped"), state(tmp_path, "closed")) == ("completed", "completed")


@pytest.mark.engine
def test_run_survives_closed_streams(tmp_path: Path) -> None:
    """A command with required output fails on a full disk."""
    assert shell(tmp_path, "<&- >&- 2>&-", *run_words("shut")).wait(120) == 0
    assert state(tmp_path, "shut") == "completed"
    assert shell(tmp_path, ">/dev/full 2>&-", *command("status")).wait(60) == 1


EVERY = """
import json, sys
from clau_doom.cli import run_command
from clau_doom.cli.standard_streams import install_streams
install_streams()
for words in json.loads(sys.argv[1]):
    assert run_command(words) == 0, open("failed", "w").write(repr(words))
"""


def test_commands_with_all_streams_closed(tmp_path: Path) -> None:
    """Every command that needs no experiment works with its standard streams closed."""
    words = [["scenarios"], ["status"], ["status", "--json"], ["config", "init"], ["config", "check"]]
    words += [["config", "show"], ["config", "schema"], ["run", "--dry-run"], ["--help"], ["agent", "export", "--help"]]
    script = [sys.executable, "-c", EVERY, json.dumps(words)]
    assert shell(tmp_path, ">&- 2>&- <&-", *script).wait(60) == 0, (tmp_path / "failed").read_text()


def test_command_ends_quietly_when_its_pipe_is_closed(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("config", "schema"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""
