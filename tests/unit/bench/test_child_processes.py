"""Tests of child processes of measurements."""

from pathlib import Path

import pytest

from bench.child_processes import run_children
from bench.throughput_sample import MeasurementFailed


def test_slow_child_is_terminated(tmp_path: Path) -> None:
    """The error contains the child's output and the time limit."""
    child = ["-c", "import time; print('ready', flush=True); time.sleep(600)"]
    with pytest.raises(MeasurementFailed, match=r"(?s)took longer than 2 s"):
        run_children([child], tmp_path / "log", 2.0)


def test_failed_child_is_reported(tmp_path: Path) -> None:
    """The error ends with the command and its exit code."""
    with pytest.raises(MeasurementFailed, match=r"(?s)no such part.*ended with \[1\]"):
        run_children([["-c", "import sys; sys.exit('no such part')"]], tmp_path / "log", 60.0)
