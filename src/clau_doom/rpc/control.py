"""Commands in, answers out: those to one agent one after the other, those to different agents side by side."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from weakref import WeakValueDictionary

from clau_doom.domain.commands import AgentCommand, Command, CommandDone
from clau_doom.errors import ClauDoomError, ShutdownRequested
from clau_doom.logs import get_logger
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.rpc.errors import Status, status_of
from clau_doom.rpc.handler_wrapper import Write
from clau_doom.wire import command_from, done_message, refused_message

__all__ = ["control_agents"]

Control = Callable[[Command], Awaitable[CommandDone]]
"""Carries out a command; returns once what it did is committed."""

_MOST = 64
"""Commands of one stream that are carried out at once; the next one waits to be read."""

_log = get_logger(__name__)


async def control_agents(control: Control, requests: AsyncIterator[pb.AgentCommand], write: Write) -> None:
    """Carry out a stream's commands, and answer each by its id once what it did is committed.

    Raises:
        ShutdownRequested: The server stops; what was read before is done and answered.
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
    """One client's commands."""

    def __init__(self, control: Control, write: Write) -> None:
        self._control = control
        self._write = write
        self._writing = asyncio.Lock()
        self._room = asyncio.Semaphore(_MOST)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, message: pb.AgentCommand, group: asyncio.TaskGroup) -> None:
        """Begin with a command, once there is room for it."""
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
            async with turn:  # those who wait are let in by the order in which they came
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
    return refused_message(command_id, status.number, status.message)
