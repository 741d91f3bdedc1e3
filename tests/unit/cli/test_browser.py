"""Login link in the user's browser."""

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
