"""Commands over an event bus: pause, resume and cancel an experiment, for clients with a token of the server."""

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

__all__ = ["VERBS", "Authenticate", "Command", "CommandChannel", "accepting_commands"]

VERBS = ("pause", "resume", "cancel")
"""Commands for an experiment."""

Command = Callable[[str, str], Awaitable[str]]
"""Carries out a verb for an experiment's id and returns the experiment's new state."""

Authenticate = Callable[[str | None, str], Awaitable[AbstractContextManager[None]]]
"""Returns the context in which commands are attributed to a token's holder, for a token or None, and a note.

Raises `NotAuthenticated` if the token is missing or wrong.
"""

_MAX_PAYLOAD = 4096
"""Maximum size of a request in bytes."""

_AT_ONCE = 32
"""Maximum number of concurrent commands."""

_PATIENCE = 30.0
"""Seconds until a client receives the answer that its command takes longer."""

_log = get_logger(__name__)


class CommandChannel:
    """Answers commands under `ALL_COMMANDS` with one line of JSON.

    ``{"ok": true, "state": "paused"}``, or ``{"ok": false, "error": "..."}``. For an unexpected error the client
    receives only an id, and the log has the traceback under this id.

    A request is a JSON object: ``{"token": "...", "note": "..."}``. The optional note is the user's reason, for the
    audit log.
    """

    def __init__(self, command: Command, authenticate: Authenticate, *, patience: float = _PATIENCE) -> None:
        """Carry out commands by `command`, which raises `ClauDoomError` to refuse one."""
        self._command = command
        self._authenticate = authenticate
        self._patience = patience
        self._under_way = 0

    async def answer(self, subject: str, payload: bytes) -> bytes:
        """Carry out the command of a subject and return the answer."""
        try:
            state = await self._obey(subject, payload)
        except ClauDoomError as error:
            return _encode(ok=False, error=str(error))
        except Exception:
            error_id = token_hex(6)
            _log.exception("command failed", subject=subject, error_id=error_id)
            return _encode(ok=False, error=f"internal error {error_id}: see the server's log")
        return _encode(ok=True, state=state)

    async def _obey(self, subject: str, payload: bytes) -> str:
        token, note = _request(payload)
        # First, so that clients without a token neither learn anything nor use one of the places.
        acting = await self._authenticate(token, note)
        verb, experiment = _parse(subject)
        if self._under_way >= _AT_ONCE:
            raise NotAllowed(f"more than {_AT_ONCE} commands at once: try again later")
        self._under_way += 1
        try:
            async with asyncio.timeout(self._patience) as limit:
                with acting:
                    state = await self._command(verb, experiment)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise WrongState(f"not done within {self._patience:g} s; query the state of the experiment") from error
        finally:
            self._under_way -= 1
        _log.info("command carried out", verb=verb, experiment=experiment, state=state)
        return state


@asynccontextmanager
async def accepting_commands(
    bus: EventBus, config: NatsConfig, command: Command, authenticate: Authenticate
) -> AsyncIterator[None]:
    """Accept commands while the context lasts, if the configuration enables them."""
    if not config.control:
        yield
        return
    async with bus.answer(ALL_COMMANDS, CommandChannel(command, authenticate).answer):
        yield


def _request(payload: bytes) -> tuple[str | None, str]:
    """Return the token or None, and the note."""
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
        raise UsageError(f"{subject!r} is not a command: use the form clau-doom.control.quickstart.pause")
    experiment, verb = tokens[2:]
    if verb not in VERBS:
        raise UsageError(f"{verb!r} is not a command: use {', '.join(VERBS)}")
    return verb, check_experiment_id(experiment)


def _encode(**answer: bool | str) -> bytes:
    return json.dumps(answer).encode()
