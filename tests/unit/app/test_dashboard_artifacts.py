"""Tests of the progress of films that the dashboard requests."""

import asyncio
import sys
from pathlib import Path

import pytest

from clau_doom.app.dashboard_artifacts import FolderArtifactStore
from clau_doom.domain import Purpose
from clau_doom.errors import WrongState
from clau_doom.web import FilmProgress

PROGRAM = """
import pathlib, sys, time
folder = pathlib.Path({folder!r})
for number, line in enumerate({lines!r}):
    print(line, file=sys.stderr, flush=True)
    while not (folder / f"go{{number}}").exists():
        time.sleep(0.01)
sys.exit({code})
"""


def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], code: int) -> None:
    """Replace the film program by one that writes lines and continues after each at the test's signal."""
    script = tmp_path / "python"
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(folder=str(tmp_path), lines=lines, code=code))
    script.write_text(f"#!/bin/sh\nexec {sys.executable} {program}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


async def reaches(artifacts: FolderArtifactStore, number: int, wanted: FilmProgress) -> None:
    found: FilmProgress | None = None
    for _ in range(2000):
        found = artifacts.film_progress("u", "lab-g000-a000", Purpose.TRAINING, number)
        if found == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it is at {found}")


async def test_film_progress_from_the_queue_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film waits for the earlier film, plays, is encoded, and leaves the list when it is finished."""
    pretend(tmp_path, monkeypatch, ["progress playing", "progress filming 0.25", "progress filming 0.50"], 0)
    async with FolderArtifactStore(tmp_path) as artifacts:
        assert artifacts.film_progress("u", "lab-g000-a000", Purpose.TRAINING, 0) is None
        films = [
            asyncio.create_task(artifacts.film("u", "lab-g000-a000", Purpose.TRAINING, number)) for number in range(2)
        ]
        await reaches(artifacts, 0, FilmProgress(stage="playing"))
        await reaches(artifacts, 1, FilmProgress(stage="waiting"))
        (tmp_path / "go0").touch()
        await reaches(artifacts, 0, FilmProgress(stage="filming", share=0.25))
        (tmp_path / "go1").touch()
        await reaches(artifacts, 0, FilmProgress(stage="filming", share=0.5))
        (tmp_path / "go2").touch()
        assert len({await film for film in films}) == 2
        assert artifacts.film_progress("u", "lab-g000-a000", Purpose.TRAINING, 0) is None


async def test_failed_film_has_the_reason_and_no_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is found before and after progress lines."""
    pretend(tmp_path, monkeypatch, ["progress playing", "error: it is another episode", "progress filming 0.01"], 1)
    for number in range(3):
        (tmp_path / f"go{number}").touch()
    async with FolderArtifactStore(tmp_path) as artifacts:
        with pytest.raises(WrongState, match=r"^it is another episode$"):
            await artifacts.film("u", "lab-g000-a000", Purpose.TRAINING, 0)
        assert artifacts.film_progress("u", "lab-g000-a000", Purpose.TRAINING, 0) is None


async def test_reason_of_a_failed_film_skips_empty_lines_and_hides_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty lines of a policy do not end the reason, and the reason names no folder of the server."""
    pretend(tmp_path, monkeypatch, ["progress playing", "", "  ", f"error: {tmp_path}/lab is damaged"], 1)
    for number in range(4):
        (tmp_path / f"go{number}").touch()
    async with FolderArtifactStore(tmp_path) as artifacts:
        with pytest.raises(WrongState, match=r"^<output folder>/lab is damaged$"):
            await artifacts.film("u", "lab-g000-a000", Purpose.TRAINING, 0)
