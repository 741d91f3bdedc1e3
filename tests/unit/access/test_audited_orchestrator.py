"""Tests of the audit log and of the token role that changes require."""

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clau_doom.access import AuditedOrchestrator, AuditLog, Caller, Role, acting
from clau_doom.config import ExperimentConfig, HoldoutConfig
from clau_doom.domain import Genome
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, InjectGenome
from clau_doom.errors import ExperimentNotFound, InvalidGenome, NotAllowed
from clau_doom.orchestration import Orchestrator
from clau_doom.testing.scripted_repository import ScriptedRepository

CONFIG = ExperimentConfig(
    name="lab", generations=3, population=4, episodes=2, holdout=HoldoutConfig(validation=2, episodes=3)
)
OWNER = Caller(name="owner", role=Role.FULL, transport="grpc", peer="192.0.2.1:5", note="a \x1b[31mred\n note")
READER = Caller(name="reader", role=Role.READ_ONLY, transport="web", peer="192.0.2.2:6")


class Audited:
    """Audited orchestrator over scripted episodes that wait for permission to end."""

    def __init__(self, orchestrator: Orchestrator, path: Path) -> None:
        self.path = path
        self.log = AuditLog(path)
        self.orchestrator = AuditedOrchestrator(orchestrator, self.log)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@pytest.fixture
async def audited(tmp_path: Path) -> AsyncIterator[Audited]:
    repository = ScriptedRepository()
    repository.may_end.clear()
    async with Orchestrator(repository) as orchestrator:
        made = Audited(orchestrator, tmp_path / "audit.log")
        yield made
        made.log.close()
        repository.may_end.set()


async def test_changes_and_refusals_are_recorded(audited: Audited) -> None:
    """A record has caller, action, target and result. The file is private, and a note cannot add a line."""
    here = audited.orchestrator
    agent = "lab-g000-a001"
    with acting(OWNER):
        await here.start(CONFIG)
        await here.pause("lab")
        await here.resume("lab")
        await here.control(AgentCommand(action=AgentAction.STOP, agent=agent))
        with pytest.raises(InvalidGenome):
            await here.control(InjectGenome(experiment="lab", genome=Genome((9.0,))))
        with pytest.raises(ExperimentNotFound):
            await here.cancel("nobody" * 1000)
        await here.cancel("lab")
    lines = audited.lines()
    assert [(line["action"], line["target"][:9], line["result"]) for line in lines] == [
        ("start", "lab", "done"),
        ("pause", "lab", "done"),
        ("resume", "lab", "done"),
        ("agent stop", agent[:9], "done"),
        ("inject", "lab", "invalid_genome"),
        ("cancel", "nobodynob", "experiment_not_found"),
        ("cancel", "lab", "done"),
    ]
    assert all(len(line["target"]) <= 200 for line in lines)
    sources = {(line["who"], line["role"], line["transport"], line["peer"], line["note"]) for line in lines}
    assert sources == {("owner", "full", "grpc", "192.0.2.1:5", OWNER.note)}
    assert "\x1b" not in audited.path.read_text()
    assert stat.S_IMODE(audited.path.stat().st_mode) == 0o600


async def test_read_only_caller_cannot_change_anything(audited: Audited) -> None:
    """Each refused change is recorded. Reading an agent is not recorded."""
    here = audited.orchestrator
    with acting(OWNER):
        await here.start(CONFIG)
    inspect = AgentCommand(action=AgentAction.INSPECT, agent="lab-g000-a001")
    with acting(READER):
        assert (await here.experiment("lab")).snapshot.experiment.id == "lab"
        assert len(await here.experiments()) == 1
        assert (await here.control(inspect)).sequence == 0
        for change in (
            lambda: here.start(CONFIG.model_copy(update={"name": "other"})),
            lambda: here.pause("lab"),
            lambda: here.resume("lab"),
            lambda: here.cancel("lab"),
            lambda: here.control(AgentCommand(action=AgentAction.STOP, agent="lab-g000-a001")),
            lambda: here.control(InjectGenome(experiment="lab", genome=Genome((0.0,)))),
        ):
            with pytest.raises(NotAllowed, match="token reader is read-only: use a full token"):
                await change()
    assert [(line["who"], line["result"]) for line in audited.lines()[1:]] == [("reader", "not_allowed")] * 6
    assert (await here.experiment("lab")).state.value == "running"
    assert len(await here.experiments()) == 1


async def test_change_without_caller_raises(audited: Audited) -> None:
    """The error marks a server that forgot to authenticate."""
    with pytest.raises(RuntimeError, match="no authenticated caller"):
        await audited.orchestrator.start(CONFIG)
    assert await audited.orchestrator.experiments() == ()


async def test_failed_audit_write_is_logged(audited: Audited, caplog: pytest.LogCaptureFixture) -> None:
    """The change remains in effect, and the service log contains the audit line."""
    audited.path.mkdir()
    with acting(OWNER):
        await audited.orchestrator.start(CONFIG)
    assert "the audit log cannot be written" in caplog.text
    assert '\\"action\\": \\"start\\"' in caplog.text or '"action": "start"' in caplog.text
