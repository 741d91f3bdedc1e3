"""Tests of the command line with a backend that code outside the package registers."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clau_doom.cli.commands.doctor import backend_findings
from tests.support.in_process_backend import registered_in_process_backend

Run = Callable[..., Any]

CONFIG = """\
name: outside
generations: 2
population: 4
episodes: 2
execution: {backend: inprocess}
inprocess: {slots: 3, labels: {site: north}}
holdout: {validation: 2, episodes: 3}
"""


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    with registered_in_process_backend():
        yield


@pytest.fixture(autouse=True)
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    return path


def test_configuration_of_a_registered_backend_is_checked(run: Run, config: Path) -> None:
    done = run("config", "check", "config.yaml")
    assert (done.code, done.out) == (0, "config.yaml is valid\n")
    config.write_text(CONFIG.replace("slots: 3", "slots: 0, site: 1"))
    refused = run("config", "check", "config.yaml")
    assert refused.code == 2
    assert "inprocess.slots (line 6): 0 is too small: use 1 or more" in refused.err
    assert "inprocess.site (line 6): is an unknown field" in refused.err


def test_environment_sets_fields_of_a_registered_backend(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAU_DOOM_INPROCESS_SLOTS", "5")
    shown = run("config", "show", "config.yaml")
    assert "inprocess.slots\t5\tenvironment CLAU_DOOM_INPROCESS_SLOTS\n" in shown.out
    assert "inprocess.labels\t{site: north}\tfile config.yaml:6\n" in shown.out


def test_starter_and_json_schema_have_its_section(run: Run, tmp_path: Path) -> None:
    assert run("config", "init", "new.yaml").code == 0
    starter = (tmp_path / "new.yaml").read_text()
    assert "# Episodes at once. (1 to 64)\n  slots: 2\n" in starter
    schema = json.loads(run("config", "schema").out)
    assert schema["$defs"]["ExecutionConfig"]["properties"]["backend"]["enum"][-1] == "inprocess"
    assert "seconds" in schema["$defs"]["InProcessConfig"]["properties"]


def test_run_is_planned_played_and_resumed(run: Run) -> None:
    """The option `--backend` selects the backend, and its check refuses a plan. Its section may change at a resume."""
    planned = run("run", "--dry-run")
    assert planned.code == 0, planned.err
    refused = run("run", "--workers", "2")
    assert "backend inprocess has no workers: use 0" in refused.err
    done = run("run")
    assert done.code == 0, done.err
    assert json.loads(run("status", "outside", "--json").out)["state"] == "completed"
    resumed = run("run", "--resume", "outside", "-g", "3")
    assert resumed.code == 0, resumed.err
    assert json.loads(run("status", "outside", "--json").out)["generations_finished"] == 3
    other = run("run", "--name", "other", "--backend", "inproces")
    assert "did you mean inprocess? use local, docker, " in other.err


def test_doctor_reports_its_health() -> None:
    assert "in-process backend" in [finding.name for finding in backend_findings()]
