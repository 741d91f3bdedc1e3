"""Tests of the `config` commands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from clau_doom.cli.commands.config import app
from clau_doom.config import ExperimentConfig, config_from_yaml, json_schema, starter
from clau_doom.errors import ConfigError


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _invoke(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), env=env)


def test_init_writes_a_valid_starter() -> None:
    """The starter is written to config.yaml, and the message is not on stdout."""
    result = _invoke("init")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "wrote config.yaml\n")
    assert config_from_yaml(Path("config.yaml").read_text(), name="c") == ExperimentConfig()
    assert _invoke("check").stdout == "config.yaml is valid\n"


def test_init_overwrites_only_by_force() -> None:
    """An existing file is unchanged unless --force is given."""
    Path("mine.yaml").write_text("seed: 3\n")
    refused = _invoke("init", "mine.yaml")
    assert isinstance(refused.exception, ConfigError)
    assert str(refused.exception) == "mine.yaml exists already: choose another name, or overwrite it with --force"
    assert Path("mine.yaml").read_text() == "seed: 3\n"
    assert _invoke("init", "mine.yaml", "--force").exit_code == 0
    assert Path("mine.yaml").read_text() == starter()


def test_init_in_a_missing_folder_is_an_error() -> None:
    assert str(_invoke("init", "none/c.yaml").exception) == "cannot write none/c.yaml: No such file or directory"


def test_check_reports_every_problem() -> None:
    """An invalid file is refused with all of its problems, and stdout is empty."""
    Path("c.yaml").write_text("sed: 1\npopulation: 0\n")
    result = _invoke("check", "c.yaml")
    assert isinstance(result.exception, ConfigError)
    assert "2 problems" in str(result.exception)
    assert result.stdout == ""


def test_show_prints_values_and_their_origins() -> None:
    """In a pipe, each field is a line of path, value and origin, separated by tabs."""
    Path("c.yaml").write_text("seed: 3\nmax_duration: 90m\n")
    lines = _invoke("show", "c.yaml", env={"CLAU_DOOM_EPISODES": "8"}).stdout.splitlines()
    assert "seed\t3\tfile c.yaml:1" in lines
    assert "max_duration\t1h30m\tfile c.yaml:2" in lines
    assert "episodes\t8\tenvironment CLAU_DOOM_EPISODES" in lines
    assert "policy.kind\trules\tdefault" in lines


def test_show_draws_a_table_on_a_terminal() -> None:
    """On a terminal the same data are a table, and brackets in values are not read as markup."""
    Path("c.yaml").write_text("policy: {kind: neural, layers: [16, 8]}\n")
    text = _invoke("show", "c.yaml", env={"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "100"}).stdout
    assert "field" in text.splitlines()[0]
    assert "[16, 8]" in text
    assert "\t" not in text


def test_schema_prints_json() -> None:
    """The JSON Schema is on stdout."""
    result = _invoke("schema")
    assert result.stdout == json_schema()
    assert json.loads(result.stdout)["title"] == "clau-doom experiment"


def test_show_prints_no_password() -> None:
    """In a pipe and on a terminal, a URL has no user and password."""
    Path("c.yaml").write_text("nats: {url: 'nats://alice:S3CRET@h:1'}\n")
    for environ in ({}, {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "100"}):
        text = _invoke("show", "c.yaml", env=environ).stdout
        assert "[redacted]@h:1" in text
        assert "S3CRET" not in text


def test_created_files_are_not_writable_by_others(tmp_path: Path) -> None:
    """This holds under umask 0, which some init systems and containers set."""
    words = ("sh", "-c", 'umask 0; exec "$@"', "sh", sys.executable, "-m", "clau_doom", "config", "init", "made.yaml")
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "made.yaml").stat().st_mode & 0o777 == 0o644
