"""Tests of runs that cannot start, with real workers: they leave no experiment."""

import json
import socket
from pathlib import Path

import pytest

from clau_doom.cli import run_command

pytestmark = pytest.mark.engine

QUICK = """
name: quick
generations: 1
population: 2
episodes: 1
scenario: {name: basic, timeout: 20}
policy: {kind: random}
evolution: {kind: random}
holdout: {validation: 1, episodes: 2}
execution: {workers: 1}
"""


def test_run_with_a_used_port_stores_no_experiment(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later run can use the same name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(QUICK)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run_command(["run", "--web-port", str(taken.getsockname()[1])]) == 2
    assert "Address already in use" in capfd.readouterr().err
    assert list((tmp_path / "runs").glob("*quick*")) == []
    assert run_command(["run"]) == 0
    capfd.readouterr()
    assert run_command(["status", "--json"]) == 0
    assert [each["state"] for each in json.loads(capfd.readouterr().out)["experiments"]] == ["completed"]
    assert run_command(["run"]) == 2
    assert "quick exists already" in capfd.readouterr().err
