"""Tests of analyses of one experiment in all forms."""

import json
from pathlib import Path

import pytest

from clau_doom.api.analysis import Analysis
from clau_doom.api.experiment import Experiment, open_experiment
from clau_doom.errors import ConfigError
from tests.support.stored_experiments import store_experiment


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    folder = tmp_path_factory.mktemp("runs")
    store_experiment(folder)
    return open_experiment("lab", folder)


@pytest.fixture(scope="module")
def analysis(experiment: Experiment) -> Analysis:
    return experiment.analyze()


def test_results_are_those_of_the_tables(experiment: Experiment, analysis: Analysis) -> None:
    found = analysis.to_dict()
    assert found["schema_version"] == 1
    assert (found["id"], found["state"]) == ("lab", "completed")
    assert found["champion"] == experiment.status.champion
    held_out = [
        row["fitness"]
        for row in experiment.episodes
        if (row["purpose"], row["agent"]) == ("held_out", found["champion"])
    ]
    roles = {each["role"]: each["fitness"]["mean"] for each in found["held_out"]}
    assert roles["champion"] == pytest.approx(sum(held_out) / 6)
    assert json.loads(analysis.to_json()) == found
    assert "\n" not in analysis.to_json(indent=None)


def test_text_has_the_main_sections_and_named_sections_are_complete(analysis: Analysis) -> None:
    text = str(analysis)
    assert "lab" in text.splitlines()[0]
    assert "Results on held-out seeds" in text
    assert "reproduction" not in text
    assert "reproduction" in analysis.text("reproduction")
    assert "held-out" not in analysis.text("lineage").splitlines()[1:]
    assert max(map(len, analysis.text(width=60).splitlines())) <= 60


def test_an_unknown_section_is_named_with_the_known_ones(analysis: Analysis) -> None:
    with pytest.raises(ConfigError, match="unknown section 'anova': choose one of held-out, generations"):
        analysis.text("anova")


def test_criteria_rank_the_agents(experiment: Experiment, analysis: Analysis) -> None:
    assert "missing" in analysis.to_dict()["ranking"]
    by_mapping = experiment.analyze(criteria={"kills": 1, "shots": -2.5})
    ranked = by_mapping.to_dict()["ranking"]
    assert "missing" not in ranked
    assert ranked == experiment.analyze(criteria="kills:1,shots:-2.5").to_dict()["ranking"]
    assert "multicriteria-ranking" in by_mapping.text()
    with pytest.raises(ConfigError, match="'luck' is not a criterion"):
        experiment.analyze(criteria={"luck": 1})


def test_the_report_is_a_page_and_is_replaced(experiment: Experiment, analysis: Analysis, tmp_path: Path) -> None:
    path = experiment.report(tmp_path / "lab.html")
    assert path == tmp_path / "lab.html"
    assert path.read_text() == analysis.html()
    assert "<!doctype html>" in analysis.html()
    experiment.report(str(path))
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(ConfigError, match="is not a report"):
        experiment.report(tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == "mine"
    experiment.report(tmp_path / "mine.html", force=True)
    assert (tmp_path / "mine.html").read_text() == analysis.html()
    with pytest.raises(ConfigError, match=r"is not an \.html file"):
        analysis.report(tmp_path / "lab.pdf")


def test_html_for_notebooks_has_summary_cautions_and_tables(analysis: Analysis) -> None:
    shown = analysis._repr_html_()
    assert shown.startswith("<div>")
    assert "evolved the genes of a rules policy" in shown
    assert "What must not be concluded" in shown
    assert "<table>" in shown
    assert "<style" not in shown
    assert repr(analysis).startswith("<Analysis with sections held-out, generations")


def test_text_has_no_styles_even_if_the_environment_requests_them(
    analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in analysis.text()
