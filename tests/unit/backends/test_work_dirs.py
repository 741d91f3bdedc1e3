"""Tests of the location of workers' private folders."""

import os
from pathlib import Path

import pytest

from clau_doom.backends.work_dirs import WorkDirs


def test_work_dirs_are_in_tmpdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's TMPDIR is used, and only the folder that all runs share remains in it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with WorkDirs() as folders:
        made = folders.make()
        assert made.is_relative_to(tmp_path)
        assert made.stat().st_mode & 0o777 == 0o700
    assert not made.exists()
    assert [path.name for path in tmp_path.iterdir()] == [f"clau-doom-{os.getuid()}"]


def test_work_dirs_are_in_memory_without_tmpdir(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is used if it is available and allows programs to start."""
    monkeypatch.delenv("TMPDIR", raising=False)
    memory = Path("/dev/shm")
    usable = os.access(memory, os.W_OK) and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    with WorkDirs() as folders:
        assert folders.make().is_relative_to(memory) is usable
