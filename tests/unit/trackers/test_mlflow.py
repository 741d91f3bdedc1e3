"""Tests of runs in an MLflow database, read with MLflow's client."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from clau_doom.config import MlflowTrackerConfig
from clau_doom.testing.tracker_contract import synthetic_updates, tracked_experiment
from clau_doom.trackers.mlflow import MlflowTracker
from tests.support.films import make_film, take_apart
from tests.support.tracker_readers import with_film

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_film_of_the_champion_is_an_artifact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client downloads the same file, once, also if the results are written twice."""
    monkeypatch.chdir(tmp_path)
    film = make_film(tmp_path / "lab-g003-a000.mp4", (20, 120, 220))
    experiment = tracked_experiment("lab", tmp_path)
    updates = with_film(synthetic_updates(experiment), film)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    for part in (updates, updates[-1:]):
        tracker = MlflowTracker(MlflowTrackerConfig(uri=uri))
        tracker.open(experiment)
        tracker.write(part)
        tracker.close()
    client = MlflowClient(tracking_uri=uri)
    known = client.get_experiment_by_name("clau-doom")
    (run,) = client.search_runs([known.experiment_id])
    assert [each.path for each in client.list_artifacts(run.info.run_id, "film")] == ["film/lab-g003-a000.mp4"]
    downloaded = Path(client.download_artifacts(run.info.run_id, "film/lab-g003-a000.mp4", str(tmp_path)))
    assert downloaded.read_bytes() == film.read_bytes()
    assert len(take_apart(downloaded).pictures) == 3
