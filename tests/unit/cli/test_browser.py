"""Login links: in the user's browser, and in a private file."""

import sys
from pathlib import Path

import pytest

from clau_doom.cli import browser


def test_the_file_with_the_code_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no browser can be started."""
    monkeypatch.setattr(browser, "_has_display", lambda: True)
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    with browser.shown_in_browser("http://127.0.0.1:8080/login?code=x", tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_kept_in_a_private_file(tmp_path: Path) -> None:
    """It replaces the file of a killed server, and is removed with the context."""
    (tmp_path / "login").write_text("http://old/login?code=1\n")
    with browser.kept_in_file("http://127.0.0.1:8080/login?code=2", tmp_path) as path:
        assert path.read_text() == "http://127.0.0.1:8080/login?code=2\n"
        assert path.stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == []
