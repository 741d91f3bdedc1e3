"""Tests of the trackers of a run: outages do not delay its end, and are reported."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from clau_doom.app.tracking import run_trackers
from clau_doom.app.tracking.run_trackers import tracked_run
from clau_doom.config import CustomTrackerConfig, JsonlTrackerConfig, WebhookTrackerConfig, to_yaml
from clau_doom.domain.events import Event, ExperimentCompleted, ExperimentInterrupted, ExperimentStarted
from clau_doom.orchestration import ReaderHealth, Shutdown
from clau_doom.ports import TrackedExperiment, TrackerUpdate
from clau_doom.storage import ExperimentFolders
from tests.support.stored_scripted_run import create_scripted, scripted_config
from tests.support.tracker_readers import jsonl_lines, receiving
from tests.support.waiting import until

STARTED = ExperimentStarted(resumed=False, generations=3, config_yaml=to_yaml(scripted_config()))


async def test_run_ends_during_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The working tracker has all events. The failing one is counted as failing, and reported at the end."""
    monkeypatch.setattr(run_trackers, "_SHORT_GRACE", 0.2)
    create_scripted(tmp_path, scripted_config())
    with receiving() as receiver:
        gone = receiver.url
    trackers = (JsonlTrackerConfig(), WebhookTrackerConfig(url=gone))
    health, shutdown = ReaderHealth(pause=0.01), Shutdown()
    caplog.set_level(logging.WARNING)
    async with (
        asyncio.timeout(60),
        ExperimentFolders(tmp_path).open("lab").write() as store,
        tracked_run(store, trackers, tmp_path, "lab", health=health, shutdown=shutdown),
    ):
        await store.append([STARTED, ExperimentCompleted(generations=3)], running_seconds=0.0)
        await until(lambda: bool(health.of("lab")))
    (failure,) = health.of("lab")
    assert (failure.reader, failure.failing) == ("webhook tracker", True)
    assert "did not accept event 2: ConnectError" in failure.error
    lines = jsonl_lines(tmp_path / "lab/trackers/lab.jsonl")
    assert [line["sequence"] for line in lines if line["type"] == "event"] == [1, 2, 3]
    assert "lacks the end of the run" in caplog.text


async def test_tracker_continues_after_an_outage(tmp_path: Path) -> None:
    """The receiver has each event once, in order."""
    create_scripted(tmp_path, scripted_config())
    with receiving() as receiver:
        receiver.statuses = [503] * 4
        health, shutdown = ReaderHealth(pause=0.01), Shutdown()
        trackers = (WebhookTrackerConfig(url=receiver.url),)
        async with (
            asyncio.timeout(60),
            ExperimentFolders(tmp_path).open("lab").write() as store,
            tracked_run(store, trackers, tmp_path, "lab", health=health, shutdown=shutdown),
        ):
            events: list[Event] = [STARTED, ExperimentInterrupted(generation=0, reason="Ctrl-C")]
            await store.append(events, running_seconds=0.0)
    (failure,) = health.of("lab")
    assert (failure.failures, failure.failing) == (1, False)
    assert [key.rpartition(":")[2] for key in receiver.keys] == ["2"] * 5 + ["3"]


class Hanging:
    """Tracker whose server never answers."""

    film_suffix: str | None = None
    target = "nowhere"

    def open(self, experiment: TrackedExperiment) -> None:
        import threading

        threading.Event().wait()

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        raise AssertionError("never opened")

    def close(self) -> None:
        pass


async def test_hanging_tracker_does_not_delay_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM ends the run, although a call of the tracker never returns."""
    monkeypatch.setattr(run_trackers, "_SHORT_GRACE", 0.1)
    monkeypatch.setitem(sys.modules, "hanging", sys.modules[__name__])
    create_scripted(tmp_path, scripted_config())
    shutdown = Shutdown()
    shutdown.request("SIGTERM", grace=0.0)
    tracker = CustomTrackerConfig(target="hanging:Hanging")
    async with (
        asyncio.timeout(30),
        ExperimentFolders(tmp_path).open("lab").write() as store,
        tracked_run(store, (tracker,), tmp_path, "lab", health=ReaderHealth(), shutdown=shutdown),
    ):
        await store.append([STARTED], running_seconds=0.0)
