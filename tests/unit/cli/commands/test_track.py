"""Tests of `clau-doom track` on stored experiments of scripted episodes."""

import asyncio
import json
from pathlib import Path

from tests.support.command_line import Run, run
from tests.support.stored_scripted_run import create_scripted, play_scripted, scripted_config
from tests.support.tracker_readers import jsonl_points

__all__ = ["run"]


def store(root: Path) -> None:
    create_scripted(root, scripted_config())
    asyncio.run(play_scripted(root, scripted_config()))


def test_stored_experiment_is_written_once(run: Run, tmp_path: Path) -> None:
    """The second command has nothing to write."""
    store(tmp_path / "runs")
    first = run("track", "lab", "--to", "jsonl", "--option", "folder=out", "--json")
    written = json.loads(first.out)
    assert (first.code, written["generations"], written["results"]) == (0, 3, True)
    assert (written["experiment"], written["tracker"], written["target"]) == ("lab", "jsonl", "out/lab.jsonl")
    again = run("track", "lab", "--to", "jsonl", "--option", "folder=out")
    assert (again.code, again.out.strip()) == (0, "out/lab.jsonl  up to date")
    points = jsonl_points(Path("out"))
    assert len(points) == len({*points})
    assert [step for _, name, step, _ in points if name == "fitness/best"] == [0, 1, 2]


def test_interrupted_experiment_is_not_waited_for(run: Run, tmp_path: Path) -> None:
    """A killed process leaves a log without an end."""
    create_scripted(tmp_path / "runs", scripted_config())
    written = run("track", "lab", "--to", "jsonl")
    assert (written.code, written.out.split("  ")[1].strip()) == (0, "1 event, 0 generations")


def test_errors_are_one_line(run: Run, tmp_path: Path) -> None:
    """Kinds, options and ids are checked before anything is written."""
    create_scripted(tmp_path / "runs", scripted_config())
    cases = {
        ("track", "lab", "--to", "tensorbord"): "did you mean tensorboard?",
        ("track", "lab", "--to", "jsonl", "--option", "folder"): "is not NAME=VALUE",
        ("track", "lab", "--to", "jsonl", "--option", "foldr=x"): "did you mean trackers[0].folder?",
        ("track", "lab", "--to", "webhook"): "trackers[0].url",
        ("track", "lob", "--to", "jsonl"): "did you mean lab?",
    }
    for arguments, text in cases.items():
        refused = run(*arguments)
        assert refused.code == 2, refused
        assert text in refused.err
    assert not (tmp_path / "runs/lab/trackers").exists()


def test_outage_ends_the_command_with_its_reason(run: Run, tmp_path: Path) -> None:
    store(tmp_path / "runs")
    (tmp_path / "file").write_text("")
    refused = run("track", "lab", "--to", "jsonl", "--option", "folder=file/below")
    assert (refused.code, "NotADirectoryError" in refused.err) == (1, True)


def test_status_shows_a_failing_tracker_with_its_remedy(run: Run, tmp_path: Path) -> None:
    """The line disappears with the next success. A list of experiments has no such lines."""
    store(tmp_path / "runs")
    (tmp_path / "file").write_text("")
    arguments = ("track", "lab", "--to", "jsonl", "--option", "folder=file/below")
    run(*arguments)
    run(*arguments)
    shown = " ".join(run("status", "lab").out.split())
    assert "jsonl tracker failed 2 times and is failing: NotADirectoryError" in shown
    assert "continue with clau-doom track lab --to jsonl and the tracker's options" in shown
    (failure,) = json.loads(run("status", "lab", "--json").out)["reader_failures"]
    assert (failure["reader"], failure["failures"], failure["failing"]) == ("jsonl tracker", 2, True)
    assert "jsonl tracker" not in run("status").err
    (tmp_path / "file").unlink()
    assert run(*arguments).code == 0
    assert "jsonl tracker" not in run("status", "lab").out
