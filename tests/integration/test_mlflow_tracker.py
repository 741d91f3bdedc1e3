"""Trackers and a real MLflow server, which is stopped during a run and started again."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clau_doom.app.catalog.folder_source import FolderSource
from clau_doom.app.track import track_experiment
from clau_doom.app.tracking.run_trackers import tracked_run
from clau_doom.config import MlflowTrackerConfig
from clau_doom.orchestration import ReaderHealth, Shutdown
from clau_doom.storage import ExperimentFolders
from tests.support.stored_scripted_run import UUID, create_scripted, play_scripted, scripted_config
from tests.support.tracker_readers import mlflow_points
from tests.support.waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[str]:
    """Run MLflow's server in a process of its own, without its job runners."""
    uri, url = f"sqlite:///{folder}/mlflow.db", f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "_MLFLOW_SERVER_FILE_STORE": uri,
        "_MLFLOW_SERVER_REGISTRY_STORE": uri,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(folder / "artifacts"),
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("a") as log:
        server = subprocess.Popen(
            [*command, "mlflow.server.fastapi_app:app"], env=environment, stdout=log, stderr=log, cwd=folder
        )
    try:
        wait_until(lambda: _answers(url) or server.poll() is not None, 240, (folder / "server.log").read_text)
        assert server.poll() is None, (folder / "server.log").read_text()
        yield url
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def test_outage_of_the_server_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends while the server is gone. `track` writes the rest, and a second time nothing."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (tmp_path / "mlflow").mkdir()
    port, config = free_port(), scripted_config()
    create_scripted(tmp_path, config)
    tracker = MlflowTrackerConfig(uri=f"http://127.0.0.1:{port}", film=False)
    with mlflow_server(tmp_path / "mlflow", port):
        await track_experiment(FolderSource(tmp_path), "lab", tracker)
    health = ReaderHealth(pause=0.01)
    async with (
        asyncio.timeout(120),
        ExperimentFolders(tmp_path).open("lab").read() as store,
        tracked_run(store, (tracker,), tmp_path, "lab", health=health, shutdown=Shutdown()),
    ):
        await play_scripted(tmp_path, config)
    (failure,) = health.of("lab")
    assert (failure.reader, failure.failing) == ("mlflow tracker", True)
    with mlflow_server(tmp_path / "mlflow", port) as url:
        first = await track_experiment(FolderSource(tmp_path), "lab", tracker)
        second = await track_experiment(FolderSource(tmp_path), "lab", tracker)
        points = mlflow_points(url)
        _check_run(url)
    assert (first.generations, first.results) == (3, True)
    assert (second.generations, second.results) == (0, False)
    assert len(points) == len({*points})
    best = [(step, value) for _, name, step, value in points if name == "fitness/best"]
    async with ExperimentFolders(tmp_path).open("lab").read() as store:
        summaries = (await store.snapshot()).summaries
    assert best == [(each.index, each.best_fitness) for each in summaries]


def _check_run(url: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=url)
    known = client.get_experiment_by_name("clau-doom")
    (run,) = client.search_runs([known.experiment_id])
    assert (run.info.run_name, run.info.status, run.data.tags["clau_doom.uuid"]) == ("lab", "FINISHED", UUID)
    assert (run.data.params["population"], run.data.params["evolution.kind"]) == ("4", "genetic")
    results = {each.path for each in client.list_artifacts(run.info.run_id, "results")}
    assert results == {"results/held_out.csv", "results/champion_genome.csv"}
