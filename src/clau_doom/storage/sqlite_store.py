"""SQLite store of an experiment, with one thread for writing and one for reading."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from clau_doom.domain import Agent, AgentRef, Purpose
from clau_doom.domain.events import Event, RecordedEvent
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import StorageFailed
from clau_doom.storage import experiment_lock
from clau_doom.storage.event_writer import AppendCall, EventWriter
from clau_doom.storage.experiment_reader import PAGE, ExperimentReader
from clau_doom.storage.folder_name_check import check_identity
from clau_doom.storage.group_commit import GroupCommit
from clau_doom.storage.played_episodes import PlayedEpisodes
from clau_doom.storage.state_tables import KeepRecordings

__all__ = ["RESULTS", "SqliteStore"]

RESULTS = "results.sqlite"
"""Name of the database in an experiment's folder."""

_POLL = 0.2
"""Seconds between two reads of a follower."""

_T = TypeVar("_T")


class SqliteStore:
    """Results of one experiment. Created by `writing` or `reading`; implements `ports.ExperimentStore`."""

    def __init__(self, reader: ExperimentReader, thread: Executor, commits: GroupCommit | None) -> None:
        """Read through `reader` in `thread`; write through `commits` if this process is the writer."""
        self._reader = reader
        self._thread = thread
        self._commits = commits
        self._closed = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def writing(
        cls, folder: Path, *, keep_recordings: KeepRecordings = "champions", wall: Callable[[], float] = time.time
    ) -> AsyncIterator["SqliteStore"]:
        """Open an experiment's folder for writing and reading.

        Args:
            folder: Folder with the results.
            keep_recordings: Agents of which recordings are stored.
            wall: Returns seconds since the epoch.

        Raises:
            ExperimentBusy: Another process, or another store of this process, is writing.
            WrongState: The folder is a copy of another experiment's folder.
            StorageFailed: The results cannot be opened.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="store-writer") as thread:
            descriptor = await _run(thread, lambda: experiment_lock.acquire(folder))
            try:
                writer = await _run(
                    thread, lambda: EventWriter(folder / RESULTS, keep_recordings=keep_recordings, wall=wall)
                )
                try:
                    commits = GroupCommit(writer, thread)
                    async with cls._open(folder, commits) as store:
                        yield store
                finally:
                    await _finish(thread, writer.close)
            finally:
                os.close(descriptor)

    @classmethod
    @asynccontextmanager
    async def reading(cls, folder: Path) -> AsyncIterator["SqliteStore"]:
        """Open an experiment's folder for reading, even while another process writes.

        Raises:
            StorageFailed: The results cannot be opened.
        """
        async with cls._open(folder, None) as store:
            yield store

    async def append(self, events: Sequence[Event], *, running_seconds: float) -> int:
        """Store events and the tables derived from them in one transaction; return the last sequence.

        A call that is cancelled while it waits may or may not be stored.

        Raises:
            DiskFull: The disk is full; no event of this call was stored, and the store stays usable.
            StoreCorrupted: An event cannot follow the stored ones.
            StorageFailed: Any other failure.
        """
        if self._commits is None:
            raise StorageFailed("the store is read-only")
        return await self._commits.append(AppendCall(tuple(events), running_seconds))

    async def snapshot(self, *, measured: bool = True) -> Snapshot:
        """Return the current experiment; if not `measured`, training episodes have only numbers and hashes."""
        return await self._read(lambda: self._reader.snapshot(measured=measured))

    async def episodes(self) -> PlayedEpisodes:
        """Return all episodes, which is faster than a snapshot."""
        return await self._read(self._reader.episodes)

    async def revision(self) -> tuple[str, int]:
        """Return the UUID of the experiment and the last sequence of its log, without reading the results."""
        return await self._read(self._reader.revision)

    async def agent(self, ref: AgentRef) -> Agent:
        """Return one agent.

        Raises:
            AgentNotFound: The agent does not exist.
        """
        return await self._read(lambda: self._reader.agent(ref))

    async def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the recording of an episode, or None if it was not stored."""
        return await self._read(lambda: self._reader.recording(purpose, agent, number))

    async def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the claimed actions of an episode, or None if they were not stored."""
        return await self._read(lambda: self._reader.actions(purpose, agent, number))

    async def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order.

        With `follow`, wait for more events until the experiment is interrupted or in a final state and all events are
        yielded, or until the store closes. A pending experiment is waited for.
        """
        while not self._closed.is_set():
            # Created before reading, so that no commit in between is missed.
            changed = await self._watch()
            page = await self._read(partial(self._reader.page, after))
            for recorded in page.events:
                after = recorded.sequence
                yield recorded
            if page.events:
                if follow and len(page.events) < PAGE:
                    await self._pause()
                continue
            if page.ended or not follow:
                return
            await changed()

    @classmethod
    @asynccontextmanager
    async def _open(cls, folder: Path, commits: GroupCommit | None) -> AsyncIterator["SqliteStore"]:
        with ThreadPoolExecutor(1, thread_name_prefix="store-reader") as thread:
            reader = await _run(thread, lambda: ExperimentReader(folder / RESULTS))
            store = cls(reader, thread, commits)
            try:
                if commits:
                    check_identity(folder, await _run(thread, reader.stored_id))
                yield store
            finally:
                store._closed.set()
                try:
                    if commits:
                        await commits.finish()
                finally:
                    await _finish(thread, reader.close)

    async def _pause(self) -> None:
        """Wait a moment, or until the store closes; a follower does not need one page for each commit."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), _POLL)

    async def _read(self, query: Callable[[], _T]) -> _T:
        if self._closed.is_set():
            raise StorageFailed("the store is closed")
        return await _run(self._thread, query)

    async def _watch(self) -> Callable[[], Awaitable[object]]:
        """Return an awaitable for the next commit or the closing of the store."""
        if self._commits:
            return self._commits.news.wait
        version = await self._read(self._reader.version)
        return lambda: self._poll(version)

    async def _poll(self, version: int) -> None:
        with suppress(StorageFailed):
            while await self._read(self._reader.version) == version:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), _POLL)


async def _run(thread: Executor, work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(thread, work)


async def _finish(thread: Executor, work: Callable[[], None]) -> None:
    """Run work to its end even when cancelled, in which case the event loop is blocked."""
    finishing = thread.submit(work)
    try:
        await asyncio.shield(asyncio.wrap_future(finishing))
    finally:
        wait([finishing])
