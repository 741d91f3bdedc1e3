"""Test of an event type that is declared in this file only, in every presentation of events."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.app.catalog.folder_source import FolderSource
from clau_doom.app.event_logging import log_event
from clau_doom.app.export import export_experiment
from clau_doom.app.progress_display import event_line as progress_line
from clau_doom.app.progress_state import ProgressState
from clau_doom.cli.commands.events import _line as terminal_line
from clau_doom.config import ExperimentConfig, GrpcConfig, to_yaml
from clau_doom.domain import AgentRef, event_declaration
from clau_doom.domain.event_codec import decode, encode
from clau_doom.domain.event_declaration import Scope, Severity, declaration_of, declared, event
from clau_doom.domain.events import Event, ExperimentCreated, ExperimentInterrupted, ExperimentStarted, RecordedEvent
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.errors import InvalidMessage
from clau_doom.events.subjects import subject_of
from clau_doom.logs import configure_logs
from clau_doom.metrics import MetricsCollector
from clau_doom.orchestration import Orchestrator
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2 as pb
from clau_doom.rpc import RpcServer, connect
from clau_doom.rpc.client import RpcClient
from clau_doom.storage import ExperimentFolders
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_repository import ScriptedRepository
from clau_doom.web.api import _json as dashboard_json
from clau_doom.wire import event_from_json, event_json, event_message, recorded_event

CONFIG = ExperimentConfig(name="lab", seed=7, generations=2, population=3, episodes=1)
EXPERIMENT = Experiment(
    id="lab",
    uuid="0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44",
    seed=7,
    config_yaml=to_yaml(CONFIG),
    provenance=Provenance(facts=(("clau-doom", "0.1.0"),)),
)
SUMMARY = "g003-a017 promoted to rank 2: it won"


@pytest.fixture
def promotion() -> Iterator[Any]:
    """Declare an event type, and return an event of it."""

    @event("agent_promoted", Scope.AGENT, Severity.SUCCESS, "{agent} promoted to rank {rank}: {reason}")
    @dataclass(frozen=True, kw_only=True, slots=True)
    class AgentPromoted:
        """An agent moved up."""

        ref: AgentRef
        rank: int
        share: float
        reason: str

    yield AgentPromoted(ref=AgentRef(3, 17), rank=2, share=-0.0, reason="it won")
    del event_declaration._BY_TYPE[event_declaration._BY_CODE.pop("agent_promoted").kind]


@pytest.fixture
def log(promotion: Any) -> list[RecordedEvent]:
    """Return the log of an interrupted experiment with the event."""
    started = ExperimentStarted(resumed=False, generations=2, config_yaml=EXPERIMENT.config_yaml)
    ended = ExperimentInterrupted(generation=0, reason="Ctrl-C")
    events = [ExperimentCreated(experiment=EXPERIMENT), started, promotion, ended]
    return [RecordedEvent(sequence=place, time=float(place), event=each) for place, each in enumerate(events, 1)]


async def stored(runs: ExperimentFolders, log: list[RecordedEvent]) -> list[Event]:
    """Store a log in a folder, and return the stored events."""
    folder = runs.create(EXPERIMENT)
    async with folder.write() as store:
        await store.append([each.event for each in log[1:]], running_seconds=1.0)
    async with folder.read() as store:
        return [recorded.event async for recorded in store.events()]


@asynccontextmanager
async def served(store: MemoryStore, folder: Path) -> AsyncIterator[RpcClient]:
    """Run a server of one stored experiment, and yield its client."""
    orchestrator = Orchestrator(ScriptedRepository(stores={"lab": store}))
    config = GrpcConfig(port=0, socket=str(folder / "api.sock"))
    authenticator = Authenticator(TokenFiles(folder / "token"), shortest_delay=0.0)
    async with (
        RpcServer(config, orchestrator, authenticator=authenticator, grace=1.0),
        orchestrator,
        connect(f"unix:{folder / 'api.sock'}", environ={}) as client,
    ):
        yield client


async def test_stores_and_a_projection_keep_the_event(tmp_path: Path, log: list[RecordedEvent]) -> None:
    """SQLite and memory return the event. It is legal during a run, and does not change the state."""
    events = [each.event for each in log]
    assert await stored(ExperimentFolders(tmp_path), log) == events
    memory = MemoryStore(EXPERIMENT)
    await memory.append(events[1:], running_seconds=1.0)
    assert [recorded.event async for recorded in memory.events()] == events
    projection = ExperimentProjection()
    changes = [projection.apply(each) for each in events]
    assert [len(each) for each in changes] == [1, 2, 0, 1]


async def test_client_receives_the_event_over_grpc(tmp_path: Path, log: list[RecordedEvent]) -> None:
    """`StreamEvents` sends the event as `GenericEvent`. The client's event is bit-identical."""
    memory = MemoryStore(EXPERIMENT)
    await memory.append([each.event for each in log[1:]], running_seconds=1.0)
    async with served(memory, tmp_path) as client:
        received = [recorded.event async for recorded in client.follow("lab")]
    assert repr(received) == repr([each.event for each in log])


def test_message_of_the_event_is_generic_and_validated(promotion: Any) -> None:
    """The message has code and fields. Unknown codes, codes with their own message and invalid values are refused."""
    message = event_message("lab", RecordedEvent(sequence=7, time=0.0, event=promotion))
    assert message.generic_event.code == "agent_promoted"
    assert json.loads(message.generic_event.json) == {
        "rank": 2,
        "reason": "it won",
        "ref": {"generation": 3, "index": 17},
        "share": 0.0,
    }
    assert recorded_event(event_from_json(event_json(message)))[1].event == promotion
    text = message.generic_event.json
    for code, fields in [
        ("agent_adored", text),
        ("agent_paused", '{"ref":{"generation":0,"index":0}}'),
        ("agent_promoted", "[]"),
        ("agent_promoted", text.replace("2", '"2"')),
        ("agent_promoted", text.replace("-0.0", "1e999")),
        ("agent_promoted", text.replace("-0.0", "NaN")),
        ("agent_promoted", text.replace("17", "-17")),
    ]:
        message.generic_event.CopyFrom(pb.GenericEvent(code=code, json=fields))
        with pytest.raises(InvalidMessage):
            recorded_event(message)


async def test_export_contains_the_event(tmp_path: Path, log: list[RecordedEvent]) -> None:
    """The table `events` has a row with the event's code and its JSON."""
    runs = ExperimentFolders(tmp_path / "runs")
    await stored(runs, log)
    await export_experiment(FolderSource(tmp_path / "runs"), "lab", tmp_path / "out", "csv")
    with (tmp_path / "out/events.csv").open(newline="") as file:
        row = [*csv.DictReader(file)][2]
    assert (row["sequence"], row["kind"]) == ("3", "agent_promoted")
    assert json.loads(row["payload"])["genericEvent"]["code"] == "agent_promoted"


def test_metrics_count_the_event(log: list[RecordedEvent]) -> None:
    """The counter of events has a series for the code."""
    metrics = MetricsCollector()
    for recorded in log:
        metrics.apply("lab", recorded)
    assert b'clau_doom_events_total{code="agent_promoted",experiment="lab"} 1.0' in metrics.exposition()[0]


def test_texts_derive_from_the_declaration(promotion: Any) -> None:
    """Codec, subject, log line, terminal lines and dashboard use code, severity and summary of the declaration."""
    assert declaration_of(promotion).title == "agent promoted"
    assert declared("agent_promoted") is declaration_of(promotion)
    assert decode("agent_promoted", encode(promotion)) == promotion
    assert subject_of("lab", promotion) == "clau-doom.experiment.lab.agent.lab-g003-a017.promoted"
    stream = io.StringIO()
    configure_logs(stream, json=True)
    log_event("lab", promotion)
    row = json.loads(stream.getvalue())
    assert {name: row[name] for name in ("event", "level", "agent", "generation", "rank", "reason")} == {
        "event": "agent promoted",
        "level": "info",
        "agent": "lab-g003-a017",
        "generation": 3,
        "rank": 2,
        "reason": "it won",
    }
    recorded = RecordedEvent(sequence=7, time=0.0, event=promotion)
    assert terminal_line(recorded).plain.endswith(f"agent promoted          {SUMMARY}")
    line = progress_line(recorded, ProgressState.begin(CONFIG), 80)
    assert line is not None
    assert line.plain == f"agent promoted lab: {SUMMARY}"
    shown = json.loads(dashboard_json("lab", recorded))
    assert {name: shown[name] for name in ("kind", "severity", "text", "agent")} == {
        "kind": "agent_promoted",
        "severity": "success",
        "text": SUMMARY,
        "agent": "lab-g003-a017",
    }
