"""Commands over a bus: pause, resume and cancel an experiment, each answered, none of them trusted."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from secrets import token_hex

from clau_doom.config import NatsConfig
from clau_doom.domain import check_experiment_id
from clau_doom.errors import ClauDoomError, NotAllowed, UsageError, WrongState
from clau_doom.events.subjects import ALL_COMMANDS
from clau_doom.logs import get_logger
from clau_doom.ports import EventBus

__all__ = ["VERBS", "Command", "Control", "obeying"]

VERBS = ("pause", "resume", "cancel")
"""What can be asked of an experiment."""

Command = Callable[[str, str], Awaitable[str]]
"""Given a verb and an experiment's id, does it and returns the state that the experiment is in then."""

_MAX_PAYLOAD = 4096
"""Bytes of a request; nothing is read from them."""

_AT_ONCE = 32
"""Commands that are carried out at the same time; more are refused."""

_PATIENCE = 30.0
"""Seconds after which whoever asks is told that it takes longer."""

_log = get_logger(__name__)


class Control:
    """Answers commands under `ALL_COMMANDS` with one line of JSON.

    ``{"ok": true, "state": "paused"}``, or ``{"ok": false, "error": "..."}``. What goes wrong unexpectedly is told by
    an id that stands in the log beside the traceback, and by nothing else.
    """

    def __init__(self, command: Command, *, patience: float = _PATIENCE) -> None:
        """Have commands carried out by `command`, which may raise `ClauDoomError` to refuse."""
        self._command = command
        self._patience = patience
        self._under_way = 0

    async def answer(self, subject: str, payload: bytes) -> bytes:
        """Carry out the command that a subject names, and return the answer."""
        self._under_way += 1
        try:
            state = await self._obey(subject, payload)
        except ClauDoomError as error:
            return _encode(ok=False, error=str(error))
        except Exception:
            error_id = token_hex(6)
            _log.exception("a command failed", subject=subject, error_id=error_id)
            return _encode(ok=False, error=f"internal error {error_id}: the server's log says more")
        finally:
            self._under_way -= 1
        return _encode(ok=True, state=state)

    async def _obey(self, subject: str, payload: bytes) -> str:
        if self._under_way > _AT_ONCE:
            raise NotAllowed(f"more than {_AT_ONCE} commands at once: ask again later")
        verb, experiment = _parse(subject, payload)
        try:
            async with asyncio.timeout(self._patience) as limit:
                state = await self._command(verb, experiment)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise WrongState(f"not done within {self._patience:g} s; ask for the experiment's state") from error
        _log.info("a command was obeyed", verb=verb, experiment=experiment, state=state)
        return state


@asynccontextmanager
async def obeying(bus: EventBus, config: NatsConfig, command: Command) -> AsyncIterator[None]:
    """Obey commands for as long as the context lasts, where the configuration says so."""
    if not config.control:
        yield
        return
    async with bus.answer(ALL_COMMANDS, Control(command).answer):
        yield


def _parse(subject: str, payload: bytes) -> tuple[str, str]:
    if len(payload) > _MAX_PAYLOAD:
        raise NotAllowed(f"the request has {len(payload)} bytes; a command needs none, and may have {_MAX_PAYLOAD}")
    tokens = subject.split(".")
    if len(tokens) != 4:
        raise UsageError(f"{subject!r} is no command: they look like clau-doom.control.quickstart.pause")
    experiment, verb = tokens[2:]
    if verb not in VERBS:
        raise UsageError(f"{verb!r} is no command: use {', '.join(VERBS)}")
    return verb, check_experiment_id(experiment)


def _encode(**answer: bool | str) -> bytes:
    return json.dumps(answer).encode()
