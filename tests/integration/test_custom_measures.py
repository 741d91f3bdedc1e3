"""Measures of users in runs with real engines: fitness, tables, replay, failures and provenance."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import clau_doom as cd

SOURCE = """
import clau_doom as cd

@cd.measure(low=0.0, high=1.0)
def aim(episode):
    return min(episode.measures.hits / max(episode.measures.shots, 1.0), 1.0)

@cd.measure(low=0, integer=True)
def attacks(episode):
    return int(episode.button("ATTACK").sum())
"""
CONFIG = """
name: own
generations: 2
population: 3
episodes: 2
scenario: {name: basic}
measures: {aim: "my_own_measures:aim", attacks: "my_own_measures:attacks"}
fitness: {kills: 1.0, aim: 2.0}
evolution: {kind: map-elites, descriptors: [{measure: attacks, high: 80.0}]}
execution: {workers: 1}
holdout: {validation: 1, episodes: 2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished experiment."""
    folder = tmp_path_factory.mktemp("measures")
    (folder / "my_own_measures.py").write_text(SOURCE)
    (folder / "config.yaml").write_text(CONFIG)
    assert called(folder, "run", "-c", "config.yaml").returncode == 0
    return folder


def called(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clau_doom", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def document(folder: Path, *arguments: str) -> Any:
    done = called(folder, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_fitness_follows_from_the_measures(folder: Path) -> None:
    """The stored values of each episode give its fitness."""
    agent = document(folder, "agent", "show", "own-g000-a000")
    training = [each for each in agent["episodes"] if each["purpose"] == "training"]
    assert len(training) == 2
    for episode in training:
        measures = episode["measures"]
        assert 0.0 <= measures["aim"] <= 1.0
        assert episode["fitness"] == pytest.approx(measures["kills"] + 2.0 * measures["aim"])


def test_replay_verifies_the_measures(folder: Path) -> None:
    replayed = document(folder, "replay", "own")
    assert {"aim", "attacks"} <= replayed["measures"].keys()


def test_export_has_a_column_for_each_measure(folder: Path) -> None:
    assert called(folder, "export", "own", "--to", "tables", "--format", "csv").returncode == 0
    head, *rows = (folder / "tables" / "episodes.csv").read_text().splitlines()
    assert head.endswith(',"aim","attacks"')
    assert len(rows) >= 2 * 3 * 2


def test_tables_show_the_measures(folder: Path) -> None:
    done = called(folder, "analyze", "own", "--section", "held-out")
    assert done.returncode == 0, done.stderr
    assert "mean aim" in done.stdout


def test_ranking_has_the_measures_as_criteria(folder: Path) -> None:
    done = called(folder, "analyze", "own", "--criteria", "kills:1,aim:3,attacks:-1")
    assert done.returncode == 0, done.stderr
    assert "aim (more is better, 60 %)" in " ".join(done.stdout.split())
    refused = called(folder, "analyze", "own", "--criteria", "aims:3")
    assert (refused.returncode, "'aims' is not a criterion: did you mean aim?" in refused.stderr) == (2, True)


def test_curves_of_trackers_have_the_measures(folder: Path) -> None:
    assert called(folder, "track", "own", "--to", "jsonl", "--option", "folder=tracked").returncode == 0
    lines = [json.loads(line) for line in (folder / "tracked/own.jsonl").read_text().splitlines()]
    curves = [line["values"] for line in lines if line["type"] == "curves"]
    agents = [document(folder, "agent", "show", f"own-g000-a00{index}") for index in range(3)]
    aims = [each["measures"]["aim"] for agent in agents for each in agent["episodes"] if each["purpose"] == "training"]
    assert curves[0]["measures/aim"] == pytest.approx(sum(aims) / len(aims))
    (results,) = [line["values"] for line in lines if line["type"] == "results"]
    assert {"held_out/champion/aim", "held_out/random/attacks"} <= results.keys()


@pytest.fixture(scope="module")
def exported(folder: Path) -> Path:
    assert called(folder, "agent", "export", "own", "-o", "own.json").returncode == 0
    return folder / "own.json"


def test_agent_file_has_the_measures(folder: Path, exported: Path) -> None:
    """The values are those of the experiment. Without consent, nothing is imported and the rest is verified."""
    written = json.loads(exported.read_text())
    assert written["measures"] == {"aim": "my_own_measures:aim", "attacks": "my_own_measures:attacks"}
    shown = document(folder, "agent", "show", written["agent"])
    held_out = {each["seed"]: each["measures"] for each in shown["episodes"] if each["purpose"] == "held_out"}
    assert {each["seed"]: each["measures"] for each in written["episodes"]} == held_out
    replayed = document(folder, "replay", "own.json")
    assert (replayed["proved"], list(replayed["not_computed"])) == (True, ["aim", "attacks"])
    assert "--trust my_own_measures:aim" in replayed["not_computed"]["aim"]
    assert "aim" not in replayed["measures"]
    plain = " ".join(called(folder, "replay", "own.json").stdout.split())
    assert "all other measures equal those of the record" in plain
    assert "not computed aim: read the source of my_own_measures:aim" in plain


def test_trusted_measures_of_an_agent_file_are_verified(folder: Path, exported: Path) -> None:
    """A changed value of the record is found, with the measure that is trusted only."""
    trust = ("--trust", "my_own_measures:aim", "--trust", "my_own_measures:attacks")
    replayed = document(folder, "replay", "own.json", *trust)
    assert (replayed["not_computed"], {"aim", "attacks"} <= replayed["measures"].keys()) == ({}, True)
    written = json.loads(exported.read_text())
    for episode in written["episodes"]:
        episode["measures"]["attacks"] += 1.0
    (folder / "changed.json").write_text(json.dumps(written))
    assert called(folder, "replay", "changed.json", *trust[:2]).returncode == 0
    refused = called(folder, "replay", "changed.json", *trust)
    assert (refused.returncode, "its attacks is" in refused.stderr) == (1, True)


def test_loop_of_the_user_has_the_measures(
    folder: Path, exported: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An environment of the agent and further episodes give the recorded values."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    trust = ["my_own_measures:aim", "my_own_measures:attacks"]
    recorded = json.loads(exported.read_text())["episodes"][0]
    agent = cd.load_agent(exported, trust=trust)
    with agent.make_env() as env:
        observation, _ = env.reset(seed=recorded["seed"])
        agent.reset(recorded["seed"])
        over = False
        while not over:
            observation, _, terminated, truncated, info = env.step(agent.act(observation))
            over = terminated or truncated
    assert info["measures"] == recorded["measures"]
    played = agent.play(seeds=[recorded["seed"]], workers=1)
    assert (played["aim"], played["attacks"]) == ([recorded["measures"]["aim"]], [recorded["measures"]["attacks"]])
    assert agent.episodes["aim"][0] == recorded["measures"]["aim"]
    with cd.load_agent(exported).make_env() as plain:
        assert plain.spec is not None
        assert plain.spec.kwargs["measures"] == {}
    assert "a measure of the user is not computed" in caplog.text


def test_experiment_without_the_module_is_still_verified(folder: Path, tmp_path: Path) -> None:
    """On another machine, the experiment's folder is sufficient for the rest."""
    shutil.copytree(folder / "runs", tmp_path / "runs")
    replayed = document(tmp_path, "replay", "own")
    assert (replayed["proved"], list(replayed["not_computed"])) == (True, ["aim", "attacks"])


def test_changed_measure_refuses_a_resume(folder: Path) -> None:
    source = folder / "my_own_measures.py"
    source.write_text(SOURCE.replace("1.0), 1.0)", "2.0), 1.0)"))
    try:
        done = called(folder, "run", "--resume", "own", "-g", "3")
        assert done.returncode == 2
        assert "source.measures.aim" in done.stderr
    finally:
        source.write_text(SOURCE)


def test_failing_measure_stops_the_run(tmp_path: Path) -> None:
    """The message names the measure, the error, the file and the line."""
    (tmp_path / "my_own_measures.py").write_text(SOURCE.replace("max(episode.measures.shots, 1.0)", "0"))
    (tmp_path / "config.yaml").write_text(CONFIG)
    done = called(tmp_path, "run", "-c", "config.yaml")
    assert done.returncode == 1
    assert "measure aim raised ZeroDivisionError (my_own_measures.py, line 6)" in done.stderr
    assert "Traceback" not in done.stderr
