"""Contract tests of every event bus: in one process, NATS, and NATS with JetStream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client

from clau_doom.config import NatsConfig
from clau_doom.errors import BusUnavailable
from clau_doom.events import ALL_EVENTS, InProcessBus, NatsBus, events_of
from clau_doom.events.subscriber_queue import BACKLOG
from clau_doom.ports import BusMessage, EventBus
from tests.support.nats_server import NatsServer

Ask = Callable[[str, bytes], Awaitable[bytes]]


@pytest.fixture(params=["local", "nats", "jetstream"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def _over_nats(url: str) -> AsyncIterator[Ask]:
    client = Client()
    await client.connect(url)

    async def ask(subject: str, payload: bytes) -> bytes:
        return (await client.request(subject, payload, timeout=5.0)).data

    try:
        yield ask
    finally:
        await client.close()


@pytest.fixture
async def opened(kind: str, tmp_path: Path) -> AsyncIterator[tuple[EventBus, Ask]]:
    """A bus, and a way to ask on it as a stranger does."""
    async with AsyncExitStack() as stack:
        if kind == "local":
            local = await stack.enter_async_context(InProcessBus())
            yield local, local.request
            return
        server = stack.enter_context(NatsServer(tmp_path, jetstream=kind == "jetstream"))
        config = NatsConfig(enabled=True, url=server.url, jetstream=kind == "jetstream")
        bus = await stack.enter_async_context(NatsBus(config))
        yield bus, await stack.enter_async_context(_over_nats(server.url))


@pytest.fixture
def bus(opened: tuple[EventBus, Ask]) -> EventBus:
    return opened[0]


@pytest.fixture
def ask(opened: tuple[EventBus, Ask]) -> Ask:
    return opened[1]


def message(sequence: int, experiment: str = "lab", *, rest: str = "started", payload: bytes = b"{}") -> BusMessage:
    return BusMessage(
        subject=f"clau-doom.experiment.{experiment}.{rest}",
        payload=payload,
        source=f"uuid-of-{experiment}",
        sequence=sequence,
    )


async def take(messages: AsyncIterator[BusMessage], count: int) -> list[BusMessage]:
    async with asyncio.timeout(10):
        return [await anext(messages) for _ in range(count)]


async def test_messages_arrive_once_and_in_order(bus: EventBus) -> None:
    """Payloads arrive unchanged."""
    sent = [message(n, payload=bytes([0, n % 256, 255, 13, 10]) * (n % 7)) for n in range(1, 1001)]
    async with bus.subscribe(ALL_EVENTS) as messages:
        await bus.publish(sent[:300])
        await bus.publish(sent[300:301])
        await bus.publish(sent[301:])
        assert await take(messages, 1000) == sent


async def test_subscriber_receives_messages_of_its_pattern(bus: EventBus) -> None:
    """Subjects separate experiments and event types."""
    sent = [message(1), message(1, "other"), message(2, rest="agent.lab-g000-a000.evaluated"), message(3)]
    async with bus.subscribe(events_of("lab")) as lab, bus.subscribe("clau-doom.experiment.*.started") as started:
        await bus.publish(sent)
        assert [each.sequence for each in await take(lab, 3)] == [1, 2, 3]
        assert [each.source for each in await take(started, 3)] == ["uuid-of-lab", "uuid-of-other", "uuid-of-lab"]


async def test_last_published_sequence_is_known_for_each_source(bus: EventBus) -> None:
    """The sequence of an unknown source is 0."""
    assert await bus.last_published("uuid-of-lab", events_of("lab")) == 0
    await bus.publish([message(1), message(2, rest="agent.lab-g000-a000.evaluated")])
    await bus.publish([message(7, "other")])
    assert await bus.last_published("uuid-of-lab", events_of("lab")) == 2
    assert await bus.last_published("uuid-of-other", events_of("other")) == 7
    assert await bus.last_published("uuid-of-third", events_of("third")) == 0


async def test_experiments_of_one_name_are_separated_by_uuid(bus: EventBus) -> None:
    """The subjects of both experiments are equal."""
    older = [BusMessage(subject="clau-doom.experiment.lab.a", payload=b"", source="older", sequence=n) for n in (8, 9)]
    await bus.publish([message(1), message(2), *older])
    assert await bus.last_published("uuid-of-lab", events_of("lab")) == 2
    assert await bus.last_published("older", events_of("lab")) == 9
    assert await bus.last_published("newer", events_of("lab")) == 0


async def test_empty_batch_is_accepted(bus: EventBus) -> None:
    await bus.publish([])
    assert await bus.last_published("uuid-of-lab", events_of("lab")) == 0


async def test_payload_of_maximum_size_arrives(bus: EventBus) -> None:
    large = message(1, payload=b"x" * min(bus.max_payload, 2**24))
    async with bus.subscribe(ALL_EVENTS) as messages:
        await bus.publish([large, message(2)])
        assert [len(each.payload) for each in await take(messages, 2)] == [len(large.payload), 2]


async def test_stalled_subscriber_does_not_block_others(bus: EventBus) -> None:
    """The stalled subscriber loses its oldest messages, so that its memory is bounded."""
    total = BACKLOG + 500
    async with bus.subscribe(ALL_EVENTS) as stalled, bus.subscribe(ALL_EVENTS) as reading:
        seen = []
        for first in range(1, total + 1, 100):
            part = [message(n) for n in range(first, min(first + 100, total + 1))]
            await bus.publish(part)
            seen += await take(reading, len(part))
        assert [each.sequence for each in seen] == list(range(1, total + 1))
        late = await take(stalled, BACKLOG)
        assert late[-1].sequence == total
        assert [each.sequence for each in late] == list(range(total - BACKLOG + 1, total + 1))


async def test_concurrent_publishers_keep_their_order(bus: EventBus) -> None:
    """No message is lost."""

    async def tell(name: str) -> None:
        for first in range(1, 301, 30):
            await bus.publish([message(n, name) for n in range(first, first + 30)])

    names = ["one", "two", "three"]
    async with bus.subscribe(ALL_EVENTS) as messages:
        async with asyncio.TaskGroup() as tasks:
            for name in names:
                tasks.create_task(tell(name))
        seen = await take(messages, 900)
    for name in names:
        assert [each.sequence for each in seen if each.source == f"uuid-of-{name}"] == list(range(1, 301))
        assert await bus.last_published(f"uuid-of-{name}", events_of(name)) == 300


async def test_requests_are_answered_until_the_context_ends(bus: EventBus, ask: Ask) -> None:
    """The answer goes to the sender of the request."""

    async def answer(subject: str, payload: bytes) -> bytes:
        return subject.encode() + b" " + payload

    async with bus.answer("clau-doom.control.>", answer):
        assert await ask("clau-doom.control.lab.pause", b"now") == b"clau-doom.control.lab.pause now"
    with pytest.raises(Exception, match=r"respon|answers"):
        await ask("clau-doom.control.lab.pause", b"now")


async def test_slow_answer_does_not_block_others(bus: EventBus, ask: Ask) -> None:
    free = asyncio.Event()

    async def answer(subject: str, payload: bytes) -> bytes:
        if payload == b"slow":
            await free.wait()
        return payload

    async with bus.answer("a.*", answer), asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(_bytes(ask("a.b", b"slow")))
        await asyncio.sleep(0.05)
        assert await ask("a.c", b"quick") == b"quick"
        assert not slow.done()
        free.set()
        assert await slow == b"slow"


async def _bytes(answer: Awaitable[bytes]) -> bytes:
    return await answer


async def test_closed_bus_is_unavailable(bus: EventBus) -> None:
    """Publishing and requests raise `BusUnavailable`, and subscriptions end."""
    async with bus.subscribe(ALL_EVENTS) as messages:
        await bus.publish([message(1)])
        assert len(await take(messages, 1)) == 1
        await bus.__aexit__(None, None, None)
        with pytest.raises(BusUnavailable):
            await bus.publish([message(2)])
        async with asyncio.timeout(10):
            assert [each async for each in messages] == []
