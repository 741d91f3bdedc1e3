"""Tests of the list of plugins, with a package that is really installed."""

import sys
from pathlib import Path

import pytest

from clau_doom.config import find_plugin, installed_plugins, load_error, resolve_target
from clau_doom.errors import ConfigError
from tests.support.installed_package import install_package

MODULES = {
    "seen_marker": "LOADED = []\n",
    "hasty_parts": "import seen_marker\nseen_marker.LOADED.append('hasty')\nclass Hasty:\n    pass\n",
    "broken_parts": "raise ValueError('first line\\nsecond line')\n",
    "leaving_parts": "import sys\nsys.exit(3)\n",
}
POINTS = {
    "clau_doom.policies": {"hasty": "hasty_parts:Hasty", "shy": "hasty_parts:Shy"},
    "clau_doom.strategies": {"broken-es": "broken_parts:Broken", "leaving": "leaving_parts:Leaving"},
    "another.group": {"other": "hasty_parts:Hasty"},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_package(tmp_path_factory.mktemp("plugins"), "hasty-doom", MODULES, POINTS)


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(str(site))
    return site


def test_plugins_are_listed_with_their_packages_and_without_an_import(installed: Path) -> None:
    found = [each for each in installed_plugins() if each.distribution == "hasty-doom"]
    assert [(each.group, each.name, each.target, each.version) for each in found] == [
        ("clau_doom.policies", "hasty", "hasty_parts:Hasty", "1.2"),
        ("clau_doom.policies", "shy", "hasty_parts:Shy", "1.2"),
        ("clau_doom.strategies", "broken-es", "broken_parts:Broken", "1.2"),
        ("clau_doom.strategies", "leaving", "leaving_parts:Leaving", "1.2"),
    ]
    assert not sys.modules.keys() & MODULES.keys()


def test_plugins_of_one_group(installed: Path) -> None:
    assert [each.name for each in installed_plugins("clau_doom.strategies")] == ["broken-es", "leaving"]


def test_a_plugin_is_found_by_its_name_and_loaded(installed: Path) -> None:
    assert resolve_target("clau_doom.policies", "hasty") == "hasty_parts:Hasty"
    assert resolve_target("clau_doom.policies", "another:Class") == "another:Class"
    plugin = find_plugin("clau_doom.policies", "hasty")
    assert load_error(plugin) is None
    assert plugin.load() is sys.modules["hasty_parts"].Hasty


def test_an_unknown_name_lists_the_installed_ones(installed: Path) -> None:
    with pytest.raises(ConfigError, match=r"'hastily' is not a policy of an installed package \(hasty, shy\): use"):
        find_plugin("clau_doom.policies", "hastily")


@pytest.mark.parametrize(
    ("group", "name", "reason"),
    [
        ("clau_doom.policies", "shy", "AttributeError: module 'hasty_parts' has no attribute 'Shy'"),
        ("clau_doom.strategies", "broken-es", "ValueError: first line second line"),
        ("clau_doom.strategies", "leaving", "SystemExit: 3"),
    ],
)
def test_a_broken_plugin_has_its_reason_on_one_line(installed: Path, group: str, name: str, reason: str) -> None:
    plugin = find_plugin(group, name)
    found = load_error(plugin)
    assert found is not None
    assert found.startswith(reason)
    assert "\n" not in found
    with pytest.raises(ConfigError, match=r"of hasty-doom 1\.2 cannot be loaded: reinstall or correct the package"):
        plugin.load()


def test_a_name_of_two_packages_is_refused(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = install_package(tmp_path, "second-doom", {"second_parts": ""}, {"clau_doom.policies": {"hasty": "x:Y"}})
    monkeypatch.syspath_prepend(str(other))
    with pytest.raises(ConfigError, match=r"'hasty' is provided by hasty-doom 1\.2 and second-doom 1\.2: uninstall"):
        find_plugin("clau_doom.policies", "hasty")
