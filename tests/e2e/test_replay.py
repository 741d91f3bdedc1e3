"""Tests of `clau-doom replay` in a process: verification, films and refusals."""

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.films import take_apart

pytestmark = pytest.mark.engine

QUICK = """
name: quick
generations: 1
population: 3
episodes: 1
scenario: {name: defend_the_center, timeout: 200}
policy: {kind: rules}
fitness: kills
holdout: {validation: 1, episodes: 2}
"""


@pytest.fixture
def quick(service: Any) -> Any:
    """Return the command in a folder that holds a finished experiment."""
    (service.folder / "config.yaml").write_text(QUICK)
    done = service.run("run", local=True)
    assert done.returncode == 0, done.stderr
    assert "clau-doom replay quick" in done.stderr
    return service


def document(quick: Any, *words: str) -> Any:
    done = quick.run("replay", *words, "--json", local=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_episode_is_verified(quick: Any) -> None:
    """The verification is printed on stdout. An unrecorded seed is played without verification."""
    done = quick.run("replay", "quick", local=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "held-out episode 0, seed" in done.stdout
    assert "the hash of the trajectory and all measures equal those of the record" in done.stdout
    found = document(quick, "quick-random", "--episode", "1")
    assert (found["agent"], found["purpose"], found["number"], found["proved"]) == ("quick-random", "held_out", 1, True)
    assert found["film"] is None
    other = document(quick, "quick", "--seed", "4")
    assert (other["seed"], other["proved"], other["purpose"]) == (4, False, None)
    message = quick.run("replay", "quick", "--seed", "4", local=True).stdout
    assert "no record: this seed has no recorded episode of the agent" in message


def test_episode_is_filmed(quick: Any) -> None:
    """An mp4 has one picture a tic in the requested size. A gif has fewer and smaller pictures."""
    folder: Path = quick.folder
    output = document(quick, "quick", "-o", "a.mp4", "--overlay", "--resolution", "800x600")
    found, tics = take_apart(folder / "a.mp4"), output["measures"]["tics"]
    assert (output["film"]["path"], output["film"]["frames"], output["film"]["size"]) == ("a.mp4", tics, [800, 600])
    assert (len(found.pictures), found.size, found.rate) == (tics, (800, 600), 35.0)
    assert found.seconds == pytest.approx(tics / 35, abs=0.02)
    assert (found.codec, found.pixels) == ("h264", "yuv420p")
    assert len({picture.tobytes() for picture in found.pictures}) > tics / 2
    refused = quick.run("replay", "quick", "-o", "a.mp4", local=True)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    again = document(quick, "quick", "-o", "a.mp4", "--force", "--from", "1", "--to", "3")
    assert (again["film"]["frames"], again["film"]["size"]) == (70, [640, 480])
    gif = document(quick, "quick", "-o", "a.gif", "--overlay")
    with Image.open(folder / "a.gif") as opened:
        expected = sum(int(number * 2.8) < tics for number in range(1000))
        assert (opened.n_frames, opened.size) == (expected, (400, 300))  # type: ignore[attr-defined]
    assert gif["film"]["frames"] == expected
    assert {path.name for path in folder.iterdir()} == {"config.yaml", "runs", "a.mp4", "a.gif"}


def test_exported_agent_is_replayed_without_its_experiment(quick: Any) -> None:
    """An existing file is not overwritten without consent. An agent without a genome is refused."""
    done = quick.run("agent", "export", "quick", "-o", "champion.json", local=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "clau-doom replay champion.json" in done.stderr
    (quick.folder / "runs").rename(quick.folder / "gone")
    output = document(quick, "champion.json", "--episode", "1")
    assert (output["champion"], output["purpose"], output["number"], output["proved"]) == (True, "held_out", 1, True)
    for words, complaint in (
        (("agent", "export", "quick", "-o", "champion.json"), "exists already"),
        (("agent", "export", "quick", "-o", "champion.yaml"), "is not a .json file"),
        (("agent", "export", "quick", "-o", "nowhere/champion.json"), "nowhere not found"),
        (("agent", "export", "quick", "-o", "other.json"), "quick"),
        (("replay", "other.json"), "cannot read other.json"),
        (("replay", "champion.json", "--episode", "2"), "has no finished held-out episode 2: it has 0 to 1"),
    ):
        refused = quick.run(*words, local=True)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert complaint in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
    (quick.folder / "gone").rename(quick.folder / "runs")
    refused = quick.run("agent", "export", "quick-random", "-o", "other.json", local=True)
    assert refused.returncode == 2
    assert "it has no genome to export" in refused.stderr


def test_changed_record_is_refused(quick: Any) -> None:
    """The hash of the episode is changed. The error is one line, and no film is made."""
    with closing(sqlite3.connect(quick.folder / "runs" / "quick" / "results.sqlite")) as database, database:
        database.execute("UPDATE played SET trajectory = zeroblob(32)")
    done = quick.run("replay", "quick", "-o", "a.mp4", local=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "differs from the record: its trajectory's SHA-256 is" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (quick.folder / "a.mp4").exists()


def test_agent_of_a_server_is_replayed_locally(service: Any) -> None:
    (service.folder / "config.yaml").write_text(QUICK)
    service.start()
    done = service.run("run")
    assert done.returncode == 0, done.stderr
    assert f"clau-doom replay quick --overlay -o quick.mp4 --server {service.address}" in done.stderr
    found = json.loads(service.run("replay", "quick", "--json").stdout)
    assert (found["champion"], found["proved"]) == (True, True)


@pytest.fixture
def display(tool: Callable[[str, str], str]) -> Iterator[str]:
    """Yield the name of a virtual X display."""
    receive, send = os.pipe()
    command = [tool("Xvfb", "xvfb"), "-displayfd", str(send), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[send], stderr=subprocess.DEVNULL) as server:
        os.close(send)
        with os.fdopen(receive) as stream:
            yield f":{stream.readline().strip()}"
        server.terminate()


def test_episode_is_watched_in_real_time(quick: Any, display: str) -> None:
    """A window shows 35 tics a second, and the verification follows."""
    begun = time.monotonic()
    done = quick.run("replay", "quick", "--watch", "--json", local=True, DISPLAY=display)
    seconds = time.monotonic() - begun
    assert (done.returncode, done.stderr) == (0, "")
    output = json.loads(done.stdout)
    assert output["proved"]
    assert output["measures"]["tics"] / 35 < seconds < output["measures"]["tics"] / 35 + 30.0
