"""Tests of lists of experiments."""

import shutil
from pathlib import Path

import pytest

from clau_doom.api.experiment_list import ExperimentList, experiments
from clau_doom.config import HoldoutConfig, ScenarioConfig
from clau_doom.errors import ConfigError
from clau_doom.orchestration import Shutdown
from clau_doom.ports import EpisodeTask
from tests.support.stored_experiments import SMALL, store_experiment

ONE = SMALL.model_copy(update={"generations": 1, "holdout": HoldoutConfig(validation=1, episodes=2)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two completed experiments, an interrupted one, and a damaged one."""
    folder = tmp_path_factory.mktemp("runs")
    store_experiment(folder, ONE)
    corridor = ScenarioConfig(name="deadly_corridor")
    store_experiment(folder, ONE.model_copy(update={"name": "sweep-1", "scenario": corridor}))
    shutdown = Shutdown()

    async def stop(task: EpisodeTask) -> None:
        shutdown.request("a test", grace=0.0)

    store_experiment(folder, ONE.model_copy(update={"name": "sweep-2"}), disturb=stop, shutdown=shutdown)
    (folder / "bad").mkdir()
    (folder / "bad" / "results.sqlite").write_text("<script>")
    return folder


def test_the_latest_active_experiment_is_first(folder: Path) -> None:
    found = experiments(output_dir=folder)
    assert found.ids == ["sweep-2", "sweep-1", "lab"]
    assert [each.state for each in found] == ["interrupted", "completed", "completed"]
    assert [each.generations_finished for each in found] == [0, 1, 1]
    assert [name for name, _ in found.unreadable] == ["bad"]


def test_filters(folder: Path) -> None:
    assert experiments(output_dir=folder, state="completed").ids == ["sweep-1", "lab"]
    assert experiments(output_dir=folder, state=["interrupted", "failed"]).ids == ["sweep-2"]
    assert experiments(output_dir=folder, scenario="deadly_corridor").ids == ["sweep-1"]
    assert experiments(output_dir=folder, pattern="sweep-*").ids == ["sweep-2", "sweep-1"]
    assert experiments(output_dir=folder, pattern="sweep-*", scenario=["defend_the_center"]).ids == ["sweep-2"]
    assert experiments(output_dir=folder, pattern="SWEEP-*").ids == []


def test_an_unknown_state_is_an_error_with_the_states(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown state 'done': choose one of pending, running, .*cancelled"):
        experiments(output_dir=folder, state="done")


def test_a_missing_folder_is_empty(tmp_path: Path) -> None:
    found = experiments(output_dir=tmp_path / "missing")
    assert len(found) == 0
    assert found._repr_html_()
    assert len(found.to_table()) == 0


def test_experiments_are_opened_in_the_order_of_the_list(folder: Path) -> None:
    found = experiments(output_dir=folder, state="completed")
    assert [each.id for each in found.open()] == ["sweep-1", "lab"]
    assert [len(each.generations) for each in found.open()] == [1, 1]


def test_items_slices_and_tables(folder: Path) -> None:
    found = experiments(output_dir=folder)
    assert found[0].id == "sweep-2"
    assert isinstance(found[1:], ExperimentList)
    assert found[1:].ids == ["sweep-1", "lab"]
    table = found.to_table()
    assert table["id"] == ["sweep-2", "sweep-1", "lab"]
    assert table["scenario"] == ["defend_the_center", "deadly_corridor", "defend_the_center"]
    assert repr(found) == "<ExperimentList of 3: sweep-2, sweep-1, lab>"


def test_html_lists_experiments_and_escapes_errors(folder: Path) -> None:
    shown = experiments(output_dir=folder)._repr_html_()
    assert "3 experiments" in shown
    assert ">sweep-1<" in shown
    assert "0 of 1" in shown
    assert "unreadable: bad: " in shown
    hostile = ExperimentList([], [("<b>", "<script>")], experiments(output_dir=folder)._source)._repr_html_()
    assert "<b>" not in hostile
    assert "<script>" not in hostile


def test_a_copied_folder_is_marked(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "lab", tmp_path / "copy")
    found = experiments(output_dir=tmp_path)
    assert found[0].copy_of == "lab"
    assert "copy (copy of lab)" in found._repr_html_()
    assert len(found.open()[0].episodes) > 8
