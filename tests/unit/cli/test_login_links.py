"""Tests of login links in the user's browser and in a private file."""

import sys
from pathlib import Path

import pytest

from clau_doom.cli import login_links
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.storage import ExperimentFolders


def test_login_link_file_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is removed even if no browser can be started."""
    monkeypatch.setattr(login_links, "_has_display", lambda: True)
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    with login_links.shown_in_browser("http://127.0.0.1:8080/login?code=x", tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_login_link_is_stored_in_a_private_file(tmp_path: Path) -> None:
    """The file replaces that of a killed server, is removed with the context, and conflicts with no experiment."""
    (tmp_path / "login.link").write_text("http://old/login?code=1\n")
    ExperimentFolders(tmp_path).create(
        Experiment(id="login", uuid="u", seed=1, config_yaml="", provenance=Provenance(facts=())),
    )
    with login_links.kept_in_file("http://127.0.0.1:8080/login?code=2", tmp_path) as path:
        assert path is not None
        assert path.read_text() == "http://127.0.0.1:8080/login?code=2\n"
        assert path.stat().st_mode & 0o777 == 0o600
    assert ExperimentFolders(tmp_path).ids() == ("login",)
    assert not path.exists()


def test_failed_storage_of_a_login_link_is_ignored(tmp_path: Path) -> None:
    """A full disk does not end the command. A folder of the same name does not, either."""
    (tmp_path / "login.link").mkdir()
    with login_links.kept_in_file("http://127.0.0.1:8080/login?code=2", tmp_path) as path:
        assert path is None
