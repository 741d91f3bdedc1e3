"""A writer that is killed at any instant: what it was told is kept is there, whole and in order."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clau_doom.domain.events import EpisodeFinished, Event
from clau_doom.errors import StoreCorrupted
from clau_doom.storage import ExperimentFolder
from clau_doom.testing.memory_store import MemoryStore

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


async def test_a_killed_writer_loses_nothing_that_it_was_told_is_kept(folder: ExperimentFolder) -> None:
    """After each of several kills the log has no gap, ends no earlier than what was printed, and fits its tables."""
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
    """Return the snapshot that another implementation reads off the same events."""
    store = MemoryStore()
    await store.append(events, running_seconds=seconds)
    return await store.snapshot()


async def test_what_stands_for_the_crashed_log_is_no_rubber_stamp(folder: ExperimentFolder) -> None:
    """The implementation that crashed logs are checked against refuses an episode that is there twice."""
    _run_and_kill(folder.path, 0.1)
    async with folder.read() as store:
        events = [recorded.event async for recorded in store.events()]
    again = next(event for event in events if isinstance(event, EpisodeFinished))
    with pytest.raises(StoreCorrupted):
        await _from_log([*events, again], 0.0)
