"""Tests of removing stale shared memory of engines."""

import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clau_doom.stale_shared_memory import find_shared_files, remove_stale_files

MAPS = "import mmap, sys; f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close(); print(1, flush=True); "
MAPS += "sys.stdin.read()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ViZDoomSM1", "ViZDoomMQCtr1", "others", "ViZDoomFolder/x"):
        (path := tmp_path / name).parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(mmap.PAGESIZE))
    (tmp_path / "ViZDoomLink").symlink_to(tmp_path / "others")
    return tmp_path


def test_mapped_file_is_kept_until_its_process_ends(folder: Path) -> None:
    """The process has closed the file descriptor, as engines do."""
    mapped = folder / "ViZDoomSM1"
    with subprocess.Popen(
        [sys.executable, "-c", MAPS, str(mapped)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert find_shared_files(folder, young=-1.0).used == (mapped,)
        assert remove_stale_files(folder, young=-1.0) == (folder / "ViZDoomMQCtr1",)
        other.kill()
    assert remove_stale_files(folder, young=-1.0) == (mapped,)
    assert sorted(path.name for path in folder.iterdir()) == ["ViZDoomFolder", "ViZDoomLink", "others"]


def test_new_files_and_files_of_other_users_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine creates a file shortly before it maps it."""
    assert remove_stale_files(folder) == ()
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert find_shared_files(folder, young=-1.0).used == find_shared_files(folder, young=-1.0).stale == ()
