"""Tests of cursors of trackers."""

from pathlib import Path

from clau_doom.app.tracker_cursor import TrackerCursor, discontinued_kinds
from clau_doom.config import JsonlTrackerConfig, TensorBoardTrackerConfig, TrackerConfig


def test_kinds_that_the_next_run_does_not_continue(tmp_path: Path) -> None:
    """Another target of the same kind does not continue it. A tracker without events counts as new."""
    written: list[TrackerConfig] = [TensorBoardTrackerConfig(), JsonlTrackerConfig(folder="a")]
    for config in written:
        cursor = TrackerCursor(tmp_path, config, "u")
        with cursor.claim():
            cursor.write(7)
    with TrackerCursor(tmp_path, JsonlTrackerConfig(folder="b"), "u").claim():
        pass
    assert discontinued_kinds(tmp_path, (), "u") == ("tensorboard", "jsonl")
    assert discontinued_kinds(tmp_path, (JsonlTrackerConfig(folder="b"),), "u") == ("tensorboard", "jsonl")
    assert discontinued_kinds(tmp_path, written, "u") == ()
    assert discontinued_kinds(tmp_path, written[:1], "u") == ("jsonl",)
    assert discontinued_kinds(tmp_path, (), "another") == ()
    assert discontinued_kinds(tmp_path / "none", (), "u") == ()
