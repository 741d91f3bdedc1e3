"""Measures of users in runs with real engines: fitness, tables, replay, failures and provenance."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
