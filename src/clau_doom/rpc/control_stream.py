"""Handler of the command stream: commands for one agent run in order, those for different agents concurrently."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from weakref import WeakValueDictionary

from clau_doom.domain.agent_commands import AgentCommand, Command, CommandDone
from clau_doom.errors import ClauDoomError, ShutdownRequested
from clau_doom.logs import get_logger
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.rpc.errors import Status, status_of
from clau_doom.rpc.handler_wrapper import Write
from clau_doom.wire import command_from, done_message, refused_message

__all__ = ["control_agents"]

Control = Callable[[Command], Awaitable[CommandDone]]
"""Carries out a command; returns once the change is committed."""

_MOST = 64
"""Maximum number of concurrent commands of a stream; further ones stay unread."""

_log = get_logger(__name__)


async def control_agents(control: Control, requests: AsyncIterator[pb.AgentCommand], write: Write) -> None:
    """Carry out a stream's commands, and answer each by its id once the change is committed.

    Raises:
        ShutdownRequested: The server stops; commands read before that are carried out and answered.
    """
    stream = _Stream(control, write)
    stopped: ShutdownRequested | None = None
    async with asyncio.TaskGroup() as group:
        try:
            async for message in requests:
                await stream.take(message, group)
        except ShutdownRequested as request:
            stopped = request
    if stopped:
        raise stopped


class _Stream:
    """Commands of one client."""

    def __init__(self, control: Control, write: Write) -> None:
        self._control = control
        self._write = write
        self._writing = asyncio.Lock()
        self._room = asyncio.Semaphore(_MOST)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, message: pb.AgentCommand, group: asyncio.TaskGroup) -> None:
        """Start a command as soon as the limit of concurrent commands allows."""
        try:
            _, command = command_from(message)
        except ClauDoomError as error:
            await self._answer(_refused(message.command_id, status_of(error)))
            return
        target = command.agent if isinstance(command, AgentCommand) else command.experiment
        turn = self._turns.setdefault(target, asyncio.Lock())
        await self._room.acquire()
        group.create_task(self._carry_out(message.command_id, command, turn))

    async def _carry_out(self, command_id: str, command: Command, turn: asyncio.Lock) -> None:
        try:
            async with turn:  # a fair lock: commands run in the order of their arrival
                await self._answer(await self._result(command_id, command))
        finally:
            self._room.release()

    async def _result(self, command_id: str, command: Command) -> pb.AgentResponse:
        try:
            done = await self._control(command)
        except Exception as error:
            status = status_of(error)
            if status.error_id:
                _log.error("command failed", error_id=status.error_id, exc_info=error)
            return _refused(command_id, status)
        return done_message(command_id, done)

    async def _answer(self, response: pb.AgentResponse) -> None:
        async with self._writing:
            await self._write(response)


def _refused(command_id: str, status: Status) -> pb.AgentResponse:
    return refused_message(command_id, status.number, status.message, reason=status.reason)
