"""Where workers' private folders lie."""

import os
from pathlib import Path

import pytest

from clau_doom.backends.local import WorkDirs


def test_folders_lie_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TMPDIR of the user's own is taken, and left as it was but for the folder that all runs share."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with WorkDirs() as folders:
        made = folders.make()
        assert made.is_relative_to(tmp_path)
        assert made.stat().st_mode & 0o777 == 0o700
    assert not made.exists()
    assert [path.name for path in tmp_path.iterdir()] == [f"clau-doom-{os.getuid()}"]


def test_folders_lie_in_memory_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one they lie in memory, unless there is none or programs cannot be started there."""
    monkeypatch.delenv("TMPDIR", raising=False)
    memory = Path("/dev/shm")
    usable = os.access(memory, os.W_OK) and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    with WorkDirs() as folders:
        assert folders.make().is_relative_to(memory) is usable
