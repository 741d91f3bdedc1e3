"""Tests of the relay over a bus with injected failures."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from clau_doom.domain import Agent, AgentRef, Genome, Purpose
from clau_doom.domain.events import (
    EpisodeLost,
    Event,
    ExperimentCompleted,
    ExperimentInterrupted,
    ExperimentStarted,
    GenerationStarted,
    RecordedEvent,
)
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.errors import BusUnavailable, StorageFailed
from clau_doom.events import ALL_EVENTS, InProcessBus, Relay, subject_of
from clau_doom.ports import BusMessage
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.wire import event_from_json, recorded_event
from tests.support.waiting import until

UUID = "0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44"
EXPERIMENT = Experiment(id="lab", uuid=UUID, seed=1, config_yaml="name: lab\n", provenance=Provenance(facts=()))
STARTED = ExperimentStarted(resumed=False, generations=2, config_yaml="name: lab\n")
END = ExperimentInterrupted(generation=0, reason="Ctrl-C")


def happenings(count: int) -> list[Event]:
    """Return different events of a running experiment."""
    return [
        EpisodeLost(purpose=Purpose.TRAINING, agent="lab-g000-a000", number=n, seed=n, attempt=1, reason="gone")
        for n in range(count)
    ]


async def full_store(count: int) -> MemoryStore:
    store = MemoryStore(EXPERIMENT)
    await store.append([STARTED, *happenings(count - 3), END], running_seconds=0.0)
    return store


class FailingBus(InProcessBus):
    """Bus that stores messages and fails at random before, during and after an operation."""

    def __init__(self, seed: int, *, rate: float) -> None:
        super().__init__()
        self.kept: list[BusMessage] = []
        self._random = Random(seed)
        self._rate = rate

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        await asyncio.sleep(0)
        accepted = messages
        fails = self._random.random() < self._rate
        if fails:
            accepted = messages[: self._random.randrange(len(messages) + 1)]
        self.kept += accepted
        await super().publish(accepted)
        await asyncio.sleep(0)
        if fails:
            raise BusUnavailable("nobody knows what arrived")

    async def last_published(self, source: str, pattern: str) -> int:
        if self._random.random() < self._rate:
            raise BusUnavailable("nobody answers")
        return await super().last_published(source, pattern)


async def test_events_are_published_as_json_under_their_subject() -> None:
    """A message's id is the experiment's UUID and the sequence number."""
    store = await full_store(20)
    log = [recorded async for recorded in store.events()]
    async with InProcessBus() as bus, bus.subscribe(ALL_EVENTS) as received:
        await Relay(EXPERIMENT, store, bus).run()
        messages = [await anext(received) for _ in log]
    assert [each.id for each in messages] == [f"{UUID}:{n}" for n in range(1, 21)]
    assert [each.subject for each in messages] == [subject_of("lab", recorded.event) for recorded in log]
    assert [recorded_event(event_from_json(each.payload)) for each in messages] == [("lab", each) for each in log]
    assert json.loads(messages[1].payload)["sequence"] == "2"


async def test_published_events_are_filtered() -> None:
    """The published event is filtered, and the log keeps the whole event."""
    store = await full_store(3)

    def shown(recorded: RecordedEvent) -> RecordedEvent:
        return replace(recorded, event=replace(END, reason="hidden")) if recorded.event == END else recorded

    async with InProcessBus() as bus, bus.subscribe(ALL_EVENTS) as received:
        await Relay(EXPERIMENT, store, bus, shown=shown).run()
        messages = [await anext(received) for _ in range(3)]
    assert b'"hidden"' in messages[-1].payload
    assert END.reason.encode() not in messages[-1].payload
    assert [recorded.event async for recorded in store.events()][-1] == END


async def test_events_are_published_while_the_experiment_runs() -> None:
    """The relay follows the log and ends with the log."""
    store = MemoryStore(EXPERIMENT)
    async with InProcessBus() as bus, bus.subscribe(ALL_EVENTS) as received, asyncio.timeout(10):
        relay = Relay(EXPERIMENT, store, bus)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(relay.run())
            assert (await anext(received)).sequence == 1
            for sequence, event in enumerate([STARTED, *happenings(3)], 2):
                await store.append([event], running_seconds=0.0)
                assert (await anext(received)).sequence == sequence
            assert not running.done()
            await store.append([ExperimentCompleted(generations=2)], running_seconds=0.0)
        assert (relay.published, relay.lag) == (6, 0)


@pytest.mark.parametrize("seed", range(8))
async def test_events_are_published_once_despite_failures(seed: int) -> None:
    """The bus stores each event once and in order, despite bus failures and cancelled relays."""
    random = Random(seed)
    store = await full_store(3000)
    async with FailingBus(seed, rate=random.choice([0.1, 0.5, 0.8])) as bus, asyncio.timeout(30):
        for _ in range(5):
            with suppress(TimeoutError):
                async with asyncio.timeout(random.random() / 20):
                    await Relay(EXPERIMENT, store, bus, pause=0.0001).run()
        relay = Relay(EXPERIMENT, store, bus, pause=0.0001)
        await relay.run()
        assert [each.sequence for each in bus.kept] == list(range(1, 3001))
        assert (relay.published, relay.lag) == (3000, 0)


class ClosedBus(InProcessBus):
    """Bus that is unreachable until the test opens it."""

    reachable = False

    async def last_published(self, source: str, pattern: str) -> int:
        if not self.reachable:
            raise BusUnavailable("nobody answers")
        return await super().last_published(source, pattern)


async def test_lag_is_counted_during_an_outage() -> None:
    """The lag includes events beyond the memory limit. Afterwards the relay catches up."""
    store = MemoryStore(EXPERIMENT)
    async with ClosedBus() as bus, asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        relay = Relay(EXPERIMENT, store, bus)
        tasks.create_task(relay.run())
        await store.append([STARTED, *happenings(4998)], running_seconds=0.0)
        await until(lambda: relay.lag == 5000)
        assert relay.published == 0
        bus.reachable = True
        await until(lambda: relay.lag == 0)
        assert relay.published == 5000
        await store.append([END], running_seconds=0.0)
    assert relay.published == 5001


async def test_relay_continues_after_the_last_published_event() -> None:
    """A second process starts after the last event on the bus."""
    store = await full_store(10)
    last = BusMessage(subject="clau-doom.experiment.lab.x", payload=b"", source=UUID, sequence=7)
    async with InProcessBus() as bus:
        await bus.publish([last])
        async with bus.subscribe(ALL_EVENTS) as received:
            await Relay(EXPERIMENT, store, bus).run()
            assert [(await anext(received)).sequence for _ in range(3)] == [8, 9, 10]


class NarrowBus(InProcessBus):
    max_payload = 2000


async def test_oversized_event_is_published_without_contents() -> None:
    """The message has position, time and subject only. The relay continues."""
    store = MemoryStore(EXPERIMENT)
    agents = tuple(
        Agent(experiment="lab", ref=AgentRef(0, n), genome=Genome((0.1,) * 20), parents=(), operator="draw")
        for n in range(20)
    )
    await store.append([STARTED, GenerationStarted(generation=0, agents=agents), END], running_seconds=0.0)
    async with NarrowBus() as bus, bus.subscribe(ALL_EVENTS) as received:
        await Relay(EXPERIMENT, store, bus).run()
        messages = [await anext(received) for _ in range(4)]
    assert [each.sequence for each in messages] == [1, 2, 3, 4]
    assert messages[2].subject == "clau-doom.experiment.lab.generation.0.started"
    assert json.loads(messages[2].payload) == {"experimentId": "lab", "sequence": "3", "time": "1970-01-01T00:00:00Z"}


class BrokenStore(MemoryStore):
    async def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        async for recorded in super().events(after, follow=follow):
            yield recorded
            raise StorageFailed("the disk is gone")


async def test_unreadable_log_is_an_error() -> None:
    """The relay does not retry, unlike for an outage of the bus."""
    async with InProcessBus() as bus, asyncio.timeout(10):
        with pytest.raises(ExceptionGroup) as caught:
            await Relay(EXPERIMENT, BrokenStore(EXPERIMENT), bus).run()
    assert caught.group_contains(StorageFailed)
