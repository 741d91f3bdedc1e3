"""Tests of removing the server's paths from errors, reasons and events for clients."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from clau_doom.access import AuditedOrchestrator, PrivatePaths
from clau_doom.access.audit import AuditLog
from clau_doom.domain import AgentRef
from clau_doom.domain.events import (
    AgentFailed,
    ExperimentCreated,
    ExperimentInterrupted,
    ExperimentStarted,
    FailureKind,
    RecordedEvent,
)
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.error_description import describe
from clau_doom.errors import (
    ConfigError,
    DiskFull,
    ExperimentNotFound,
    InvalidAgentId,
    StorageFailed,
    StoreCorrupted,
    UsageError,
)
from clau_doom.orchestration import Orchestrator
from clau_doom.testing.scripted_repository import ScriptedRepository

PATHS = PrivatePaths(
    {Path("/srv/doom/runs"): "<output folder>", Path("/srv/doom"): "<working folder>", Path("/"): "no"}
)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("no experiment x in /srv/doom/runs: did you mean y?", "no experiment x in <output folder>: did you mean y?"),
        ("/srv/doom/runs/x/results.sqlite is damaged", "<output folder>/x/results.sqlite is damaged"),
        ("it must be importable from /srv/doom", "it must be importable from <working folder>"),
        ("'/srv/doom/a.cfg' and /srv/doom/runs", "'<working folder>/a.cfg' and <output folder>"),
        ("/srv/doomed and /mnt/srv/doom are others", "/srv/doomed and /mnt/srv/doom are others"),
        ("a/b is no path of ours, nor is /etc", "a/b is no path of ours, nor is /etc"),
    ],
)
def test_private_folders_are_replaced_by_placeholders(text: str, hidden: str) -> None:
    """The longest known folder that contains a path is replaced, and other text is unchanged."""
    assert PATHS.hide(text) == hidden


@pytest.mark.parametrize("kind", [ExperimentNotFound, DiskFull, StoreCorrupted, UsageError, InvalidAgentId])
def test_error_keeps_its_type_without_the_path(kind: type[UsageError]) -> None:
    """A client receives an error of the same type, without the path in it or in its causes."""
    with pytest.raises(kind) as caught, PATHS.hiding():
        raise kind("/srv/doom/x is not here") from OSError(2, "No such file", "/srv/doom/x")
    assert type(caught.value) is kind
    assert str(caught.value) == "<working folder>/x is not here"
    assert caught.value.__cause__ is None


def test_causes_of_an_error_contain_no_path() -> None:
    """The causes that the dashboard shows contain no path."""
    with pytest.raises(ExperimentNotFound) as caught, PATHS.hiding():
        raise ExperimentNotFound("there is none") from OSError(2, "No such file", "/srv/doom/x")
    assert describe(caught.value) == "there is none"


def test_missing_home_folder_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are replaced for a user without a home folder, as in containers."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert PrivatePaths.of_process(tmp_path).hide(f"{tmp_path}/x") == "<output folder>/x"


def test_tracebacks_contain_no_path() -> None:
    """The message of a policy's error, which often names a file, contains no private path."""
    trace = FailureTrace(digest="0" * 16, text="FileNotFoundError: /srv/doom/weights.npz")
    failed = AgentFailed(
        ref=AgentRef(generation=0, index=1), kind=FailureKind.POLICY_RAISED, reason="it raised", traceback=trace
    )
    event = PATHS.event(RecordedEvent(sequence=1, time=0.0, event=failed)).event
    assert isinstance(event, AgentFailed)
    assert event.traceback == replace(trace, text="FileNotFoundError: <working folder>/weights.npz")


def test_configuration_problems_keep_path_and_line() -> None:
    with pytest.raises(ConfigError) as caught, PATHS.hiding():
        raise ConfigError("scenario: /srv/doom/a.cfg", (("scenario.name", "/srv/doom/a.cfg is missing"),), lines=(3,))
    assert caught.value.problems == (("scenario.name", "<working folder>/a.cfg is missing"),)
    assert caught.value.lines == (3,)


def test_internal_errors_keep_the_path_for_the_log() -> None:
    """The log keeps the path, and clients receive an error id."""
    with pytest.raises(StorageFailed, match="/srv/doom/runs/x"), PATHS.hiding():
        raise StorageFailed("/srv/doom/runs/x cannot be read")


OWN_SCENARIO = (
    "name: x\nscenario:\n  name: /data/maps/my maps/mine.cfg\n  frame_skip: 4\ngrpc:\n  cert: '/etc/tls/x.pem'\n"
)


def test_configurations_contain_no_folders() -> None:
    """The absolute path of a user's scenario is replaced, even outside all known folders."""
    shown = "name: x\nscenario:\n  name: <folder>/mine.cfg\n  frame_skip: 4\ngrpc:\n  cert: '<folder>/x.pem'\n"
    assert PATHS.configuration(OWN_SCENARIO) == shown
    assert PATHS.configuration("  name: /srv/doom/a.cfg\n") == "  name: <working folder>/a.cfg\n"
    listed = 'ray:\n  modules: [/opt/a/mine, "/opt/b c/x.py", here]\npolicy:\n  address: "unix:/run/x/agent.sock"\n'
    assert PATHS.configuration(listed) == (
        'ray:\n  modules: [<folder>/mine, "<folder>/x.py", here]\npolicy:\n  address: "unix:<folder>/agent.sock"\n'
    )
    created = Experiment(
        id="x", uuid="u", seed=1, config_yaml=OWN_SCENARIO, provenance=Provenance(facts=(("python", "3.11"),))
    )
    started = ExperimentStarted(resumed=False, generations=1, config_yaml=OWN_SCENARIO)
    for event in (ExperimentCreated(experiment=created), started):
        assert "/data" not in repr(PATHS.event(RecordedEvent(sequence=1, time=0.0, event=event)))


class Full(Orchestrator):
    """Orchestrator with an event log that reports a full disk."""

    async def events(self, experiment: str, after: int = 0) -> AsyncIterator[RecordedEvent]:
        interrupted = ExperimentInterrupted(generation=0, reason="no room is left in /srv/doom/runs/x")
        yield RecordedEvent(sequence=1, time=0.0, event=interrupted)


async def test_reasons_of_events_contain_no_path(tmp_path: Path) -> None:
    """A client that follows a log receives the reason with a placeholder."""

    async def reasons() -> list[str]:
        orchestrator = AuditedOrchestrator(Full(ScriptedRepository()), AuditLog(tmp_path / "audit.log"), PATHS)
        return [
            each.event.reason
            async for each in orchestrator.events("x", 0)
            if isinstance(each.event, ExperimentInterrupted)
        ]

    assert await reasons() == ["no room is left in <output folder>/x"]
