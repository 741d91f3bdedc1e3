"""Fixtures for runs of the library that play scripted episodes in this process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.in_process_backend import registered_in_process_backend

__all__ = ["small", "workplace"]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder without variables of the user, with the backend `inprocess`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLAU_DOOM_OUTPUT_DIR", raising=False)
    with registered_in_process_backend():
        yield tmp_path


def small(**changes: object) -> dict[str, Any]:
    """Return a configuration of 2 generations with 3 agents."""
    return {
        "name": "small",
        "generations": 2,
        "population": 3,
        "episodes": 2,
        "execution.backend": "inprocess",
        "holdout": {"validation": 1, "episodes": 2},
        **changes,
    }
