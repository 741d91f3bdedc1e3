"""Tests of commands over a bus: answers, tokens and limits."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest

from clau_doom.config import NatsConfig
from clau_doom.errors import BusUnavailable, ExperimentNotFound, NotAuthenticated
from clau_doom.events import VERBS, CommandChannel, InProcessBus, accepting_commands
from tests.support.waiting import until

ON = NatsConfig(enabled=True, control=True)


@pytest.fixture
async def bus() -> AsyncIterator[InProcessBus]:
    async with InProcessBus() as bus:
        yield bus


async def _state(verb: str, experiment: str) -> str:
    return f"{experiment} after {verb}"


async def _never(verb: str, experiment: str) -> str:
    raise AssertionError(f"{verb} of {experiment} was obeyed")


async def accept(token: str | None, note: str) -> AbstractContextManager[None]:
    return nullcontext()


async def ask(bus: InProcessBus, subject: str, payload: bytes = b"") -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(await bus.request(subject, payload))
    return answer


@pytest.mark.parametrize("verb", VERBS)
async def test_command_is_executed_and_answered(bus: InProcessBus, verb: str) -> None:
    """The answer has the experiment's state after the command."""
    async with accepting_commands(bus, ON, _state, accept):
        assert await ask(bus, f"clau-doom.control.lab.{verb}", b"{}") == {"ok": True, "state": f"lab after {verb}"}


async def test_command_needs_a_token(bus: InProcessBus) -> None:
    """A request's token is checked before its other fields. Its note is passed on."""
    holders: list[str] = []
    seen: list[tuple[str, list[str]]] = []

    async def authenticate(token: str | None, note: str) -> AbstractContextManager[None]:
        if token != "right":
            raise NotAuthenticated("the token is not valid on this server")

        @contextmanager
        def acting() -> Iterator[None]:
            holders.append(note)
            yield
            holders.remove(note)

        return acting()

    async def command(verb: str, experiment: str) -> str:
        seen.append((verb, [*holders]))
        return "paused"

    async with accepting_commands(bus, ON, command, authenticate):
        for payload in (b"", b"{}", b'{"token": "wrong"}', b'{"note": "right"}'):
            for subject in ("clau-doom.control.lab.pause", "clau-doom.control.lab.explode"):
                answer = await ask(bus, subject, payload)
                assert answer == {"ok": False, "error": "the token is not valid on this server"}
        assert (await ask(bus, "clau-doom.control.lab.pause", b'{"token": "right", "note": "disk full"}'))["ok"]
    assert seen == [("pause", ["disk full"])]
    assert holders == []


async def test_commands_are_disabled_by_default(bus: InProcessBus) -> None:
    """Commands get no answer unless the configuration enables them."""
    async with accepting_commands(bus, NatsConfig(enabled=True), _never, accept):
        with pytest.raises(BusUnavailable, match="no handler answers"):
            await bus.request("clau-doom.control.lab.pause")


@pytest.mark.parametrize(
    ("subject", "payload", "says"),
    [
        ("clau-doom.control.lab.explode", b"", "'explode' is not a command: use pause, resume, cancel"),
        ("clau-doom.control.LAB.pause", b"", "'LAB' is not an experiment id"),
        ("clau-doom.control.*.pause", b"", "'*' is not an experiment id"),
        ("clau-doom.control.lab", b"", "is not a command"),
        ("clau-doom.control.lab.pause.now", b"", "is not a command"),
        ("clau-doom.control..pause", b"", "not an experiment id"),
        ("clau-doom.control.lab.pause", b"x" * 4097, "4097 bytes"),
        ("clau-doom.control.lab.pause", b"now", "not a JSON object"),
        ("clau-doom.control.lab.pause", b"[" * 4000, "not a JSON object"),
        ("clau-doom.control.lab.pause", b'{"token": 5}', "not a JSON object"),
    ],
)
async def test_invalid_command_is_refused(bus: InProcessBus, subject: str, payload: bytes, says: str) -> None:
    """Unknown verbs, malformed ids and oversized requests are answered with the reason and not executed."""
    async with accepting_commands(bus, ON, _never, accept):
        answer = await ask(bus, subject, payload)
    assert answer["ok"] is False
    assert says in answer["error"]


async def test_refusal_has_the_message_without_the_cause(bus: InProcessBus) -> None:
    """The answer has an error's message, but not its cause."""

    async def refuse(verb: str, experiment: str) -> str:
        raise ExperimentNotFound(f"no experiment {experiment} runs here") from OSError("no such folder")

    async with accepting_commands(bus, ON, refuse, accept):
        answer = await ask(bus, "clau-doom.control.lab.pause")
    assert answer == {"ok": False, "error": "no experiment lab runs here"}


@pytest.mark.parametrize(
    "error", [RuntimeError("canary"), TimeoutError("canary"), ExceptionGroup("canary", [ValueError("canary")])]
)
async def test_unexpected_error_is_answered_with_an_id(
    bus: InProcessBus, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer has only an id. The log has the error's text with this id."""
    failing = True

    async def fail(verb: str, experiment: str) -> str:
        if failing:
            raise error
        return "paused"

    async with accepting_commands(bus, ON, fail, accept):
        answer = await ask(bus, "clau-doom.control.lab.pause")
        failing = False
        assert (await ask(bus, "clau-doom.control.lab.pause"))["ok"]
    (entry,) = [record.msg for record in caplog.records if "error_id" in record.msg]
    assert entry["error_id"] in answer["error"]  # type: ignore[index] # structlog's event
    assert type(error).__name__ in entry["exception"]  # type: ignore[index]
    assert "canary" not in answer["error"]


async def test_slow_command_is_answered_after_the_timeout() -> None:
    async def hang(verb: str, experiment: str) -> str:
        await asyncio.Event().wait()
        return "never"

    async with asyncio.timeout(10):
        answer = json.loads(
            await CommandChannel(hang, accept, patience=0.05).answer("clau-doom.control.lab.pause", b"")
        )
    assert answer == {"ok": False, "error": "not done within 0.05 s; query the state of the experiment"}


async def test_number_of_concurrent_commands_is_limited() -> None:
    free = asyncio.Event()

    async def wait(verb: str, experiment: str) -> str:
        await free.wait()
        return "paused"

    control = CommandChannel(wait, accept)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        under_way = [tasks.create_task(control.answer("clau-doom.control.lab.pause", b"")) for _ in range(33)]
        await until(under_way[-1].done)
        assert [task.done() for task in under_way] == [False] * 32 + [True]
        free.set()
    answers = [json.loads(task.result())["ok"] for task in under_way]
    assert answers == [True] * 32 + [False]
