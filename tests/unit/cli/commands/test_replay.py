"""Tests of the errors of `replay` before anything is played."""

import json
import select
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clau_doom.app.replay import check_display
from clau_doom.domain.events import ChampionChosen, Event, ExperimentStarted

Run = Callable[..., Any]
Keep = Callable[[list[Event]], None]


@pytest.fixture
def kept(keep: Keep, story: list[Event]) -> None:
    keep(story)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tiny", "-o", "a.avi"], "a.avi' is not a .mp4 or .gif file"),
        (["tiny", "-o", "there.mp4"], "there.mp4 exists already: choose another name, or overwrite it with --force"),
        (["tiny", "-o", "no/folder/a.mp4"], "folder no/folder not found"),
        (["tiny", "-o", "a.mp4", "--resolution", "320x240"], "320x240"),
        (["tiny", "-o", "a.mp4", "--from", "3", "--to", "2"], "--to 2 is not after --from 3"),
        (["tiny", "--overlay"], "need a film: use -o FILE"),
        (["tiny", "--to", "3"], "need a film: use -o FILE"),
        (["tiny", "--episode", "1", "--seed", "2"], "exclude each other: omit one"),
        (["tiny", "--purpose", "fun"], "training|validation|held-out"),
        (["tiny", "--episode", "5"], "no finished held-out episode 5: it has 0 to 4"),
        (["tiny-g000-a000", "--purpose", "held-out"], "tiny-g000-a000 has no finished held-out episode"),
        (["tiny-g001-a002"], "tiny-g001-a002 has no finished episode: play any seed with --seed"),
        (["tiny-g007-a000"], "has 2 generations"),
        (["tiny", "--address", "localhost:1"], "a policy of kind rules has no address"),
        (["tony"], "did you mean tiny"),
        (["Not An Id"], "Not An Id"),
        (["--seed", "4294967296", "tiny"], "less than or equal to 4294967295"),
    ],
)
def test_invalid_replay_is_refused(run: Run, kept: None, tmp_path: Path, words: list[str], message: str) -> None:
    """One line names the value and the remedy. No file is written."""
    (tmp_path / "there.mp4").write_bytes(b"before")
    before = sorted(tmp_path.iterdir())
    done = run("replay", *words)
    assert (done.code, done.out) == (2, "")
    assert message in " ".join(done.err.replace("│", " ").split())
    assert "Traceback" not in done.err
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.mp4").read_bytes() == b"before"


def test_replay_of_an_experiment_without_a_champion_is_refused(run: Run, keep: Keep, story: list[Event]) -> None:
    """The error has the command that lists agents."""
    keep(story[: next(place for place, event in enumerate(story) if isinstance(event, ChampionChosen))])
    done = run("replay", "tiny")
    assert done.code == 2
    assert "experiment tiny has no champion yet: give one of its agents (clau-doom agent list tiny)" in done.err


@pytest.mark.parametrize(("display", "message"), [("", "DISPLAY is not set"), (":4711", "the display ':4711'")])
def test_window_needs_a_display(
    run: Run, kept: None, monkeypatch: pytest.MonkeyPatch, display: str, message: str
) -> None:
    """The error names the remedy and the alternative without a window."""
    monkeypatch.setenv("DISPLAY", display)
    done = run("replay", "tiny", "--watch")
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "-o FILE.mp4" in done.err


def test_display_is_not_checked_on_other_platforms() -> None:
    """The engine checks the display on these platforms."""
    check_display({}, "darwin")


CASE = Path(__file__).parents[3] / "cases" / "agent-import"


@pytest.mark.parametrize("command", [["replay"], ["agent", "export", "-o", "copy.json"]])
def test_policy_class_of_an_agent_file_needs_consent(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """The class is not imported until the user names exactly this class."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "canary", raising=False)
    for name in ("agent.json", "canary.py"):
        (tmp_path / name).write_bytes((CASE / name).read_bytes())
    before = sorted(tmp_path.iterdir())
    for trusted in ([], ["--trust", "canary:Other"]):
        done = run(*command, "agent.json", *trusted)
        assert (done.code, done.out) == (2, "")
        assert "agent.json uses the policy class canary:Canary" in done.err
        assert "--trust canary:Canary" in done.err
        assert sorted(tmp_path.iterdir()) == before
    done = run(*command, "agent.json", "--trust", "canary:Canary")
    assert "is not a policy" in done.err  # it was imported and made, as the user asked for
    assert (tmp_path / "CANARY").exists()
    assert (tmp_path / "CANARY2").exists()


def test_address_of_an_agent_file_needs_consent(run: Run, tmp_path: Path) -> None:
    """The option --address is consent to its address only."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("agent")
        listener.listen()
        document = json.loads((CASE / "agent.json").read_text()) | {
            "policy": {"kind": "remote", "address": "unix:agent", "deadline": 0.2}
        }
        (tmp_path / "agent.json").write_text(json.dumps(document))
        done = run("replay", "agent.json")
        assert (done.code, done.out) == (2, "")
        assert "agent.json uses the remote agent unix:agent" in done.err
        assert "--trust unix:agent" in done.err
        assert "unix:mine" in run("replay", "agent.json", "--address", "unix:mine").err
        assert select.select([listener], [], [], 0.0)[0] == []
        assert "unix:agent" in run("replay", "agent.json", "--trust", "unix:agent").err
        assert select.select([listener], [], [], 0.0)[0] == [listener]


CASES = Path(__file__).parents[3] / "cases"


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("agent-scenario-escape", r"'\x1b[2J\x1b]0;owned\x07.cfg' does not exist"),
        ("agent-scenario-home", "scenario file '~nosuchuser/x.cfg': '~nosuchuser' is not a user of this machine"),
        ("agent-scenario-long", "(5,005 characters)' cannot be resolved: File name too long"),
    ],
)
def test_invalid_scenario_of_an_agent_file_is_refused(run: Run, case: str, message: str) -> None:
    """The error is one short line without control characters."""
    done = run("replay", str(CASES / case / "agent.json"))
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert len(done.err) < 1_000
    assert not {"\x1b", "\x07"} & set(done.err)


def test_policy_class_of_a_stored_experiment_needs_consent(
    run: Run, keep: Keep, story: list[Event], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A foreign policy class without stored genes is imported only if the user names it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "canary", raising=False)
    (tmp_path / "canary.py").write_bytes((CASE / "canary.py").read_bytes())
    started = story[0]
    assert isinstance(started, ExperimentStarted)
    named = started.config_yaml.replace("kind: rules", "kind: class\n  target: canary:Canary")
    assert named != started.config_yaml
    keep([replace(started, config_yaml=named), *story[1:]])
    for words in (
        ["status", "tiny"],
        ["agent", "list", "tiny"],
        ["agent", "show", "tiny-g001-a000"],
        ["agent", "export", "tiny", "-o", "agent.json"],
        ["analyze", "tiny"],
        ["analyze", "tiny", "--report", "report.html"],
        ["export", "tiny", "--to", "tables"],
    ):
        done = run(*words)
        assert done.code in {0, 2}, done.err
        assert not (tmp_path / "CANARY").exists(), words
    shown = run("agent", "show", "tiny-g001-a000")
    assert "--trust canary:Canary (or CLAU_DOOM_TRUST)" in shown.err
    monkeypatch.setenv("CLAU_DOOM_TRUST", "other:Name canary:Canary")
    run("agent", "show", "tiny-g001-a000")
    assert (tmp_path / "CANARY").exists()
