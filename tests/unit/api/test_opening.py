"""Tests of opening an experiment by id or path."""

from pathlib import Path

import pytest

from clau_doom.api.opening import open as open_by_id_or_path
from clau_doom.config import HoldoutConfig
from clau_doom.errors import ConfigError, ExperimentNotFound, StorageFailed
from tests.support.stored_experiments import SMALL, store_experiment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work") / "runs"
    config = SMALL.model_copy(update={"generations": 1, "holdout": HoldoutConfig(validation=1, episodes=2)})
    store_experiment(folder, config)
    return folder


def test_an_id_is_searched_in_the_output_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_by_id_or_path("lab", output_dir=folder).id == "lab"
    assert open_by_id_or_path("lab", output_dir=str(folder)).status.state == "completed"
    monkeypatch.chdir(folder.parent)
    assert open_by_id_or_path("lab").id == "lab"
    monkeypatch.chdir("/")
    monkeypatch.setenv("CLAU_DOOM_OUTPUT_DIR", str(folder))
    assert open_by_id_or_path("lab").id == "lab"


def test_a_path_needs_no_output_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.chdir(folder)
    for path in (
        folder / "lab",
        str(folder / "lab"),
        f"{folder}/lab/",
        "./lab",
        "../runs/lab",
        "~/runs/lab",
        Path("lab"),
    ):
        assert open_by_id_or_path(path).status.id == "lab"
    monkeypatch.chdir(folder / "lab")
    assert open_by_id_or_path(".").id == "lab"


def test_the_experiment_stays_open_after_a_change_of_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    found = open_by_id_or_path("lab")
    monkeypatch.chdir("/")
    assert found.status.state == "completed"


def test_errors_name_the_value_and_the_remedy(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ExperimentNotFound, match=f"experiment lap not found in {folder}: did you mean lab"):
        open_by_id_or_path("lap", output_dir=folder)
    with pytest.raises(ExperimentNotFound, match="experiment nothing not found"):
        open_by_id_or_path(tmp_path / "nothing")
    with pytest.raises(ConfigError, match="is a path, which excludes output_dir: give the id, or the path"):
        open_by_id_or_path(folder / "lab", output_dir=folder)
    with pytest.raises(ConfigError, match="experiment"):
        open_by_id_or_path("a b", output_dir=folder)
    with pytest.raises(ConfigError, match="unknown home folder"):
        open_by_id_or_path("~no-such-user/lab")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StorageFailed, match=r"results\.sqlite"):
        open_by_id_or_path(tmp_path / "empty")
