"""Tests of event streams to many clients: no missing or repeated events, and bounded memory."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import ExperimentConfig, GrpcConfig
from clau_doom.domain import Agent, AgentRef, Genome
from clau_doom.domain.episode import Purpose
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
from clau_doom.errors import InvalidMessage, ShutdownRequested, StorageFailed
from clau_doom.orchestration import Orchestrator, ReaderHealth
from clau_doom.ports import StoredExperiment
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.protos.claudoom.orchestrator.v1.orchestrator_pb2_grpc import OrchestratorServiceStub
from clau_doom.rpc import EventStream, RpcServer, event_stream
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_repository import ScriptedRepository
from tests.support.waiting import until

Serving = Callable[..., AbstractAsyncContextManager[Any]]


def lost(number: int, size: int = 100) -> EpisodeLost:
    return EpisodeLost(
        purpose=Purpose.TRAINING, agent="x-g000-a000", number=number, seed=1, attempt=1, reason="r" * size
    )


class Log:
    """Log of an experiment that counts its readers."""

    def __init__(self) -> None:
        experiment = Experiment(id="x", uuid="u", seed=1, config_yaml="", provenance=Provenance(facts=()))
        self.store = MemoryStore(experiment)
        self.reads: list[int] = []
        self.open = 0
        self.fails: Exception | None = None
        self.live: tuple[str, ...] = ("x",)

    async def write(self, *events: Event) -> None:
        await self.store.append(events, running_seconds=0.0)

    async def begin(self, count: int = 0, size: int = 100) -> None:
        await self.write(ExperimentStarted(resumed=False, generations=1, config_yaml=""))
        for number in range(count):
            await self.write(lost(number, size))

    async def experiment(self, experiment: str) -> StoredExperiment:
        snapshot = await self.store.snapshot()
        return StoredExperiment(snapshot=snapshot, config=ExperimentConfig(), state=snapshot.state, last_activity=0.0)

    async def events(self, experiment: str, after: int) -> AsyncIterator[RecordedEvent]:
        self.reads.append(after)
        self.open += 1
        try:
            async with aclosing(self.store.events(after, follow=True)) as log:  # type: ignore[type-var]
                async for recorded in log:
                    if self.fails:
                        raise self.fails
                    yield recorded
        finally:
            self.open -= 1


class Reader:
    """Client of an event stream that reads only with the test's permission."""

    def __init__(self, events: EventStream, after: int = 0) -> None:
        self.seen: list[int] = []
        self.moved = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.task = asyncio.ensure_future(events.stream("x", after, self.write))

    async def write(self, data: bytes) -> None:
        await self.go.wait()
        self.seen.append(events_pb2.ExperimentEvent.FromString(data).sequence)
        self.moved.set()
        await asyncio.sleep(0)

    async def reach(self, sequence: int) -> None:
        async with asyncio.timeout(10):
            while not self.seen or self.seen[-1] < sequence:
                self.moved.clear()
                await self.moved.wait()


def a_feed(log: Log, **options: Any) -> EventStream:
    return EventStream(log, **options)  # type: ignore[arg-type] # as much of an orchestrator as it uses


async def test_stream_has_stored_and_new_events(serving: Serving) -> None:
    """Each event is sent once and in order, from any start."""
    log = Log()
    await log.begin(600)
    async with a_feed(log) as events:
        readers = [Reader(events, after) for after in (0, 1, 255, 256, 257, 600, 602)]
        await readers[0].reach(602)
        for number in range(600, 700):
            await log.write(lost(number))
            await asyncio.sleep(0)
        await log.write(ExperimentCompleted(generations=1))
        await asyncio.gather(*(reader.task for reader in readers))
    for reader, after in zip(readers, (0, 1, 255, 256, 257, 600, 602), strict=True):
        assert reader.seen == list(range(after + 1, 704))
    assert log.open == 0


async def test_many_genes_are_serialised_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other requests do not wait. The order of the log is kept."""
    threads: dict[int, bool] = {}
    serialised = event_stream._serialised

    def noted(experiment: str, recorded: RecordedEvent) -> bytes:
        threads[recorded.sequence] = threading.current_thread() is threading.main_thread()
        return serialised(experiment, recorded)

    monkeypatch.setattr(event_stream, "_serialised", noted)
    log = Log()
    await log.begin()
    genome = Genome([0.5] * 30_000)
    agent = Agent(experiment="x", ref=AgentRef(generation=0, index=0), genome=genome, parents=(), operator="drawn")
    await log.write(GenerationStarted(generation=0, agents=(agent,)), lost(0))
    async with a_feed(log) as events:
        reader = Reader(events)
        await reader.reach(4)
        await log.write(ExperimentInterrupted(generation=0, reason="Ctrl-C"))
        await reader.task
    assert reader.seen == [1, 2, 3, 4, 5]
    assert threads == {1: True, 2: True, 3: False, 4: True, 5: True}


async def test_each_event_is_serialised_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients stream from the beginning or live."""
    made: list[int] = []
    serialised = event_stream._serialised

    def counted(experiment: str, recorded: RecordedEvent) -> bytes:
        made.append(recorded.sequence)
        return serialised(experiment, recorded)

    monkeypatch.setattr(event_stream, "_serialised", counted)
    log = Log()
    await log.begin(600)
    async with a_feed(log) as events:
        readers = [Reader(events) for _ in range(50)]
        await readers[0].reach(602)
        for number in range(100):
            await log.write(lost(number))
            await asyncio.sleep(0)
        await log.write(ExperimentCompleted(generations=1))
        await asyncio.gather(*(reader.task for reader in readers))
    assert sorted(made) == list(range(1, 704))
    assert all(reader.seen == list(range(1, 704)) for reader in readers)


async def test_slow_client_reads_pages_of_the_log() -> None:
    """The client misses no event, and other clients do not wait."""
    log = Log()
    await log.begin()
    async with a_feed(log, tail=2000, pages=4000) as events:
        slow, quick = Reader(events), Reader(events)
        await asyncio.gather(slow.reach(2), quick.reach(2))
        slow.go.clear()
        for number in range(2000):
            await log.write(lost(number))
            await asyncio.sleep(0)
        await quick.reach(2002)
        assert len(slow.seen) <= 3
        assert events._tails["x"].first > 1900
        slow.go.set()
        await log.write(ExperimentCompleted(generations=1))
        await asyncio.gather(slow.task, quick.task)
    assert slow.seen == quick.seen == list(range(1, 2004))
    assert log.open == 0


async def test_log_is_followed_only_with_clients() -> None:
    """One follower serves all clients."""
    log = Log()
    await log.begin(3)
    async with a_feed(log) as events:
        readers = [Reader(events) for _ in range(5)]
        await asyncio.gather(*(reader.reach(5) for reader in readers))
        assert log.open == 1
        for reader in readers:
            reader.task.cancel()
        await asyncio.wait([reader.task for reader in readers])
        await asyncio.sleep(0.01)
        assert log.open == 0


async def test_resumed_run_is_streamed_to_new_clients() -> None:
    """Other clients still receive the end of the last run."""
    log = Log()
    await log.begin(3)
    async with a_feed(log) as events:
        slow = Reader(events)
        await slow.reach(5)
        slow.go.clear()
        await log.write(ExperimentCompleted(generations=1))
        await asyncio.sleep(0.01)
        await log.write(ExperimentStarted(resumed=True, generations=2, config_yaml=""))
        late = Reader(events)
        await late.reach(7)
        slow.go.set()
        await slow.task
        await log.write(lost(9))
        await late.reach(8)
        late.task.cancel()
    assert slow.seen == list(range(1, 7))
    assert late.seen == list(range(1, 9))


async def test_cursor_beyond_the_log_is_refused() -> None:
    """The cursor belongs to another experiment."""
    log = Log()
    await log.begin(3)
    async with a_feed(log) as events:
        with pytest.raises(InvalidMessage, match="after_sequence is 6: the log of x ends with event 5"):
            await events.stream("x", 6, lambda _: asyncio.sleep(0))


async def test_unreadable_log_ends_all_streams() -> None:
    """New streams work after the failure."""
    log = Log()
    await log.begin(3)
    async with a_feed(log) as events:
        readers = [Reader(events, 5) for _ in range(3)]
        await asyncio.sleep(0.01)
        log.fails = StorageFailed("the disk is gone")
        await log.write(lost(1))
        results = await asyncio.gather(*(reader.task for reader in readers), return_exceptions=True)
        assert [str(result) for result in results] == ["the disk is gone"] * 3
        log.fails = None
        await Reader(events).reach(6)


@pytest.mark.parametrize("paged", [False, True])
async def test_transient_failure_does_not_end_streams(*, paged: bool) -> None:
    """The log is read again from the same position, and the failure is counted."""

    class Flaky(Log):
        failures = 1

        async def events(self, experiment: str, after: int) -> AsyncIterator[RecordedEvent]:
            async for recorded in super().events(experiment, after):
                if recorded.sequence == 6 and self.failures:
                    self.failures -= 1
                    raise KeyError("dropped")
                yield recorded

    log, health = Flaky(), ReaderHealth()
    await log.begin(4 if paged else 3)
    async with a_feed(log, readers=health) as events:
        reader = Reader(events, 2)
        await reader.reach(5)
        await log.write(lost(1), lost(2))
        await reader.reach(7)
        assert reader.seen[:5] == [3, 4, 5, 6, 7]
    assert [(each.reader, each.failures, each.failing) for each in health.of("x")] == [("gRPC streams", 1, False)]


async def test_stop_ends_streams_after_the_stored_events() -> None:
    """The error has the sequence to continue after."""
    log = Log()
    await log.begin(600)
    async with a_feed(log) as events:
        reader = Reader(events)
        events.stop()
        with pytest.raises(ShutdownRequested, match="connect again and continue after event 602"):
            await reader.task
    assert reader.seen == list(range(1, 603))


async def test_stop_sends_the_last_event_of_an_interrupted_run() -> None:
    log = Log()
    await log.begin()
    async with a_feed(log) as events:
        reader = Reader(events)
        await reader.reach(2)
        log.live = ()
        events.stop()
        await asyncio.sleep(0)
        await log.write(ExperimentInterrupted(generation=0, reason="the server was stopped"))
        await reader.task
    assert reader.seen == [1, 2, 3]


# On a real server.


async def drawn(stub: Any, **request: Any) -> list[int]:
    return [event.sequence async for event in stub.StreamEvents(pb.StreamEventsRequest(**request))]


async def test_stream_ends_with_its_run(serving: Serving) -> None:
    """The stream starts at the beginning, from a cursor, or after the end of the run."""
    async with serving() as served:
        await served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x\ngenerations: 2\n"))
        whole = await drawn(served.stub, experiment_id="x")
        assert whole == list(range(1, len(whole) + 1))
        assert await drawn(served.stub, experiment_id="x", after_sequence=10) == whole[10:]
        assert await drawn(served.stub, experiment_id="x", after_sequence=len(whole)) == []


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"experiment_id": "nix"}, grpc.StatusCode.NOT_FOUND),
        ({"experiment_id": "x", "after_sequence": 10**9}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_stream_with_unknown_experiment_or_sequence_is_refused(
    request_: Any, code: grpc.StatusCode, serving: Serving
) -> None:
    async with serving() as served:
        await served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x\ngenerations: 1\n"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await drawn(served.stub, **request_)
    assert caught.value.code() is code


async def test_drained_run_is_streamed_to_its_interruption(serving: Serving) -> None:
    """The stream ends without an error."""
    repository = ScriptedRepository()
    async with serving(repository) as served:
        repository.may_end.clear()
        await served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x"))
        call = aiter(served.stub.StreamEvents(pb.StreamEventsRequest(experiment_id="x")))
        assert (await anext(call)).WhichOneof("payload") == "experiment_created"
        served.orchestrator.drain(grace=0.0)
        *_, last = [event async for event in call]
    assert last.WhichOneof("payload") == "experiment_interrupted"


async def test_stopped_server_ends_streams_of_running_experiments(
    tmp_path: Path, own_channel: Callable[..., Any]
) -> None:
    """The status tells a client to reconnect."""
    repository = ScriptedRepository()
    repository.may_end.clear()
    orchestrator, socket = Orchestrator(repository), tmp_path / "s.sock"
    server = RpcServer(
        GrpcConfig(socket=str(socket)),
        orchestrator,
        authenticator=Authenticator(TokenFiles(tmp_path / "t")),
        grace=30.0,
        socket_only=True,
    )
    async with orchestrator, own_channel(f"unix:{socket}") as channel:
        async with server:
            await orchestrator.start(ExperimentConfig(name="x"))
            stub: Any = OrchestratorServiceStub(channel)
            call = aiter(stub.StreamEvents(pb.StreamEventsRequest(experiment_id="x")))
            await anext(call)
            left = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - left < 5
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in call:
                pass
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@asynccontextmanager
async def stalled(serving: Serving, own_channel: Callable[..., Any]) -> AsyncIterator[tuple[Any, Any]]:
    """Yield a server and an abandoned stream without a reader."""
    given_up, repository = asyncio.Event(), ScriptedRepository()

    def observe(method: str, code: str, _seconds: float) -> None:
        if (method, code) == ("OrchestratorService/StreamEvents", "ABORTED"):
            given_up.set()

    async with serving(repository, stall=0.5, grace=30.0, observe=observe) as served:
        repository.may_end.clear()
        await served.stub.StartExperiment(pb.StartExperimentRequest(config_yaml="name: x"))
        channel = own_channel(f"unix:{served.socket}", ("grpc.http2.bdp_probe", 0))
        stub: Any = OrchestratorServiceStub(channel)
        stream = aiter(stub.StreamEvents(pb.StreamEventsRequest(experiment_id="x")))
        await anext(stream)
        for number in range(400):
            await repository.stores["x"].append([lost(number, 10_000)], running_seconds=0.0)
        async with asyncio.timeout(10):
            await given_up.wait()
        await until(lambda: served.server._active_calls._calls == 0 and not served.server._event_stream._tails)
        yield served, stream
    await channel.close()


async def test_stalled_client_is_disconnected(serving: Serving, own_channel: Callable[..., Any]) -> None:
    """No task, follower or call of the client remains."""
    async with stalled(serving, own_channel) as (served, stream):
        assert not served.server._event_stream._tails
        assert served.server._active_calls._calls == 0
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in stream:
                pass
        assert caught.value.code() is grpc.StatusCode.ABORTED
        assert "did not read for 0.5 s" in str(caught.value.details())


async def test_stalled_client_does_not_delay_the_stop(serving: Serving, own_channel: Callable[..., Any]) -> None:
    """The server does not wait for data in gRPC's buffers."""
    loop = asyncio.get_running_loop()
    async with stalled(serving, own_channel):
        left = loop.time()
    assert loop.time() - left < 5
