"""Tests of commands and their answers as messages."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Agent, AgentRef, AgentStatus, EpisodeOutcome, Evaluation, Genome, Measures, agent_id
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, Command, CommandDone, InjectGenome
from clau_doom.errors import AgentNotFound, ExperimentNotFound, InvalidMessage
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2
from clau_doom.wire import command_from, command_message, done_message, refused_message

experiments = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True)
places = st.integers(0, 999_999)
agents = st.builds(agent_id, experiments, places, places)
genomes = st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(lambda values: Genome(tuple(values)))
commands = st.builds(AgentCommand, agent=agents) | st.builds(InjectGenome, experiment=experiments, genome=genomes)
FIELDS = pb.AgentCommand.DESCRIPTOR.oneofs_by_name["command"].fields


@given(command_id=st.text(min_size=1, max_size=64), command=commands)
def test_any_command_round_trip(command_id: str, command: Command) -> None:
    """Genes keep all bits."""
    received = pb.AgentCommand.FromString(command_message(command_id, command).SerializeToString())
    assert repr(command_from(received)) == repr((command_id, command))


def test_every_command_has_a_field() -> None:
    assert {field.name for field in FIELDS} == {*(action.value for action in AgentAction), "inject"}


@pytest.mark.parametrize("command_id", ["", "x" * 65])
def test_empty_or_long_command_id_is_refused(command_id: str) -> None:
    message = command_message(command_id, AgentCommand(action=AgentAction.PAUSE, agent="lab-g000-a000"))
    with pytest.raises(InvalidMessage, match=f"command_id has {len(command_id)} characters: use 1 to 64"):
        command_from(message)


def test_command_without_action_is_refused() -> None:
    """The message lists the actions."""
    with pytest.raises(InvalidMessage, match="has no action: set pause, resume,"):
        command_from(pb.AgentCommand(command_id="1"))


def test_non_finite_gene_is_refused() -> None:
    inject = pb.InjectGenome(experiment_id="lab", genome=[0.0, math.nan])
    with pytest.raises(InvalidMessage, match="genome is nan"):
        command_from(pb.AgentCommand(command_id="1", inject=inject))


@pytest.mark.parametrize("text", ["", "lab", "../lab-g000-a000", "lab-g0-a0"])
def test_malformed_ids_are_not_found(text: str) -> None:
    """An id is checked before its use in a path."""
    with pytest.raises(AgentNotFound, match="not an agent id"):
        command_from(pb.AgentCommand(command_id="1", stop=pb.StopAgent(agent_id=text)))
    with pytest.raises(ExperimentNotFound, match="not an experiment id"):
        command_from(pb.AgentCommand(command_id="1", inject=pb.InjectGenome(experiment_id=f"{text}/")))


def test_answer_has_the_agent_and_the_sequence() -> None:
    agent = Agent(experiment="lab", ref=AgentRef(0, 1), genome=Genome(()), parents=(), operator="draw")
    outcome = EpisodeOutcome(seed=1, measures=Measures(), trajectory_sha256="0f" * 32)
    evaluation = Evaluation(agent=agent, status=AgentStatus.PENDING, fitness=None, outcomes=(outcome,))
    message = done_message("7", CommandDone(sequence=12, evaluation=evaluation, paused=True))
    assert (message.command_id, message.done.sequence) == ("7", 12)
    assert message.done.agent == resources_pb2.Agent(
        id="lab-g000-a001",
        index=1,
        status=resources_pb2.AGENT_STATUS_PAUSED,
        operator="draw",
        episodes_finished=1,
    )


def test_answer_can_have_the_whole_agent() -> None:
    agent = resources_pb2.Agent(id="lab-g000-a001", genome=[resources_pb2.GeneValue(value=1.0)])
    assert done_message("7", CommandDone(sequence=0), agent=agent).done.agent == agent


def test_answer_to_an_injection_has_no_agent() -> None:
    message = done_message("7", CommandDone(sequence=3))
    assert message == pb.AgentResponse(command_id="7", done=pb.CommandDone(sequence=3))
    assert not message.done.HasField("agent")


def test_refusal_has_a_printable_reason_on_one_line() -> None:
    message = refused_message("7", 9, "it is told\nalready \udcff", reason="WRONG_STATE")
    assert message == pb.AgentResponse(
        command_id="7", refused=pb.CommandRefused(code=9, message=r"it is told already \udcff", reason="WRONG_STATE")
    )
