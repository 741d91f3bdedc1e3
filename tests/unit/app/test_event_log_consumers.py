"""Tests of the readers of experiments' logs, each separately, on real stores."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clau_doom.access import PrivatePaths
from clau_doom.app import event_log_consumers
from clau_doom.app.event_log_consumers import EventLogConsumers
from clau_doom.app.folder_repository import FolderRepository
from clau_doom.app.tracker_cursor import TrackerCursor
from clau_doom.app.tracking.run_trackers import followers_of
from clau_doom.config import ExperimentConfig, JsonlTrackerConfig, to_yaml
from clau_doom.domain.events import (
    Event,
    ExperimentCompleted,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
)
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.domain.snapshot import Snapshot
from clau_doom.events import ALL_EVENTS, InProcessBus
from clau_doom.metrics import MetricsCollector
from clau_doom.orchestration import ReaderHealth
from clau_doom.storage import ExperimentFolders
from tests.support.tracker_readers import jsonl_lines
from tests.support.waiting import until

STARTED = ExperimentStarted(resumed=False, generations=7, config_yaml=to_yaml(ExperimentConfig(name="one")))


def planned(metrics: MetricsCollector) -> dict[str, float]:
    """Return the planned generations of each experiment that has series."""
    families = text_string_to_metric_families(metrics.exposition()[0].decode())
    family = next((each for each in families if each.name == "clau_doom_generations_planned"), None)
    return {sample.labels["experiment"]: sample.value for sample in family.samples} if family else {}


def create(folder: Path, name: str = "one") -> None:
    config = to_yaml(ExperimentConfig(name=name))
    ExperimentFolders(folder).create(
        Experiment(id=name, uuid=f"u-{name}", seed=1, config_yaml=config, provenance=Provenance(facts=()))
    )


async def following(
    folder: Path,
    metrics: MetricsCollector,
    health: ReaderHealth,
    scenario: Callable[[EventLogConsumers, InProcessBus], Awaitable[None]],
) -> None:
    repository = FolderRepository(ExperimentConfig(), folder)
    private = PrivatePaths({folder: "<output folder>"})
    async with InProcessBus() as bus, EventLogConsumers(repository, metrics, bus, health, private) as followers:
        followers.catch_up([await repository.experiment(name) for name in repository.experiments()])
        await scenario(followers, bus)


async def test_failing_reader_does_not_affect_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in metrics at one event affects neither later events, the log nor the relay."""

    class Broken(MetricsCollector):
        def apply(self, experiment: str, recorded: object) -> None:
            if isinstance(recorded.event, ExperimentPaused):  # type: ignore[attr-defined]
                raise KeyError("dropped")
            super().apply(experiment, recorded)  # type: ignore[arg-type]

    narrated: list[Event] = []
    monkeypatch.setattr(event_log_consumers, "log_event", lambda _, event: narrated.append(event))
    create(tmp_path)
    metrics, health = Broken(), ReaderHealth(pause=0.01)
    events: list[Event] = [STARTED, ExperimentPaused(), ExperimentResumed(), ExperimentCompleted(generations=7)]

    async def scenario(followers: EventLogConsumers, bus: InProcessBus) -> None:
        async with ExperimentFolders(tmp_path).open("one").write() as store:
            before = await store.snapshot()
            for event in events:
                await store.append([event], running_seconds=0.0)
            followers.follow("one", before)
        await until(lambda: len(narrated) == len(events))
        async with asyncio.timeout(10):
            while await bus.last_published("u-one", "") < 5:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await until(lambda: 'clau_doom_experiments{state="completed"} 1.0' in metrics.exposition()[0].decode())

    await following(tmp_path, metrics, health, scenario)
    assert [type(event) for event in narrated] == [type(event) for event in events]
    assert planned(metrics) == {"one": 7.0}
    assert [(each.reader, each.failures, each.failing) for each in health.of("one")] == [("metrics", 2, False)]


async def test_stored_experiments_have_series_until_they_are_deleted(tmp_path: Path) -> None:
    """Planned generations are known after a restart. Deleting the folder removes all series and readers."""
    for name in ("one", "two"):
        create(tmp_path, name)
    metrics, health = MetricsCollector(), ReaderHealth(pause=0.01)

    async def complete(name: str) -> None:
        async with ExperimentFolders(tmp_path).open(name).write() as store:
            started = replace(STARTED, config_yaml=to_yaml(ExperimentConfig(name=name)))
            await store.append([started, ExperimentCompleted(generations=7)], running_seconds=0.0)

    async def scenario(followers: EventLogConsumers, bus: InProcessBus) -> None:
        assert planned(metrics) == {"one": 100.0, "two": 100.0}
        async with ExperimentFolders(tmp_path).open("one").read() as store:
            before: Snapshot = await store.snapshot()
        followers.follow("one", before)  # waits for events that never come
        health.failed("metrics", "one", ValueError())
        shutil.rmtree(tmp_path / "one")
        await until(lambda: planned(metrics) == {"two": 100.0})
        assert health.of("one") == ()

    await complete("two")
    await following(tmp_path, metrics, health, scenario)


async def test_published_events_contain_no_server_folder(tmp_path: Path) -> None:
    """Published reasons contain a placeholder instead of the server's folder."""
    create(tmp_path)
    interrupted = ExperimentInterrupted(generation=0, reason=f"no room is left in {tmp_path}/one")

    async def scenario(followers: EventLogConsumers, bus: InProcessBus) -> None:
        async with bus.subscribe(ALL_EVENTS) as messages, asyncio.timeout(10):
            async with ExperimentFolders(tmp_path).open("one").write() as store:
                before = await store.snapshot()
                await store.append([STARTED, interrupted], running_seconds=0.0)
                followers.follow("one", before)
            while b"no room is left" not in (message := await anext(messages)).payload:
                pass
            assert b"no room is left in <output folder>/one" in message.payload

    await following(tmp_path, MetricsCollector(), ReaderHealth(), scenario)


async def test_trackers_follow_runs_and_complete_what_the_last_server_left(tmp_path: Path) -> None:
    """An experiment that no tracker has written is not written when a server starts."""
    config = JsonlTrackerConfig()
    followers_of_experiment = partial(followers_of, (config,), tmp_path)
    for name in ("old", "left", "new"):
        create(tmp_path, name)
    for name in ("old", "left"):
        async with ExperimentFolders(tmp_path).open(name).write() as store:
            started = replace(STARTED, config_yaml=to_yaml(ExperimentConfig(name=name)))
            await store.append([started, ExperimentPaused(), ExperimentResumed()], running_seconds=0.0)
            await store.append([ExperimentInterrupted(generation=0, reason="SIGTERM")], running_seconds=0.0)
    cursor = TrackerCursor(tmp_path / "left/trackers", config, "u-left")
    with cursor.claim():
        cursor.write(2)
    repository, health = FolderRepository(ExperimentConfig(), tmp_path), ReaderHealth(pause=0.01)
    consumers = EventLogConsumers(repository, MetricsCollector(), None, health, trackers=followers_of_experiment)
    async with ExperimentFolders(tmp_path).open("new").write() as store, consumers as followers:
        stored = [await repository.experiment(name) for name in ("left", "old")]
        followers.catch_up(stored)
        followers.follow("new", await store.snapshot())
        await store.append([replace(STARTED, config_yaml="name: new")], running_seconds=0.0)
        await until(lambda: len(written(tmp_path, "new")) == 2 and len(written(tmp_path, "left")) == 5)
        await store.append([ExperimentInterrupted(generation=0, reason="SIGTERM")], running_seconds=0.0)
    assert written(tmp_path, "new") == [1, 2, 3]
    assert not (tmp_path / "old/trackers").exists()
    assert health.all() == ()


def written(folder: Path, name: str) -> list[int]:
    """Return the sequences of the events in the file of the JSONL tracker."""
    file = folder / name / "trackers" / f"{name}.jsonl"
    lines = jsonl_lines(file) if file.exists() else []
    return [line["sequence"] for line in lines if line["type"] == "event"]
