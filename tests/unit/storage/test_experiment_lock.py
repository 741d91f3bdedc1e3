"""Tests of the lock of an experiment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clau_doom.errors import ExperimentBusy, StorageFailed
from clau_doom.storage import experiment_lock

HOLD = """
import pathlib, sys
from clau_doom.storage import experiment_lock
experiment_lock.acquire(pathlib.Path(sys.argv[1]))
print("held", flush=True)
input()
"""


def test_lock_names_its_process_and_ends_with_it(tmp_path: Path) -> None:
    """The error of a second process has the id of the first."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(ExperimentBusy, match=f"experiment {tmp_path.name} is in use by process {process.pid}:"):
            experiment_lock.acquire(tmp_path)
        assert experiment_lock.holder(tmp_path) == process.pid
        process.kill()
    assert experiment_lock.holder(tmp_path) is None
    os.close(experiment_lock.acquire(tmp_path))


def test_lock_also_excludes_its_own_process(tmp_path: Path) -> None:
    """A second store of the same process is refused."""
    descriptor = experiment_lock.acquire(tmp_path)
    with pytest.raises(ExperimentBusy, match=f"process {os.getpid()}"):
        experiment_lock.acquire(tmp_path)
    os.close(descriptor)
    os.close(experiment_lock.acquire(tmp_path))


def test_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    """A worker that outlives its parent does not keep the experiment busy."""
    descriptor = experiment_lock.acquire(tmp_path)
    command = [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        child.stdout.readline()
        os.close(descriptor)
        assert experiment_lock.holder(tmp_path) is None
        child.kill()


def test_folder_without_lock_has_no_holder(tmp_path: Path) -> None:
    """Reading the holder creates no file."""
    assert experiment_lock.holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    """A foreign folder could link its lock to a file of the user."""
    target = tmp_path / "precious"
    target.write_text("kept as it is")
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / experiment_lock.LOCK).symlink_to(target)
    with pytest.raises(StorageFailed, match="symbolic links"):
        experiment_lock.acquire(folder)
    assert target.read_text() == "kept as it is"
