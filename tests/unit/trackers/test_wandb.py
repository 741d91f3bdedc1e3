"""Tests of offline runs, read with W&B's messages."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from clau_doom.config import WandbTrackerConfig
from clau_doom.testing.tracker_contract import synthetic_updates, tracked_experiment
from clau_doom.trackers.wandb import WandbTracker
from tests.support.films import make_film, take_apart
from tests.support.tracker_readers import wandb_points, wandb_records, with_film

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def write(folder: Path, end: int | None = None, *, finished: bool = True, film: Path | None = None) -> Path:
    """Write an experiment up to a position, and return the folder of its only run."""
    experiment = tracked_experiment("lab", folder)
    tracker = WandbTracker(WandbTrackerConfig(folder=str(folder), entity="doom-team"))
    assert tracker.open(experiment) == 0
    updates = with_film(synthetic_updates(experiment), film) if film else synthetic_updates(experiment)
    tracker.write(updates[:end])
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


def test_film_of_the_champion_is_a_video(tmp_path: Path) -> None:
    """The history has its digest, and the file can be played."""
    film = make_film(tmp_path / "champion.mp4", (20, 120, 220))
    run = write(tmp_path / "target", film=film)
    items = [item for record in wandb_records(run) for item in record.history.item]
    video = {item.nested_key[1]: json.loads(item.value_json) for item in items if item.nested_key[0] == "champion/film"}
    assert (video["_type"], video["sha256"]) == ("video-file", sha256(film.read_bytes()).hexdigest())
    written = take_apart(run / "files" / video["path"])
    assert (written.size, [round(float(each.mean()), -1) for each in written.pictures]) == ((64, 48), [20, 120, 220])


def test_complete_run_is_kept(tmp_path: Path) -> None:
    """A run that is uploaded already needs no second upload."""

    def changed() -> dict[Path, int]:
        """Return the times of all files except the logs, to which another process of W&B writes."""
        paths = [path for path in run.rglob("*") if path.is_file() and path.parent.name != "logs"]
        return {path: path.stat().st_mtime_ns for path in paths}

    run = write(tmp_path)
    before = changed()
    assert write(tmp_path) == run
    assert changed() == before


@pytest.mark.parametrize("finished", [True, False], ids=["interrupted", "killed"])
def test_incomplete_run_is_replaced(finished: bool, tmp_path: Path) -> None:
    """There is one folder with all points, each once."""
    write(tmp_path, end=4, finished=finished)
    write(tmp_path)
    best = [(step, value) for _, name, step, value in wandb_points(tmp_path) if name == "fitness/best"]
    assert best == [(n, n + 0.5) for n in range(4)]
