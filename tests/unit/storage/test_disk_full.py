"""A disk that is really full: a small file system in memory, where this process may mount one."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from clau_doom.domain import AgentRef
from clau_doom.domain.events import EpisodeFinished, Event, ExperimentInterrupted, ExperimentStarted
from clau_doom.domain.experiment import Experiment, ExperimentState
from clau_doom.errors import DiskFull
from clau_doom.storage import ExperimentFolders, SqliteStore
from tests.support.small_disk import mounted_disk

Finished = Callable[..., EpisodeFinished]
LARGE = os.urandom(20_000)


@dataclass
class SmallDisk:
    """A file system of 1 MiB; where none can be mounted, a limit on SQLite's pages stands for it."""

    path: Path
    mounted: bool

    def fill(self, store: SqliteStore | None = None) -> None:
        """Leave no room."""
        if not self.mounted:
            self._limit(store, 1)
            return
        with suppress(OSError), (self.path / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass

    def free(self, store: SqliteStore | None = None) -> None:
        """Give the room back."""
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
    """Return how many episodes were kept before there was no room; a full disk without room for any gives 0."""
    for number in range(1000):
        try:
            await store.append([finished(agent, number, LARGE)], running_seconds=1.0)
        except DiskFull as error:
            assert "free some, then resume" in str(error)  # noqa: PT017 (the number of tries is what is wanted)
            return number
    raise AssertionError("the disk never was full")


async def test_a_full_disk_costs_only_what_did_not_fit(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event], finished: Finished
) -> None:
    """What does not fit raises and leaves no trace; what was kept can be read; freed, the same store goes on."""
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


async def test_each_call_that_waits_hears_of_the_full_disk(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event], finished: Finished
) -> None:
    """Calls that share a transaction that does not fit each raise or are kept; the log agrees with what they heard."""
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


async def test_a_run_that_ended_on_a_full_disk_resumes(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event], finished: Finished
) -> None:
    """A store that was closed while the disk was full can be read then, and written once there is room."""
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


async def test_results_at_rest_can_be_read_on_a_full_disk(
    disk: SmallDisk, experiment: Experiment, beginning: list[Event]
) -> None:
    """Looking at an experiment needs no room, not even for what SQLite keeps beside its file; running it does."""
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


async def test_nothing_is_created_on_a_full_disk(disk: SmallDisk, experiment: Experiment) -> None:
    """An experiment that does not fit is not there at all."""
    if disk.mounted:
        disk.fill()
        with pytest.raises(DiskFull):
            ExperimentFolders(disk.path / "runs").create(experiment)
        disk.free()
        assert not list((disk.path / "runs").iterdir())
    ExperimentFolders(disk.path / "runs").create(experiment)
