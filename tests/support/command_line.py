"""Fixture that runs commands of the command line in the process of the test."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from clau_doom.cli import run_command

__all__ = ["Command", "Run", "run"]


@dataclass(frozen=True)
class Command:
    """Result of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Command]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command in a private folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLAU_DOOM_OUTPUT_DIR", raising=False)
    monkeypatch.setenv("COLUMNS", "120")

    def carry_out(*arguments: str) -> Command:
        code = run_command([*arguments])
        captured = capfd.readouterr()
        return Command(code=code, out=captured.out, err=captured.err)

    return carry_out
