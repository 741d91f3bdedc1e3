"""Films of a champion in trackers, from real runs of a folder and of a server, read by the trackers' own readers."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.support.films import take_apart
from tests.support.served_folder import served
from tests.support.tracker_readers import wandb_records

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

CONFIG = """
name: own
generations: 1
population: 2
episodes: 1
scenario: {name: basic, timeout: 100}
evolution: {kind: random}
execution: {workers: 1}
holdout: {validation: 1, episodes: 2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished experiment."""
    folder = tmp_path_factory.mktemp("tracked")
    (folder / "config.yaml").write_text(CONFIG)
    called(folder, "run", "-c", "config.yaml")
    return folder


def called(folder: Path, *words: str, **environment: str) -> str:
    command = [sys.executable, "-m", "clau_doom", *words]
    known = {**os.environ, "CLAU_DOOM_SERVER": "", **environment}
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def film_in_mlflow(database: Path) -> Path:
    """Return the only film of the only run, as MLflow's client downloads it."""
    client = MlflowClient(tracking_uri=f"sqlite:///{database}")
    known = client.get_experiment_by_name("clau-doom")
    (run,) = client.search_runs([known.experiment_id])
    (film,) = client.list_artifacts(run.info.run_id, "film")
    target = database.with_suffix("")
    target.mkdir()
    return Path(client.download_artifacts(run.info.run_id, film.path, str(target)))


def test_trackers_have_the_film_of_the_champion(folder: Path, tmp_path: Path) -> None:
    """A picture for each tic of the first held-out episode. A server gives the same film as the folder."""
    called(folder, "track", "own", "--to", "mlflow", "--option", f"uri=sqlite:///{tmp_path}/here.db")
    film = take_apart(film_in_mlflow(tmp_path / "here.db"))
    champion = json.loads(called(folder, "status", "own", "--json"))["champion"]["agent"]
    episodes = json.loads(called(folder, "agent", "show", champion, "--json"))["episodes"]
    (first,) = [each for each in episodes if (each["purpose"], each["number"]) == ("held_out", 0)]
    assert (film.size, film.rate, film.codec) == ((640, 480), 35.0, "h264")
    assert len(film.pictures) == first["measures"]["tics"]

    called(folder, "track", "own", "--to", "wandb", "--option", f"folder={tmp_path}/wandb")
    (run,) = (tmp_path / "wandb/wandb").glob("offline-run-*")
    items = [item for record in wandb_records(run) for item in record.history.item]
    video = {item.nested_key[1]: json.loads(item.value_json) for item in items if item.nested_key[0] == "champion/film"}
    (kept,) = (folder / "runs/own/trackers/films").glob("*.mp4")
    assert video["sha256"] == sha256(kept.read_bytes()).hexdigest()
    assert np.array_equal(take_apart(run / "files" / video["path"]).pictures, film.pictures)

    called(folder, "track", "own", "--to", "tensorboard", "--option", f"folder={tmp_path}/tensorboard")
    events = EventAccumulator(str(tmp_path / "tensorboard/own"))
    events.Reload()
    (image,) = events.Images("champion/film")
    (tmp_path / "film.gif").write_bytes(image.encoded_image_string)
    assert take_apart(tmp_path / "film.gif").size == (400, 300)

    with served(folder / "runs") as addresses:
        options = ["--to", "mlflow", "--option", f"uri=sqlite:///{tmp_path}/there.db", "--server", addresses.grpc]
        called(tmp_path, "track", "own", *options, CLAU_DOOM_TOKEN_FILE=str(addresses.token_file))
    assert np.array_equal(take_apart(film_in_mlflow(tmp_path / "there.db")).pictures, film.pictures)
