"""Tests of atomic writes, also on full disks and in killed processes."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clau_doom.atomic_write import atomic_file, write_atomically, write_output
from clau_doom.errors import DiskFull, StorageFailed
from tests.support.requirements import missing
from tests.support.small_disk import limited_file_size, mounted_disk

LONG = "a line of output\n" * 2_000
WRITER = """
import sys
from pathlib import Path
from clau_doom.atomic_write import atomic_file
from tests.support.requirements import missing

with atomic_file(Path(sys.argv[1])) as staged, staged.open("wb") as file:
    file.write(bytes(100_000))
    file.flush()
    print("written", flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    """The temporary file is removed."""
    target = tmp_path / "one.html"
    write_output(target, "the old one")
    with limited_file_size(), pytest.raises(StorageFailed, match="cannot write"):
        write_output(target, LONG)
    assert target.read_text() == "the old one"
    assert names(tmp_path) == ["one.html"]
    write_output(target, LONG)
    assert target.read_text() == LONG
    assert target.stat().st_mode & 0o111 == 0


def test_full_disk_raises_disk_full(tmp_path: Path) -> None:
    """The old file is unchanged, and the temporary file is removed."""
    disk = tmp_path / "disk"
    with mounted_disk(disk) as mounted:
        if not mounted:
            missing("only root can mount a small file system")
        write_output(disk / "one.html", "the old one")
        with pytest.raises(DiskFull, match="no space is left for"):
            write_output(disk / "one.html", "x" * 2**21)
        assert (disk / "one.html").read_text() == "the old one"
        assert names(disk) == ["one.html"]


@pytest.mark.parametrize(("sent", "left"), [(signal.SIGINT, 1), (signal.SIGKILL, 2)])
def test_killed_process_leaves_the_old_file(tmp_path: Path, sent: signal.Signals, left: int) -> None:
    """SIGINT removes the temporary file. A write removes temporary files older than an hour."""
    target = tmp_path / "film.mp4"
    write_atomically(target, b"the old one")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"written\n"
        process.send_signal(sent)
    assert target.read_bytes() == b"the old one"
    found = names(tmp_path)
    assert len(found) == left
    write_atomically(target, b"the new one")
    assert names(tmp_path) == found
    for path in tmp_path.iterdir():
        os.utime(path, (time.time() - 7200,) * 2)
    write_atomically(target, b"the new one")
    assert names(tmp_path) == ["film.mp4"]


def test_mode_is_set_from_the_start_and_existing_file_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "token"
    with atomic_file(target, mode=0o600) as staged:
        assert stat.S_IMODE(staged.stat().st_mode) == 0o600
        staged.write_bytes(b"one")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    write_atomically(target, b"two", overwrite=False)
    assert target.read_bytes() == b"one"
    assert names(tmp_path) == ["token"]
