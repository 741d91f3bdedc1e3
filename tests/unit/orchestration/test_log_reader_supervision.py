"""Tests of readers of the event log: restarts from cursors, and isolation of failures."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable

import pytest

from clau_doom.domain.events import ExperimentCompleted, ExperimentStarted, RecordedEvent
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.errors import StorageFailed
from clau_doom.logs import configure_logs
from clau_doom.orchestration import EventReader, ReaderHealth
from clau_doom.testing.memory_store import MemoryStore

EXPERIMENT = Experiment(id="tiny", uuid="4f8", seed=7, config_yaml="", provenance=Provenance(facts=()))


async def a_log() -> MemoryStore:
    """Return the store of a completed experiment with five events."""
    store = MemoryStore(EXPERIMENT)
    for generations in (1, 2, 3):
        started = ExperimentStarted(resumed=False, generations=generations, config_yaml="")
        await store.append([started], running_seconds=0.0)
    await store.append([ExperimentCompleted(generations=3)], running_seconds=0.0)
    return store


async def test_reader_skips_an_event_that_fails_twice() -> None:
    """After one failure an event is delivered again. After two it is skipped."""
    taken: list[int] = []
    tries: list[int] = []

    def take(recorded: RecordedEvent) -> None:
        tries.append(recorded.sequence)
        if recorded.sequence == 4 or (recorded.sequence == 2 and tries.count(2) == 1):
            raise KeyError("dropped")
        taken.append(recorded.sequence)

    stream = io.StringIO()
    configure_logs(stream, json=True)
    store, counted = await a_log(), list[str]()
    health = ReaderHealth(count=counted.append, pause=0.001)
    reader = EventReader(take, after=1)
    await health.keep_reading("metrics", "tiny", lambda: reader.read(store), reader.position)
    assert counted == ["metrics"] * 3
    assert len(stream.getvalue().splitlines()) == 2  # once for each event that failed
    assert (taken, tries) == ([2, 3, 5], [2, 2, 3, 4, 4, 5])
    (failure,) = health.of("tiny")
    assert (failure.reader, failure.failures, failure.failing, failure.error) == (
        "metrics",
        3,
        False,
        "KeyError: 'dropped'",
    )
    assert health.of("other") == ()
    health.forget("tiny")
    assert health.all() == ()


async def test_reader_is_failing_until_its_next_progress() -> None:
    """A repeated failure at one position is logged once."""
    stream = io.StringIO()
    configure_logs(stream, json=True)
    cursor, tries = [0], [0]

    health = ReaderHealth(pause=0.001)
    stuck: asyncio.Event = asyncio.Event()
    mended: asyncio.Event = asyncio.Event()

    async def read() -> None:
        tries[0] += 1
        if not mended.is_set():
            if tries[0] == 3:
                stuck.set()
            raise StorageFailed("the disk is gone")
        cursor[0] += 1

    reading = asyncio.ensure_future(health.keep_reading("relay", "tiny", read, lambda: cursor[0]))
    await stuck.wait()
    assert health.of("tiny")[0].failing
    mended.set()
    await reading
    assert not health.of("tiny")[0].failing
    logged = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(each["reader"], each["experiment"], each["error"]) for each in logged] == [
        ("relay", "tiny", "the disk is gone")
    ]


@pytest.mark.parametrize("error", [KeyError("x"), ExceptionGroup("several", [ValueError("bad")])])
async def test_unexpected_error_is_logged_with_its_traceback(error: Exception) -> None:
    stream = io.StringIO()
    configure_logs(stream, json=True)

    def failing() -> Callable[[], Awaitable[None]]:
        tries = [error]

        async def read() -> None:
            if tries:
                raise tries.pop()

        return read

    await ReaderHealth(pause=0.001).keep_reading("metrics", "tiny", failing(), lambda: 0)
    assert "Traceback" in json.loads(stream.getvalue())["exception"]
