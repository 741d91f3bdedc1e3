"""Tests of the folder of experiments."""

from pathlib import Path

import pytest

from clau_doom.api.output_dir import find_output_dir
from clau_doom.errors import ConfigError


def test_an_argument_precedes_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAU_DOOM_OUTPUT_DIR", "elsewhere")
    assert find_output_dir("here") == Path("here")
    assert find_output_dir(Path("here")) == Path("here")
    assert find_output_dir() == Path("elsewhere")


@pytest.mark.parametrize("value", [None, ""])
def test_the_default_is_runs(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("CLAU_DOOM_OUTPUT_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("CLAU_DOOM_OUTPUT_DIR", value)
    assert find_output_dir() == Path("runs")


def test_the_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert find_output_dir("~/runs") == Path("/home/ada/runs")
    with pytest.raises(ConfigError, match="output_dir '~no-such-user/x' begins with an unknown home folder"):
        find_output_dir("~no-such-user/x")
