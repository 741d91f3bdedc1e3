"""Tests of comparisons of experiments."""

from pathlib import Path

import pytest

from clau_doom.api.comparing import compare
from clau_doom.api.experiment_list import experiments
from clau_doom.api.opening import open as open_by_id_or_path
from clau_doom.config import HoldoutConfig, ScenarioConfig
from clau_doom.errors import ConfigError, WrongState
from clau_doom.orchestration import Shutdown
from clau_doom.ports import EpisodeTask
from tests.support.stored_experiments import SMALL, store_experiment

ONE = SMALL.model_copy(update={"generations": 1, "holdout": HoldoutConfig(validation=1, episodes=5)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two conditions in two scenarios, and an interrupted experiment."""
    folder = tmp_path_factory.mktemp("runs")
    for scenario in ("defend_the_center", "deadly_corridor"):
        for population in (4, 6):
            changes = {"name": f"{scenario[:4]}-{population}", "population": population}
            store_experiment(folder, ONE.model_copy(update={**changes, "scenario": ScenarioConfig(name=scenario)}))
    shutdown = Shutdown()

    async def stop(task: EpisodeTask) -> None:
        shutdown.request("a test", grace=0.0)

    store_experiment(folder, ONE.model_copy(update={"name": "stopped"}), disturb=stop, shutdown=shutdown)
    return folder


def test_experiments_are_given_by_id_path_object_or_list(folder: Path) -> None:
    by_id = compare(["defe-4", "defe-6"], output_dir=folder).to_dict()
    assert by_id["baseline"] == "defe-4"
    assert [each["experiments"] for each in by_id["conditions"]] == [["defe-4"], ["defe-6"]]
    assert compare([folder / "defe-4", open_by_id_or_path(folder / "defe-6")]).to_dict() == by_id
    found = experiments(output_dir=folder, pattern="defe-*")
    assert compare(found, baseline="defe-4").to_dict()["baseline"] == "defe-4"
    assert compare(found, baseline=folder / "defe-6").to_dict()["baseline"] == "defe-6"


def test_a_text_with_ids_is_refused() -> None:
    """Its characters would be ids."""
    with pytest.raises(ConfigError, match=r"experiments is the text 'a b': give a list of ids, as \['a', 'b'\]"):
        compare("a b")


def test_a_comparison_has_text_html_and_a_report(folder: Path, tmp_path: Path) -> None:
    found = compare(["defe-4", "defe-6"], output_dir=folder, criteria={"kills": 1})
    assert "defe-6" in str(found)
    assert "defe-6" in found._repr_html_()
    assert "multicriteria-ranking" in found.text("multicriteria-ranking")
    assert "defe-6" in found.report(tmp_path / "both.html").read_text()


def test_curves_are_compared_by_episodes_unless_another_unit_is_given(folder: Path) -> None:
    """Eight and twelve episodes each in one generation: by generations, the runs end together."""
    found = compare(["defe-4", "defe-6"], output_dir=folder).to_dict()
    assert (found["x"], [curve["points"][0]["x"] for curve in found["curves"]]) == ("episodes", [8, 12])
    found = compare(["defe-4", "defe-6"], output_dir=folder, x="generations").to_dict()
    assert (found["x"], [curve["points"][0]["x"] for curve in found["curves"]]) == ("generations", [0, 0])
    assert "--x tics" in compare(["defe-4", "defe-6"], output_dir=folder, x="tics").text("reproduction", width=200)


def test_experiments_of_several_scenarios_are_compared_over_scenarios(folder: Path) -> None:
    ids = ["defe-4", "defe-6", "dead-4", "dead-6"]
    found = compare(ids, output_dir=folder, margin=0.1)
    assert {"scenarios", "conditions"} <= found.to_dict().keys()
    assert found.sections
    assert found.text(found.sections[0])
    for name, value in (("criteria", {"kills": 1}), ("targets", [1.0]), ("x", "tics")):
        with pytest.raises(ConfigError, match=f"{name} needs experiments of one scenario"):
            compare(ids, output_dir=folder, **{name: value})  # type: ignore[arg-type] # one of three types


def test_errors_name_the_argument(folder: Path) -> None:
    with pytest.raises(ConfigError, match="two or more experiments: 1 given"):
        compare(["defe-4"], output_dir=folder)
    with pytest.raises(ConfigError, match=r"the baseline dead-4 is not one of defe-4, defe-6"):
        compare(["defe-4", "defe-6"], output_dir=folder, baseline="dead-4")
    with pytest.raises(ConfigError, match="x 'hours' is not a unit"):
        compare(["defe-4", "defe-6"], output_dir=folder, x="hours")
    with pytest.raises(ConfigError, match="margin -1 is not above 0"):
        compare(["defe-4", "defe-6"], output_dir=folder, margin=-1)
    with pytest.raises(WrongState, match="stopped is interrupted"):
        compare(["defe-4", "stopped"], output_dir=folder)
