"""Tests of the relay with a real nats-server that is killed, frozen and restarted."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.js import api

from clau_doom.config import NatsConfig
from clau_doom.domain import Purpose
from clau_doom.domain.events import EpisodeLost, Event, ExperimentInterrupted, ExperimentStarted
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.error_description import describe
from clau_doom.errors import BusUnavailable, ConfigError
from clau_doom.events import ALL_EVENTS, NatsBus, Relay, accepting_commands, events_of, redacted
from clau_doom.ports import BusMessage, ExperimentStore
from clau_doom.storage import ExperimentFolders, SqliteStore
from clau_doom.testing.memory_store import MemoryStore
from tests.support.nats_server import NatsServer
from tests.support.waiting import until

WINDOW = 0.2
"""Duplicate window of a stream in seconds."""

UUID = "0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44"
EXPERIMENT = Experiment(id="lab", uuid=UUID, seed=1, config_yaml="name: lab\n", provenance=Provenance(facts=()))
STARTED = ExperimentStarted(resumed=False, generations=2, config_yaml="name: lab\n")
END = ExperimentInterrupted(generation=0, reason="Ctrl-C")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    folder = tmp_path / "nats"
    folder.mkdir()
    with NatsServer(folder) as running:
        yield running


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with ExperimentFolders(tmp_path / "runs").create(EXPERIMENT).write() as store:
        yield store


def config(server: NatsServer, **changes: object) -> NatsConfig:
    return NatsConfig.model_validate({"enabled": True, "url": server.url, **changes})


def lost(number: int) -> Event:
    return EpisodeLost(
        purpose=Purpose.TRAINING, agent="lab-g000-a000", number=number, seed=number, attempt=1, reason="gone"
    )


@asynccontextmanager
async def client_of(server: NatsServer) -> AsyncIterator[Client]:
    client = Client()
    await client.connect(server.url)
    try:
        yield client
    finally:
        await client.close()


async def kept(server: NatsServer) -> list[str]:
    """Return the id of every message that the stream keeps, in its order."""
    ids: list[str] = []
    async with client_of(server) as client, asyncio.timeout(60):
        jetstream = client.jetstream()
        total = (await jetstream.stream_info("CLAU_DOOM")).state.messages
        consumer = await jetstream.pull_subscribe(
            ">", stream="CLAU_DOOM", config=api.ConsumerConfig(ack_policy=api.AckPolicy.NONE)
        )
        while len(ids) < total:
            ids += [(message.headers or {})["Nats-Msg-Id"] for message in await consumer.fetch(500)]
    return ids


async def stored(server: NatsServer) -> bool:
    """Return whether the stream keeps a message."""
    return bool(await kept(server))


def every_event_once(last: int, source: str = UUID) -> list[str]:
    return [f"{source}:{sequence}" for sequence in range(1, last + 1)]


async def live(store: ExperimentStore, over: asyncio.Event, *, rate: float = 200.0) -> float:
    """Append events at a rate until an event is set, then the end. Return the duration of the longest call."""
    longest, number = 0.0, 0
    await store.append([STARTED], running_seconds=0.0)
    while not over.is_set():
        before = time.monotonic()
        await store.append([lost(number)], running_seconds=0.0)
        longest = max(longest, time.monotonic() - before)
        number += 1
        await asyncio.sleep(1 / rate)
    await store.append([END], running_seconds=0.0)
    return longest


@asynccontextmanager
async def relaying(bus: NatsBus, store: ExperimentStore) -> AsyncIterator[Relay]:
    """Relay the store's log. The exit waits until all events are published."""
    relay = Relay(EXPERIMENT, store, bus)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        yield relay


async def test_killed_server_keeps_every_event_once(server: NatsServer, sqlite: SqliteStore) -> None:
    """The server is killed five times in a run. Events stay in order, and the run is not delayed."""
    over = asyncio.Event()
    async with NatsBus(config(server)) as bus, relaying(bus, sqlite) as relay, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(live(sqlite, over))
        for _ in range(5):
            before = relay.published
            await until(lambda before=before: relay.published >= before + 50)  # type: ignore[misc]
            server.kill()
            await until(lambda: not bus.connected and relay.lag >= 50)
            await asyncio.to_thread(server.start)
        over.set()
    last = (await sqlite.snapshot()).last_sequence
    assert last > 200
    assert await kept(server) == every_event_once(last)
    assert (relay.published, relay.lag) == (last, 0)
    assert running.result() < 2.0


async def test_no_duplicates_after_an_outage_beyond_the_duplicate_window(server: NatsServer) -> None:
    """The relay asks the stream for the last stored event."""
    store = MemoryStore(EXPERIMENT)
    await store.append([STARTED, *map(lost, range(998))], running_seconds=0.0)
    async with NatsBus(config(server), duplicate_window=WINDOW) as bus, relaying(bus, store) as relay:
        await until(lambda: relay.published == 1000)
        for number in range(3):
            server.kill()
            await store.append([lost(1000 + number)], running_seconds=0.0)
            await asyncio.sleep(2 * WINDOW)  # an outage of this length is the condition of the test
            await asyncio.to_thread(server.start)
            await until(lambda last=1001 + number: relay.published == last)  # type: ignore[misc]
        await store.append([END], running_seconds=0.0)
    assert await kept(server) == every_event_once(1004)


async def test_messages_of_a_killed_process_are_not_published_twice(server: NatsServer) -> None:
    """The stream has forgotten the message ids."""
    store = MemoryStore(EXPERIMENT)
    await store.append([STARTED, *map(lost, range(498))], running_seconds=0.0)
    async with NatsBus(config(server), duplicate_window=WINDOW) as bus:
        server.freeze()
        messages = [
            BusMessage(subject="clau-doom.experiment.lab.x", payload=b"", source=UUID, sequence=n)
            for n in range(1, 251)
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await bus.publish(messages)
    server.thaw()
    await until(lambda: stored(server))
    await asyncio.sleep(2 * WINDOW)  # a stream that forgets message ids has no event
    # No client receives the acknowledgements, and the server may drop the other messages with the connection.
    before = await kept(server)
    assert before == every_event_once(len(before)) != []
    await store.append([END], running_seconds=0.0)
    async with NatsBus(config(server)) as bus, relaying(bus, store):
        pass
    assert await kept(server) == every_event_once(501)


async def test_timed_out_messages_are_stored_once(server: NatsServer) -> None:
    """A frozen server stores them after the timeout."""
    store = MemoryStore(EXPERIMENT)
    async with NatsBus(config(server), patience=0.3) as bus, relaying(bus, store) as relay:
        await store.append([STARTED], running_seconds=0.0)
        await until(lambda: relay.published == 2)
        for number in range(3):
            server.freeze()
            await store.append([lost(number * 100 + n) for n in range(100)], running_seconds=0.0)
            await until(lambda: not bus.connected and relay.lag > 0)
            assert relay.lag == 100
            server.thaw()
            await until(lambda: relay.lag == 0)
        await store.append([END], running_seconds=0.0)
    assert await kept(server) == every_event_once(303)


async def test_lost_connection_ends_pending_requests(server: NatsServer) -> None:
    """The timeout of the bus is longer."""
    async with NatsBus(config(server), patience=30.0) as bus, asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        server.freeze()
        message = BusMessage(subject="clau-doom.experiment.lab.x", payload=b"", source=UUID, sequence=1)
        publishing = tasks.create_task(refused(bus, message))
        asking = tasks.create_task(unanswered(bus))
        await asyncio.sleep(0.1)  # requests that wait for an answer have no event
        server.kill()
        assert "the connection is lost" in await publishing
        assert "the connection is lost" in await asking


async def test_several_may_wait_at_the_same_time_for_a_server_that_hangs(server: NatsServer) -> None:
    """Each client is notified."""
    async with NatsBus(config(server), patience=0.2) as bus, asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        server.freeze()
        waiting = [tasks.create_task(unanswered(bus)) for _ in range(5)]
        assert {"did not say what it keeps" in await each for each in waiting} == {True}
        server.thaw()


async def refused(bus: NatsBus, message: BusMessage) -> str:
    with pytest.raises(BusUnavailable) as caught:
        await bus.publish([message])
    return str(caught.value)


async def unanswered(bus: NatsBus) -> str:
    with pytest.raises(BusUnavailable) as caught:
        await bus.last_published(UUID, events_of("lab"))
    return str(caught.value)


async def test_concurrent_publishers_keep_all_messages_in_order(server: NatsServer) -> None:
    """The publishers interrupt each other's batches."""

    async def tell(source: str) -> None:
        async with NatsBus(config(server)) as bus:
            for first in range(1, 1001, 100):
                await bus.publish(
                    [
                        BusMessage(subject=f"clau-doom.experiment.{source}.x", payload=b"", source=source, sequence=n)
                        for n in range(first, first + 100)
                    ]
                )

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        for source in ("one", "two", "three"):
            tasks.create_task(tell(source))
    ids = await kept(server)
    for source in ("one", "two", "three"):
        assert [each for each in ids if each.startswith(source)] == every_event_once(1000, source)


async def test_refused_message_ends_its_batch(server: NatsServer) -> None:
    """The stream stores no message after the refused one."""
    async with client_of(server) as client:
        await client.jetstream().add_stream(
            name="CLAU_DOOM", subjects=[ALL_EVENTS], max_bytes=4000, discard=api.DiscardPolicy.NEW
        )
    sizes = [100, 100, 10_000, 1, 1, 1]
    async with NatsBus(config(server)) as bus:
        with pytest.raises(BusUnavailable, match="maximum bytes"):
            await bus.publish(
                [
                    BusMessage(subject="clau-doom.experiment.lab.x", payload=b"x" * size, source=UUID, sequence=n)
                    for n, size in enumerate(sizes, 1)
                ]
            )
    assert await kept(server) == every_event_once(2)


async def test_deleted_stream_is_created_again(server: NatsServer) -> None:
    """The relay starts at the first event of the log."""
    store = MemoryStore(EXPERIMENT)
    async with NatsBus(config(server)) as bus, relaying(bus, store) as relay, client_of(server) as client:
        await until(lambda: relay.published == 1)
        await client.jetstream().delete_stream("CLAU_DOOM")
        await store.append([STARTED, lost(0), END], running_seconds=0.0)
    assert await kept(server) == every_event_once(4)


async def test_events_wait_while_the_stream_is_full(server: NatsServer, caplog: pytest.LogCaptureFixture) -> None:
    """The connection stays open, and each event is stored once."""
    store = MemoryStore(EXPERIMENT)
    await store.append([STARTED], running_seconds=0.0)
    async with NatsBus(config(server)) as bus, NatsBus(config(server, max_bytes="8k")) as limited:
        relay = Relay(EXPERIMENT, store, limited, pause=0.01)
        running = asyncio.ensure_future(relay.run())
        for number in range(100):
            await store.append([lost(number)], running_seconds=0.0)
        await until(lambda: "maximum bytes exceeded" in caplog.text)
        assert (relay.lag > 0, limited.connected) == (True, True)
        async with client_of(server) as client:
            await client.jetstream().update_stream((await stream_of(client)).evolve(max_bytes=-1))
        await store.append([END], running_seconds=0.0)
        async with asyncio.timeout(20):
            await running
        assert await bus.last_published(UUID, events_of("lab")) == 103
    assert caplog.text.count("is lost") == 0
    async with client_of(server) as client:
        assert (await client.jetstream().stream_info("CLAU_DOOM")).state.messages == 103


async def stream_of(client: Client) -> api.StreamConfig:
    return (await client.jetstream().stream_info("CLAU_DOOM")).config


async def test_stream_is_created_with_file_storage_and_duplicate_window(server: NatsServer) -> None:
    """An existing stream stays unchanged."""
    async with NatsBus(config(server), duplicate_window=60.0), NatsBus(config(server)), client_of(server) as client:
        found = (await client.jetstream().stream_info("CLAU_DOOM")).config
    assert (found.subjects, found.storage, found.duplicate_window) == ([ALL_EVENTS], "file", 60.0)


async def test_relay_without_jetstream_continues_after_an_outage(tmp_path: Path) -> None:
    """A subscriber receives each event at least once while the server runs."""
    store = MemoryStore(EXPERIMENT)
    seen: list[int] = []
    with NatsServer(tmp_path, jetstream=False) as server:
        async with (
            NatsBus(config(server, jetstream=False)) as bus,
            bus.subscribe(events_of("lab")) as messages,
            relaying(bus, store) as relay,
        ):
            assert (await anext(messages)).sequence == 1
            server.kill()
            await store.append([STARTED, lost(0)], running_seconds=0.0)
            await until(lambda: relay.lag == 2)
            await asyncio.to_thread(server.start)
            await store.append([lost(1), END], running_seconds=0.0)
            while not seen or seen[-1] < 5:
                seen.append((await anext(messages)).sequence)
    assert sorted(set(seen)) == [2, 3, 4, 5]


async def test_commands_work_after_a_server_restart(server: NatsServer) -> None:
    async def command(verb: str, experiment: str) -> str:
        return f"{experiment} {verb}"

    async def accept(token: str | None, note: str) -> AbstractContextManager[None]:
        return nullcontext()

    settings = config(server, control=True)
    async with NatsBus(settings) as bus, accepting_commands(bus, settings, command, accept), asyncio.timeout(30):
        for _ in range(2):
            server.kill()
            await asyncio.to_thread(server.start)
            async with client_of(server) as client:
                answer = await asked(client, "clau-doom.control.lab.pause")
                assert answer == b'{"ok": true, "state": "lab pause"}'
                assert b"is not a command" in await asked(client, "clau-doom.control.lab.explode")


async def asked(client: Client, subject: str) -> bytes:
    """Repeat a request until a responder is subscribed."""
    for _ in range(100):
        with suppress(NoRespondersError):
            return (await client.request(subject, b"", timeout=5.0)).data
        await asyncio.sleep(0.1)
    raise AssertionError("nobody answered")


async def refusal(url: str, **changes: object) -> str:
    """Return the error of a bus that fails to start. The failure takes less than 5 s."""
    before = time.monotonic()
    with pytest.raises(BusUnavailable) as caught:
        async with NatsBus(NatsConfig.model_validate({"enabled": True, "url": url, **changes})):
            pass
    assert time.monotonic() - before < 5.0
    assert "canary" not in describe(caught.value)
    return describe(caught.value)


async def test_missing_server_is_named_without_its_password() -> None:
    """The error has the remedy."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        text = await refusal(f"nats://user:canary@127.0.0.1:{port}")
    assert f"cannot reach NATS at nats://127.0.0.1:{port}" in text
    assert text.endswith("set nats.enabled to false")


async def test_silent_server_is_unreachable() -> None:
    """The server accepts the connection and stays silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert f"cannot reach NATS at nats://127.0.0.1:{port}" in await refusal(f"nats://canary@127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nats://host:4222", "nats://host:4222"),
        ("nats://user:canary@host:4222", "nats://host:4222"),
        ("tls://canary@host", "tls://host"),
        ("user:canary@host:4222", "nats://host:4222"),
        ("nats://user:can,canary@host", "nats://host"),
        ("nats://user:x://canary@host", "nats://host"),
        ("nats://user:canary@one:1, nats://canary@two:2", "nats://one:1,nats://two:2"),
    ],
)
def test_credentials_are_removed_from_urls(url: str, shown: str) -> None:
    assert redacted(url) == shown


async def test_refused_reconnection_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After a change of the password, the log has the server's reason without the password."""
    caplog.set_level(logging.WARNING, "clau_doom.events")
    with NatsServer(tmp_path, user="doom", password="canary") as server:
        async with NatsBus(NatsConfig(enabled=True, url=server.url)) as bus:
            await asyncio.to_thread(server.kill)
            config = tmp_path / "nats.conf"
            config.write_text(config.read_text().replace("canary", "other"))
            await asyncio.to_thread(server.start)
            await until(lambda: "Authorization Violation" in caplog.text)
            assert not bus.connected
    assert "canary" not in caplog.text


async def test_refused_subject_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The error and the log have the reason."""
    caplog.set_level(logging.WARNING, "clau_doom.events")
    users = 'authorization { users = [{user: "doom", password: "canary", permissions: {publish: "$JS.>"}}] }'
    with NatsServer(tmp_path, config=users) as server:
        url = server.url.replace("//", "//doom:canary@")
        published = BusMessage(subject="clau-doom.experiment.lab.x", payload=b"", source=UUID, sequence=1)
        async with NatsBus(NatsConfig(enabled=True, url=url), patience=0.5) as bus:
            with pytest.raises(BusUnavailable, match=r"(?i)permissions violation for publish"):
                await bus.publish([published])
    assert "permissions violation for publish" in caplog.text.lower()


async def test_wrong_password_is_an_error_at_once(tmp_path: Path) -> None:
    """The error has the server's reason without the password."""
    with NatsServer(tmp_path, user="doom", password="right") as server:
        before = time.monotonic()
        assert "Authorization Violation" in await refusal(server.url.replace("right", "canary"))
        assert time.monotonic() - before < 1.0
        async with NatsBus(config(server)) as bus:
            assert bus.connected


async def test_server_without_jetstream_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with NatsServer(tmp_path, jetstream=False) as server:
        text = await refusal(server.url)
    assert "has no JetStream" in text
    assert "set nats.jetstream to false" in text


async def test_foreign_stream_is_refused_and_unchanged(server: NatsServer) -> None:
    async with client_of(server) as client:
        await client.jetstream().add_stream(name="CLAU_DOOM", subjects=["orders.>"])
        assert "does not keep clau-doom.experiment.>" in await refusal(server.url)
        assert (await client.jetstream().stream_info("CLAU_DOOM")).config.subjects == ["orders.>"]


async def test_bus_that_is_left_at_once_closes_its_connection(server: NatsServer) -> None:
    """The tasks of the bus have not run yet."""
    async with NatsBus(config(server)) as bus:
        session = bus._session
    assert session.client.is_closed


async def test_credentials_that_are_not_there_are_an_error() -> None:
    """The error is raised before a connection."""
    with pytest.raises(ConfigError, match="not found"):
        async with NatsBus(NatsConfig(enabled=True, credentials="/nowhere/doom.creds")):
            pass


async def test_credentials_without_nkeys_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the remedy."""
    monkeypatch.setattr("clau_doom.events.nats_bus.find_spec", lambda name: None)
    credentials = tmp_path / "doom.creds"
    credentials.touch()
    with pytest.raises(ConfigError, match="pip install nkeys, or set a user"):
        async with NatsBus(NatsConfig(enabled=True, credentials=str(credentials))):
            pass
