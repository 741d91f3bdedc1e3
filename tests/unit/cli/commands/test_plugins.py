"""Tests of the command `plugins`, with a package that is really installed."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import Run
from tests.support.installed_package import install_package

MODULES = {"own_parts": "class Own:\n    pass\n", "torn_parts": "raise ValueError('no\\nway')\n"}
POINTS = {
    "clau_doom.policies": {"own": "own_parts:Own"},
    "clau_doom.strategies": {"torn": "torn_parts:Torn"},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_package(tmp_path_factory.mktemp("plugins"), "own-doom", MODULES, POINTS)


def test_plugins_are_listed_without_an_import(run: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    found = json.loads(run("plugins", "--json").out)["plugins"]
    assert [row for row in found if row["distribution"] == "own-doom"] == [
        {
            "group": "clau_doom.policies",
            "name": "own",
            "target": "own_parts:Own",
            "distribution": "own-doom",
            "version": "1.2",
        },
        {
            "group": "clau_doom.strategies",
            "name": "torn",
            "target": "torn_parts:Torn",
            "distribution": "own-doom",
            "version": "1.2",
        },
    ]
    shown = run("plugins").out
    assert "own_parts:Own" in shown
    assert "own-doom 1.2" in shown
    assert "ValueError" not in shown


def test_a_broken_plugin_is_marked_on_request(run: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    found = {row["name"]: row["error"] for row in json.loads(run("plugins", "--check", "--json").out)["plugins"]}
    assert found["own"] is None
    assert found["torn"] == "ValueError: no way"
    assert "ValueError: no way" in " ".join(run("plugins", "--check").out.split())


def test_without_plugins_the_command_names_the_documentation(run: Run) -> None:
    assert run("plugins").out == "No installed package has plugins. See docs/strategies.md.\n"
