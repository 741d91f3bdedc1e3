"""Tests of writers that are killed at any instant, and of writers on a full disk."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from clau_doom.domain import AgentRef
from clau_doom.domain.events import EpisodeFinished, Event, ExperimentInterrupted, ExperimentStarted
from clau_doom.domain.experiment import Experiment, ExperimentState
from clau_doom.errors import DiskFull, StoreCorrupted
from clau_doom.storage import ExperimentFolder, ExperimentFolders, SqliteStore
from clau_doom.testing.memory_store import MemoryStore
from tests.support.small_disk import mounted_disk

WRITER = """
import asyncio, itertools, pathlib, sys
from clau_doom.domain import *
from clau_doom.domain.events import *
from clau_doom.storage import SqliteStore

def episode(agent, number):
    outcome = EpisodeOutcome(seed=number, measures=Measures(kills=number / 3), trajectory_sha256="ab" * 32)
    return EpisodeFinished(episode=Episode(purpose=Purpose.TRAINING, agent=agent, number=number, outcome=outcome,
                                           timing=EpisodeTiming(seconds=1.0), recording=bytes(2000)))

async def play(store, ref, start):
    for number in itertools.count(start):
        events = [episode(f"lab-g000-a{ref.index:03d}", number)]
        if number % 7 == 6:
            lost = EpisodeLost(purpose=Purpose.TRAINING, agent="x", number=number, seed=1, attempt=1, reason="gone")
            events.append(lost)
        print(await store.append(events, running_seconds=float(number)), flush=True)

async def main():
    async with SqliteStore.writing(pathlib.Path(sys.argv[1])) as store:
        snapshot = await store.snapshot()
        started = ExperimentStarted(resumed=snapshot.last_sequence > 1, generations=1, config_yaml="x")
        print(await store.append([started], running_seconds=0.0), flush=True)
        refs = [AgentRef(0, index) for index in range(4)]
        if not snapshot.generations:
            agents = tuple(Agent(experiment="lab", ref=ref, genome=Genome((0.5,)), parents=(), operator="draw")
                           for ref in refs)
            print(await store.append([GenerationStarted(generation=0, agents=agents)], running_seconds=0.0), flush=True)
        await asyncio.gather(*(play(store, ref, len(snapshot.episodes.get(ref, ()))) for ref in refs))

asyncio.run(main())
"""


def _run_and_kill(folder: Path, seconds: float) -> list[int]:
    """Return the sequences that the writer printed before it was killed."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        lines = (first + process.stdout.read()).splitlines(keepends=True)
    return [int(line) for line in lines if line.endswith("\n")]


async def test_killed_writer_loses_no_committed_event(folder: ExperimentFolder) -> None:
    """After each kill the log has no gap and all printed events, and agrees with its tables."""
    moments = random.Random(7)
    for _ in range(6):
        printed = _run_and_kill(folder.path, moments.uniform(0.0, 0.4))
        assert folder.holder() is None
        async with folder.read() as store:
            log = [recorded async for recorded in store.events()]
            snapshot = await store.snapshot()
        assert [recorded.sequence for recorded in log] == list(range(1, len(log) + 1))
        assert max(printed) <= len(log)
        assert snapshot == await _from_log([recorded.event for recorded in log], snapshot.running_seconds)
    assert sum(len(episodes) for episodes in snapshot.episodes.values()) > 20


async def _from_log(events: list[Event], seconds: float) -> object:
    """Return the snapshot of events by another implementation."""
    store = MemoryStore()
    await store.append(events, running_seconds=seconds)
    return await store.snapshot()


async def test_reference_projection_refuses_a_repeated_episode(folder: ExperimentFolder) -> None:
    """The logs of killed writers are checked against this projection."""
    _run_and_kill(folder.path, 0.1)
    async with folder.read() as store:
        events = [recorded.event async for recorded in store.events()]
    again = next(event for event in events if isinstance(event, EpisodeFinished))
    with pytest.raises(StoreCorrupted):
        await _from_log([*events, again], 0.0)


Finished = Callable[..., EpisodeFinished]
LARGE = os.urandom(20_000)


@dataclass
class SmallDisk:
    """File system of 1 MiB, or a limit on SQLite's pages where none can be mounted."""

    path: Path
    mounted: bool

    def fill(self, store: SqliteStore | None = None) -> None:
        """Fill the disk."""
        if not self.mounted:
            self._limit(store, 1)
            return
        with suppress(OSError), (self.path / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass

    def free(self, store: SqliteStore | None = None) -> None:
        """Free the disk."""
        if self.mounted:
            (self.path / "filler").unlink()
        else:
            self._limit(store, 1_000_000)

    def _limit(self, store: SqliteStore | None, pages: int) -> None:
        if store and store._commits:
            thread, writer = store._commits._thread, store._commits._writer
            thread.submit(writer._connection.execute, f"PRAGMA max_page_count = {pages}").result().fetchall()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mounted_disk(tmp_path / "disk") as mounted:
        yield SmallDisk(tmp_path / "disk", mounted)


async def _append_until_full(store: SqliteStore, finished: Finished, agent: int) -> int:
    """Return the number of episodes that were stored before the disk was full."""
    for number in range(1000):
        try:
            await store.append([finished(agent, number, LARGE)], running_seconds=1.0)
        except DiskFull as error:
            assert "free some, then resume" in str(error)  # noqa: PT017 (the number of tries is what is wanted)
            return number
    raise AssertionError("the disk never was full")


async def test_full_disk_loses_only_the_failed_events(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event], finished: Finished
) -> None:
    """Stored events can be read, and the store continues with free space."""
    async with ExperimentFolders(disk.path).create(experiment).write(keep_recordings="all") as store:
        await store.append(beginning, running_seconds=0.0)
        await store.append([finished(0, number, LARGE) for number in range(3)], running_seconds=0.5)
        disk.fill(store)
        kept = await _append_until_full(store, finished, 1)
        snapshot = await store.snapshot()
        assert snapshot.last_sequence == 6 + kept
        assert len(snapshot.episodes[AgentRef(0, 0)]) == 3
        assert len(snapshot.episodes.get(AgentRef(0, 1), ())) == kept
        assert [recorded.sequence async for recorded in store.events()] == list(range(1, 7 + kept))
        disk.free(store)
        assert await store.append([finished(1, kept, LARGE)], running_seconds=2.0) == 7 + kept
        assert await store.append([ExperimentInterrupted(generation=0, reason="x")], running_seconds=2.0) == 8 + kept
    async with ExperimentFolders(disk.path).open("lab").read() as store:
        snapshot = await store.snapshot()
        assert (snapshot.last_sequence, snapshot.state) == (8 + kept, ExperimentState.INTERRUPTED)


async def test_each_waiting_call_fails_or_is_stored_on_a_full_disk(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event], finished: Finished
) -> None:
    async with ExperimentFolders(disk.path).create(experiment).write(keep_recordings="all") as store:
        await store.append(beginning, running_seconds=0.0)
        disk.fill(store)
        calls = [store.append([finished(0, number, LARGE)], running_seconds=0.0) for number in range(100)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        kept = [result for result in results if isinstance(result, int)]
        assert {type(result) for result in results} <= {int, DiskFull}
        assert len(kept) < 100
        assert kept == list(range(4, 4 + len(kept)))
        assert (await store.snapshot()).last_sequence == 3 + len(kept)


async def test_run_resumes_after_a_full_disk(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event], finished: Finished
) -> None:
    """The store can be read on the full disk, and written after space is freed."""
    folder = ExperimentFolders(disk.path).create(experiment)
    async with folder.write(keep_recordings="all") as store:
        await store.append(beginning, running_seconds=0.0)
        disk.fill(store)
        kept = await _append_until_full(store, finished, 0)
    async with folder.read() as store:
        assert (await store.snapshot()).last_sequence == 3 + kept
    disk.free()
    async with folder.write() as store:
        again = ExperimentStarted(resumed=True, generations=1, config_yaml="name: lab\n")
        assert await store.append([again], running_seconds=0.0) == 4 + kept


async def test_stored_results_can_be_read_on_a_full_disk(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event]
) -> None:
    """A running experiment needs free space."""
    folder = ExperimentFolders(disk.path).create(experiment)
    async with folder.write() as store:
        await store.append(beginning, running_seconds=0.0)
    disk.fill()
    async with folder.read() as store:
        assert (await store.snapshot()).last_sequence == 3
    assert ExperimentFolders(disk.path).ids() == ("lab",)
    if disk.mounted:
        with pytest.raises(DiskFull):
            async with folder.write():
                pass
    assert folder.holder() is None


async def test_failed_creation_on_a_full_disk_leaves_no_folder(disk: SmallDisk, experiment: Experiment) -> None:
    if disk.mounted:
        disk.fill()
        with pytest.raises(DiskFull):
            ExperimentFolders(disk.path / "runs").create(experiment)
        disk.free()
        assert not list((disk.path / "runs").iterdir())
    ExperimentFolders(disk.path / "runs").create(experiment)
