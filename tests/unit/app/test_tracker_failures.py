"""Tests of stored failures of trackers."""

import json
from pathlib import Path

from clau_doom.app.tracker_failures import STATE, clear_failure, store_failure, stored_failures
from clau_doom.domain.event_consumer_failure import LogReaderFailure


def state(trackers: Path, name: str) -> Path:
    folder = trackers / STATE / name
    folder.mkdir(parents=True)
    return folder


def test_failures_are_counted_until_a_success(tmp_path: Path) -> None:
    """The last reason is one short line."""
    mlflow, webhook = state(tmp_path, "mlflow-1"), state(tmp_path, "webhook-2")
    for reason in ("refused", "it is\n  gone " + "x" * 9999):
        store_failure(mlflow, "u", "mlflow tracker", reason)
    store_failure(webhook, "u", "webhook tracker", "404")
    first, second = stored_failures(tmp_path, "lab", "u")
    error = f"it is gone {'x' * 489}"
    wanted = {"reader": "mlflow tracker", "experiment": "lab", "failures": 2, "failing": True, "error": error}
    assert first == LogReaderFailure(**wanted)  # type: ignore[arg-type] # several types
    assert (second.reader, second.failures, second.error) == ("webhook tracker", 1, "404")
    clear_failure(mlflow)
    assert stored_failures(tmp_path, "lab", "u") == (second,)
    clear_failure(mlflow)
    store_failure(mlflow, "u", "mlflow tracker", "again")
    assert stored_failures(tmp_path, "lab", "u")[0].failures == 1


def test_files_of_strangers_are_ignored(tmp_path: Path) -> None:
    """Damaged files, other experiments and missing folders have no failures."""
    assert stored_failures(tmp_path / "none", "lab", "u") == ()
    store_failure(state(tmp_path, "mlflow-1"), "another", "mlflow tracker", "gone")
    for number, text in enumerate(("{", "[]", "[" * 99999, json.dumps({"uuid": "u", "failures": "many"}))):
        (state(tmp_path, f"jsonl-{number}") / "failure.json").write_text(text)
    assert stored_failures(tmp_path, "lab", "u") == ()
