"""Tests of the SQLite store beyond the contract: threads, processes and file sizes."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from clau_doom.domain import AgentRef, Genome, Measures
from clau_doom.domain.events import (
    AgentEvaluated,
    EpisodeFinished,
    Event,
    ExperimentInterrupted,
    GenerationCompleted,
    GenerationStarted,
    RecordedEvent,
)
from clau_doom.domain.experiment import ExperimentState, GenerationSummary
from clau_doom.errors import ExperimentBusy, ResultsLost, StorageFailed
from clau_doom.storage import ExperimentFolder, SqliteStore
from clau_doom.storage.event_writer import AppendCall, EventWriter

Finished = Callable[..., EpisodeFinished]


async def _read(store: SqliteStore, *, follow: bool = False) -> list[RecordedEvent]:
    return [recorded async for recorded in store.events(follow=follow)]


@pytest.fixture
async def store(folder: ExperimentFolder, beginning: list[Event]) -> AsyncIterator[SqliteStore]:
    async with folder.write() as opened:
        await opened.append(beginning, running_seconds=0.0)
        yield opened


async def test_concurrent_calls_share_a_transaction(store: SqliteStore, finished: Finished) -> None:
    """A thousand calls have few commit times."""
    calls = [store.append([finished(0, number)], running_seconds=float(number)) for number in range(1000)]
    await asyncio.gather(*calls)
    log = await _read(store)
    assert len({recorded.time for recorded in log[3:]}) < 10
    assert (await store.snapshot()).running_seconds == 999.0


async def test_second_writer_is_refused(store: SqliteStore, folder: ExperimentFolder) -> None:
    """A store that is opened for reading is read-only."""
    with pytest.raises(ExperimentBusy):
        async with folder.write():
            pass
    async with folder.read() as reader:
        with pytest.raises(StorageFailed, match="read-only"):
            await reader.append([], running_seconds=0.0)


async def test_closed_store_is_an_error(folder: ExperimentFolder, beginning: list[Event]) -> None:
    """A follower of its log ends."""
    async with folder.write() as store:
        pass
    with pytest.raises(StorageFailed, match="the store is closed"):
        await store.append(beginning, running_seconds=0.0)
    with pytest.raises(StorageFailed, match="the store is closed"):
        await store.snapshot()
    assert await _read(store, follow=True) == []


async def test_close_commits_waiting_calls(
    folder: ExperimentFolder, beginning: list[Event], finished: Finished
) -> None:
    async with folder.write() as store:
        await store.append(beginning, running_seconds=0.0)
        calls = [
            asyncio.ensure_future(store.append([finished(0, number)], running_seconds=0.0)) for number in range(50)
        ]
        await asyncio.sleep(0)
    assert [call.result() for call in calls] == list(range(4, 54))


async def test_cancelled_call_does_not_affect_waiting_calls(store: SqliteStore, finished: Finished) -> None:
    """The log has no gap."""
    calls = [asyncio.ensure_future(store.append([finished(0, number)], running_seconds=0.0)) for number in range(20)]
    await asyncio.sleep(0)
    calls[3].cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[3], asyncio.CancelledError)
    assert sum(isinstance(result, int) for result in results) == 19
    log = await _read(store)
    assert [recorded.sequence for recorded in log] == list(range(1, len(log) + 1))
    assert len(log) in {22, 23}


async def test_cancelled_exit_closes_the_store(
    folder: ExperimentFolder, beginning: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is cancelled repeatedly. Results are closed before the lock is released."""
    inside = asyncio.Event()
    held: list[int | None] = []
    close = EventWriter.close

    def close_slowly(writer: EventWriter) -> None:
        time.sleep(0.2)
        held.append(folder.holder())
        close(writer)

    monkeypatch.setattr(EventWriter, "close", close_slowly)

    async def run() -> None:
        async with folder.write() as store:
            await store.append(beginning, running_seconds=0.0)
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(run())
    await inside.wait()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0.01)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert held == [os.getpid()]
    assert folder.holder() is None
    assert not list(folder.path.glob("*-wal"))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("store-")]


async def test_commit_does_not_block_the_event_loop(
    store: SqliteStore, folder: ExperimentFolder, finished: Finished
) -> None:
    with closing(sqlite3.connect(folder.path / "results.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(store.append([finished(0, 0)], running_seconds=0.0))
        turns = 0
        ends = time.monotonic() + 0.3
        while time.monotonic() < ends:
            await asyncio.sleep(0.001)
            turns += 1
        assert not waiting.done()
        assert turns > 5
        other.execute("ROLLBACK")
    assert await waiting == 4


async def test_another_process_can_follow(store: SqliteStore, folder: ExperimentFolder, finished: Finished) -> None:
    """The reader sees commits during the run, and ends with the run."""
    code = """
import asyncio, pathlib, sys
from clau_doom.storage import SqliteStore
async def main():
    async with SqliteStore.reading(pathlib.Path(sys.argv[1])) as store:
        async for recorded in store.events(follow=True):
            print(recorded.sequence, flush=True)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(folder.path), stdout=subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        for sequence in range(1, 4):
            assert int(await process.stdout.readline()) == sequence
        for number in range(5):
            await store.append([finished(1, number)], running_seconds=0.0)
            assert int(await process.stdout.readline()) == number + 4
        await store.append([ExperimentInterrupted(generation=0, reason="Ctrl-C")], running_seconds=0.0)
        assert int(await process.stdout.readline()) == 9
        assert await process.stdout.read() == b""
        assert await process.wait() == 0


async def test_reader_sees_committed_events_only(
    store: SqliteStore, folder: ExperimentFolder, finished: Finished
) -> None:
    async with folder.read() as reader:
        writing = asyncio.gather(
            *(store.append([finished(0, number), finished(1, number)], running_seconds=0.0) for number in range(300))
        )
        while not writing.done():
            snapshot = await reader.snapshot()
            played = [len(snapshot.episodes.get(AgentRef(0, index), ())) for index in range(2)]
            assert played[0] == played[1]
            assert sum(played) == snapshot.last_sequence - 3
        await writing


async def test_changed_event_is_damage(folder: ExperimentFolder) -> None:
    with closing(sqlite3.connect(folder.path / "results.sqlite")) as connection:
        connection.execute("UPDATE log SET payload = '{}' WHERE kind IS NOT NULL")
        connection.commit()
    async with folder.read() as store:
        with pytest.raises(StorageFailed, match="invalid experiment_created event"):
            await _read(store)


async def test_tables_can_be_queried_during_a_run(
    store: SqliteStore, folder: ExperimentFolder, finished: Finished
) -> None:
    """Measures have columns."""
    await store.append([finished(2, number) for number in range(5)], running_seconds=0.0)
    with closing(sqlite3.connect(folder.path / "results.sqlite")) as connection:
        query = "SELECT agent, avg(kills), typeof(kills) FROM episodes GROUP BY agent"
        assert connection.execute(query).fetchall() == [("lab-g000-a002", 2.0, "real")]


def _generation(template: GenerationStarted, index: int, size: int, finished: EpisodeFinished) -> Sequence[Event]:
    agents = tuple(
        replace(template.agents[0], ref=AgentRef(index, number), genome=Genome(template.agents[0].genome))
        for number in range(size)
    )
    episodes = [
        EpisodeFinished(episode=replace(finished.episode, agent=agent.id, number=number))
        for agent in agents
        for number in range(10)
    ]
    summary = GenerationSummary(
        index=index,
        best=AgentRef(index, 0),
        best_fitness=1.0,
        mean_fitness=1.0,
        worst_fitness=1.0,
        std_fitness=0.0,
        failed=0,
        episodes=len(episodes),
    )
    evaluated = [AgentEvaluated(ref=agent.ref, fitness=1.0) for agent in agents]
    return [
        GenerationStarted(generation=index, agents=agents),
        *episodes,
        *evaluated,
        GenerationCompleted(summary=summary),
    ]


async def test_snapshot_of_10_000_episodes_takes_less_than_1_s(
    folder: ExperimentFolder, beginning: list[Event], finished: Finished
) -> None:
    """A reference machine needs 0.15 s, and 0.7 s for 50,000 episodes."""
    started, template = beginning
    assert isinstance(template, GenerationStarted)
    row = finished(0, 0)
    row = replace(row, episode=replace(row.episode, outcome=replace(row.episode.outcome, measures=Measures(kills=3.0))))
    async with folder.write() as store:
        await store.append([started], running_seconds=0.0)
        for index in range(20):
            await store.append(_generation(template, index, 50, row), running_seconds=0.0)
        times = []
        for _ in range(3):
            began = time.process_time()
            snapshot = await store.snapshot()
            times.append(time.process_time() - began)
    assert snapshot.state is ExperimentState.RUNNING
    assert sum(len(episodes) for episodes in snapshot.episodes.values()) == 10_000
    assert len(snapshot.generations) == len(snapshot.summaries) == 20
    assert min(times) < 1.0


def _alone(folder: ExperimentFolder, target: Path) -> tuple[str, int]:
    """Copy the results file without the files of SQLite. Return the copy's state and number of events."""
    shutil.copy(folder.path / "results.sqlite", target)
    with closing(sqlite3.connect(target)) as connection:
        (state,) = connection.execute("SELECT state FROM experiment").fetchone()
        (events,) = connection.execute("SELECT count(*) FROM log").fetchone()
    return state, events


async def test_file_of_an_ended_run_is_complete(
    folder: ExperimentFolder, beginning: list[Event], finished: Finished, tmp_path: Path
) -> None:
    """A reader with an open connection does not prevent it."""
    async with folder.read() as reader:
        async with folder.write() as store:
            await store.append(beginning, running_seconds=0.0)
            await store.append([finished(0, 0, b"x" * 100_000)], running_seconds=1.0)
            assert len(await _read(reader)) == 4
            await store.append([ExperimentInterrupted(generation=0, reason="stopped")], running_seconds=1.0)
        assert (folder.path / "results.sqlite-wal").stat().st_size == 0
        assert _alone(folder, tmp_path / "copy.sqlite") == ("interrupted", 5)
        assert len(await _read(reader)) == 5


def test_running_experiment_is_checkpointed_at_intervals(
    folder: ExperimentFolder, beginning: list[Event], finished: Finished, tmp_path: Path
) -> None:
    """A reader in the middle of a query delays the checkpoint."""
    results = folder.path / "results.sqlite"
    writer = EventWriter(results, keep_recordings="all", wall=time.time, checkpoint_interval=0.0)
    with closing(writer), closing(sqlite3.connect(results, isolation_level=None)) as reader:
        assert writer.commit([AppendCall(tuple(beginning), 0.0)]) == [3]
        assert _alone(folder, tmp_path / "one.sqlite") == ("running", 3)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM log").fetchone() == (3,)
        assert writer.commit([AppendCall((finished(0, 0),), 0.0)]) == [4]
        assert reader.execute("SELECT count(*) FROM log").fetchone() == (3,)
        reader.execute("ROLLBACK")
        assert writer.commit([AppendCall((finished(0, 1),), 0.0)]) == [5]
        assert _alone(folder, tmp_path / "two.sqlite") == ("running", 5)


def _delete_folder(folder: ExperimentFolder) -> None:
    shutil.rmtree(folder.path)


def _delete_log(folder: ExperimentFolder) -> None:
    (folder.path / "results.sqlite-wal").unlink()


def _replace(folder: ExperimentFolder) -> None:
    results = folder.path / "results.sqlite"
    shutil.copy(results, folder.path / "copy")
    (folder.path / "copy").replace(results)


def _move(folder: ExperimentFolder) -> None:
    folder.path.rename(folder.path.with_name("moved"))


def _empty(folder: ExperimentFolder) -> None:
    os.truncate(folder.path / "results.sqlite", 0)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_empty, r"results\.sqlite was emptied while"),
        (_delete_folder, r"lab was deleted or moved while"),
        (_move, r"lab was deleted or moved while"),
        (_replace, r"results\.sqlite was replaced by another file while"),
        (_delete_log, r"results\.sqlite-wal was deleted or moved while"),
    ],
)
async def test_deleted_results_are_detected_at_the_next_commit(
    folder: ExperimentFolder,
    beginning: list[Event],
    finished: Finished,
    harm: Callable[[ExperimentFolder], None],
    message: str,
) -> None:
    """The error names the file and its content once."""
    kept = "(0 finished generations and 2 finished episodes|all its generations and episodes) are lost"
    async with folder.write() as store:
        await store.append(beginning, running_seconds=0.0)
        await store.append([finished(0, 0), finished(0, 1)], running_seconds=0.0)
        harm(folder)
        for number in (2, 3):
            with pytest.raises(ResultsLost, match=rf"{message} the experiment was running: {kept}"):
                await store.append([finished(0, number)], running_seconds=0.0)


async def test_deleted_results_are_detected_at_the_end(folder: ExperimentFolder, beginning: list[Event]) -> None:
    async def write() -> None:
        async with folder.write() as store:
            await store.append(beginning, running_seconds=0.0)
            _delete_folder(folder)

    with pytest.raises(ResultsLost, match="was deleted or moved"):
        await write()
