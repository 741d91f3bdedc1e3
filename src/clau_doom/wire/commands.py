"""Mapping between commands and the messages of `ControlAgent`."""

from clau_doom.domain import Genome, check_experiment_id, parse_agent_id
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, Command, CommandDone, InjectGenome
from clau_doom.errors import ConfigError, ExperimentNotFound, InvalidMessage
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2
from clau_doom.wire.message_validation import check_finite, sendable
from clau_doom.wire.resources import agent_brief

__all__ = ["MAX_COMMAND_ID", "command_from", "command_message", "done_message", "refused_message"]

MAX_COMMAND_ID = 64
"""Maximum length of a command's id, in characters."""

_INJECT = "inject"


def command_from(message: pb.AgentCommand) -> tuple[str, Command]:
    """Parse a client's command, and return its id and the command.

    This function does not check whether the agent exists and whether the genome fits. The experiment checks both.

    Raises:
        InvalidMessage: The id does not have 1 to `MAX_COMMAND_ID` characters, the command is missing, or a gene is not
            finite.
        AgentNotFound: The agent's id is malformed.
        ExperimentNotFound: The experiment's id is malformed.
    """
    if not 1 <= len(message.command_id) <= MAX_COMMAND_ID:
        size = len(message.command_id)
        raise InvalidMessage(f"command_id has {size} characters: use 1 to {MAX_COMMAND_ID}")
    kind = message.WhichOneof("command")
    if kind is None:
        raise InvalidMessage("the command has no action: set pause, resume, stop, restart, inspect or inject")
    if kind == _INJECT:
        return message.command_id, _injection(message.inject)
    agent = getattr(message, kind).agent_id
    parse_agent_id(agent)
    return message.command_id, AgentCommand(action=AgentAction(kind), agent=agent)


def command_message(command_id: str, command: Command) -> pb.AgentCommand:
    """Create the message of a command. The client chooses the id."""
    if isinstance(command, InjectGenome):
        inject = pb.InjectGenome(experiment_id=command.experiment, genome=command.genome)
        return pb.AgentCommand(command_id=command_id, inject=inject)
    message = pb.AgentCommand(command_id=command_id)
    getattr(message, command.action.value).agent_id = command.agent
    return message


def done_message(command_id: str, done: CommandDone, *, agent: resources_pb2.Agent | None = None) -> pb.AgentResponse:
    """Create the response to a successful command.

    Args:
        command_id: Id of the command.
        done: Result of the command.
        agent: Current state of the agent, if it has more details than `done`.
    """
    if agent is None and done.evaluation is not None:
        count = len(done.evaluation.outcomes)
        agent = agent_brief(done.evaluation, paused=done.paused, episodes_finished=count)
    return pb.AgentResponse(command_id=command_id, done=pb.CommandDone(sequence=done.sequence, agent=agent))


def refused_message(command_id: str, code: int, message: str, *, reason: str = "") -> pb.AgentResponse:
    """Create the response to a refused command.

    Args:
        command_id: Id of the command.
        code: Code of `google.rpc.Code`.
        message: Text of the error, which is sent on one line.
        reason: Stable code of the error in capitals; empty for an internal error.
    """
    refused = pb.CommandRefused(code=code, message=sendable(" ".join(message.split())), reason=reason)
    return pb.AgentResponse(command_id=command_id, refused=refused)


def _injection(message: pb.InjectGenome) -> InjectGenome:
    check_finite(message)
    try:
        check_experiment_id(message.experiment_id)
    except ConfigError as error:
        raise ExperimentNotFound(str(error)) from None
    return InjectGenome(experiment=message.experiment_id, genome=Genome(message.genome))
