"""Runs that cannot start, with real workers: nothing is left of them, and their names are free."""

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


def test_a_run_whose_port_is_taken_leaves_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the port it starts under the same name; once it has played, the name is taken."""
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
