"""Tests of offline runs, read with W&B's messages."""

import json
from pathlib import Path
from typing import Any

import pytest

from clau_doom.config import WandbTrackerConfig
from clau_doom.testing.tracker_contract import synthetic_updates, tracked_experiment
from clau_doom.trackers.wandb import WandbTracker
from tests.support.tracker_readers import wandb_points, wandb_records

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def write(folder: Path, end: int | None = None, *, finished: bool = True) -> Path:
    """Write an experiment up to a position, and return the folder of its only run."""
    experiment = tracked_experiment("lab", folder)
    tracker = WandbTracker(WandbTrackerConfig(folder=str(folder), entity="doom-team"))
    assert tracker.open(experiment) == 0
    tracker.write(synthetic_updates(experiment)[:end])
    tracker.close()
    (run,) = (folder / "wandb").glob("offline-run-*")
    if not finished:
        (run / "clau-doom.json").unlink()
    return run


def test_contents(tmp_path: Path) -> None:
    """Configuration, table, summary and exit code of a completed experiment."""
    run = write(tmp_path)
    records = list(wandb_records(run))
    (started,) = [each.run for each in records if each.HasField("run")]
    config: dict[str, Any] = {each.key: json.loads(each.value_json) for each in started.config.update}
    assert (started.run_id, started.display_name) == (tracked_experiment("lab", tmp_path).uuid, "lab")
    assert (started.project, started.entity) == ("clau-doom", "doom-team")
    assert (config["evolution.sigma"], config["provenance"]) == (0.25, {"clau-doom": "0.1"})
    (table,) = (run / "files/media/table/results").glob("held_out*.table.json")
    assert json.loads(table.read_text())["data"] == [["champion", "3.25"], ["ran|dom", None]]
    summary = {item.key: item.value_json for each in records for item in each.summary.update}
    assert summary["held_out/champion/fitness"] == "3.25"
    assert [each.exit.exit_code for each in records if each.HasField("exit")] == [0]


def test_complete_run_is_kept(tmp_path: Path) -> None:
    """A run that is uploaded already needs no second upload."""
    run = write(tmp_path)
    changed = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}
    assert write(tmp_path) == run
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()} == changed


@pytest.mark.parametrize("finished", [True, False], ids=["interrupted", "killed"])
def test_incomplete_run_is_replaced(finished: bool, tmp_path: Path) -> None:
    """There is one folder with all points, each once."""
    write(tmp_path, end=4, finished=finished)
    write(tmp_path)
    best = [(step, value) for _, name, step, value in wandb_points(tmp_path) if name == "fitness/best"]
    assert best == [(n, n + 0.5) for n in range(4)]
