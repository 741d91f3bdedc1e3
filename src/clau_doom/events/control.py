"""Commands over a bus: pause, resume and cancel an experiment, for clients that show a token of the server."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from secrets import token_hex

from clau_doom.config import NatsConfig
from clau_doom.domain import check_experiment_id
from clau_doom.errors import ClauDoomError, InvalidMessage, NotAllowed, UsageError, WrongState
from clau_doom.events.subjects import ALL_COMMANDS
from clau_doom.logs import get_logger
from clau_doom.ports import EventBus

__all__ = ["VERBS", "Authenticate", "Command", "Control", "obeying"]

VERBS = ("pause", "resume", "cancel")
"""What can be asked of an experiment."""

Command = Callable[[str, str], Awaitable[str]]
"""Given a verb and an experiment's id, does it and returns the state that the experiment is in then."""

Authenticate = Callable[[str | None, str], Awaitable[AbstractContextManager[None]]]
"""Given a token, or None for none, and a note, returns the context in which commands are the token's holder's.

Raises `NotAuthenticated` for a token that is missing or wrong.
"""

_MAX_PAYLOAD = 4096
"""Bytes of a request."""

_AT_ONCE = 32
"""Commands that are carried out at the same time; more are refused."""

_PATIENCE = 30.0
"""Seconds after which whoever asks is told that it takes longer."""

_log = get_logger(__name__)


class Control:
    """Answers commands under `ALL_COMMANDS` with one line of JSON.

    ``{"ok": true, "state": "paused"}``, or ``{"ok": false, "error": "..."}``. What goes wrong unexpectedly is told by
    an id that stands in the log beside the traceback, and by nothing else.

    A request is a JSON object: ``{"token": "...", "note": "..."}``. The note, which may be left out, is a person's
    reason for the audit log.
    """

    def __init__(self, command: Command, authenticate: Authenticate, *, patience: float = _PATIENCE) -> None:
        """Have commands carried out by `command`, which may raise `ClauDoomError` to refuse."""
        self._command = command
        self._authenticate = authenticate
        self._patience = patience
        self._under_way = 0

    async def answer(self, subject: str, payload: bytes) -> bytes:
        """Carry out the command that a subject names, and return the answer."""
        try:
            state = await self._obey(subject, payload)
        except ClauDoomError as error:
            return _encode(ok=False, error=str(error))
        except Exception:
            error_id = token_hex(6)
            _log.exception("a command failed", subject=subject, error_id=error_id)
            return _encode(ok=False, error=f"internal error {error_id}: the server's log says more")
        return _encode(ok=True, state=state)

    async def _obey(self, subject: str, payload: bytes) -> str:
        token, note = _request(payload)
        # Before anything else is said, and before it counts as under way: strangers hold no place.
        acting = await self._authenticate(token, note)
        verb, experiment = _parse(subject)
        if self._under_way >= _AT_ONCE:
            raise NotAllowed(f"more than {_AT_ONCE} commands at once: ask again later")
        self._under_way += 1
        try:
            async with asyncio.timeout(self._patience) as limit:
                with acting:
                    state = await self._command(verb, experiment)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise WrongState(f"not done within {self._patience:g} s; ask for the experiment's state") from error
        finally:
            self._under_way -= 1
        _log.info("a command was obeyed", verb=verb, experiment=experiment, state=state)
        return state


@asynccontextmanager
async def obeying(
    bus: EventBus, config: NatsConfig, command: Command, authenticate: Authenticate
) -> AsyncIterator[None]:
    """Obey commands for as long as the context lasts, where the configuration says so."""
    if not config.control:
        yield
        return
    async with bus.answer(ALL_COMMANDS, Control(command, authenticate).answer):
        yield


def _request(payload: bytes) -> tuple[str | None, str]:
    """Return the token, or None where there is none, and the note."""
    if len(payload) > _MAX_PAYLOAD:
        raise NotAllowed(f"the request has {len(payload)} bytes: use at most {_MAX_PAYLOAD}")
    try:
        fields = json.loads(payload or b"{}")
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or not all(isinstance(fields.get(name, ""), str) for name in ("token", "note")):
        raise InvalidMessage('the request is not a JSON object: use {"token": "...", "note": "..."}')
    return fields.get("token"), fields.get("note", "")


def _parse(subject: str) -> tuple[str, str]:
    tokens = subject.split(".")
    if len(tokens) != 4:
        raise UsageError(f"{subject!r} is no command: they look like clau-doom.control.quickstart.pause")
    experiment, verb = tokens[2:]
    if verb not in VERBS:
        raise UsageError(f"{verb!r} is no command: use {', '.join(VERBS)}")
    return verb, check_experiment_id(experiment)


def _encode(**answer: bool | str) -> bytes:
    return json.dumps(answer).encode()
