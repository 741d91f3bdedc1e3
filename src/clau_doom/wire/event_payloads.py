"""Mapping of events to their payloads in `ExperimentEvent`, derived from the fields of both.

The mapping does not name event types. An event's field corresponds to the payload's field of the same name, or to the
field of an agent's id. The field's type selects the conversion. An event type without a message of its own is sent as
`GenericEvent`. Received values are untrusted and validated.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_type_hints

from google.protobuf.message import Message

from clau_doom.domain import Agent, AgentRef, Episode, Genome, Purpose
from clau_doom.domain.event_codec import decode, encode
from clau_doom.domain.event_declaration import Declaration, agent_of, declaration_of, declared, is_declared
from clau_doom.domain.events import Event, FailureKind
from clau_doom.domain.experiment import Experiment, GenerationSummary, Provenance
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.domain.run_environment import RunEnvironment, SourceCommit
from clau_doom.errors import InvalidMessage, StorageFailed
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2 as pb
from clau_doom.wire.message_validation import EnumMapping, agent_ref, player_id, sendable, unique_id, whole
from clau_doom.wire.shared_values import (
    FAILURE_KINDS,
    PURPOSES,
    episode_from,
    episode_message,
    genome_from,
    summary_from,
    summary_message,
)

__all__ = ["event_from", "write_payload"]

_GENERIC = "generic_event"
_PAYLOADS = pb.ExperimentEvent.DESCRIPTOR.oneofs_by_name["payload"].fields
_CODES = frozenset(field.name for field in _PAYLOADS if field.name != _GENERIC)
"""Codes of the event types with a message of their own."""
_LEAST = {"generations": 1, "attempt": 1, "episodes": 1, "candidates": 1}
"""Minimum values of whole numbers. The minimum of other fields is 0."""


@dataclass(frozen=True, slots=True)
class _Mapping:
    """Conversion of one field of an event.

    Attributes:
        write: Sets the field in a payload: (payload, experiment, value).
        read: Returns the field's value from a payload: (payload, experiment).
    """

    write: Callable[[Any, str, Any], None]
    read: Callable[[Any, str], Any]


def write_payload(message: pb.ExperimentEvent, experiment: str, event: Event) -> None:
    """Encode an event of an experiment's log as the payload of a message."""
    declaration = declaration_of(event)
    if declaration.code not in _CODES:
        message.generic_event.code, message.generic_event.json = declaration.code, encode(event)
        return
    payload = getattr(message, declaration.code)
    payload.SetInParent()
    for name, mapping in _mappings(declaration):
        mapping.write(payload, experiment, getattr(event, name))


def event_from(experiment: str, field: str, payload: Message) -> Event:
    """Decode and validate a payload. `field` is its field in `ExperimentEvent`.

    Raises:
        InvalidMessage: The payload is invalid.
    """
    if field == _GENERIC:
        return _generic_event(experiment, cast("pb.GenericEvent", payload))
    declaration = declared(field)
    values = {name: mapping.read(payload, experiment) for name, mapping in _mappings(declaration)}
    return cast("Event", declaration.kind(**values))


def _generic_event(experiment: str, payload: pb.GenericEvent) -> Event:
    code = payload.code
    if code in _CODES or not is_declared(code):
        raise InvalidMessage(f"{code[:100]!a} is not the code of a generic event that is known here")
    try:
        event = decode(code, payload.json)
        encode(event)  # refuses numbers that are not finite
    except StorageFailed as error:
        raise InvalidMessage(str(error)) from None
    if (agent := agent_of(experiment, event)) is not None:
        player_id(experiment, agent)
    return event


@cache
def _mappings(declaration: Declaration) -> tuple[tuple[str, _Mapping], ...]:
    hints = get_type_hints(declaration.kind)
    names = [field.name for field in fields(declaration.kind)]
    return tuple([(name, _mapping(declaration, name, hints[name])) for name in names])


def _mapping(declaration: Declaration, name: str, hint: Any) -> _Mapping:
    """Return the conversion of a field by its type."""
    optional = isinstance(hint, UnionType)
    if optional:
        (hint,) = [member for member in get_args(hint) if member is not NoneType]
    if name == "agent":
        return _BASELINE_OR_AGENT
    if hint is int:
        what = f"{name.replace('_', ' ')} of {declaration.title}"
        mapping = _plain(name, lambda value, _: whole(value, what, least=_LEAST.get(name, 0)))
        return _optional(name, mapping) if optional else mapping
    return _BY_TYPE[hint](name)


def _text_mapping(name: str) -> _Mapping:
    return _Mapping(
        lambda payload, _, value: setattr(payload, name, sendable(value)), lambda payload, _: getattr(payload, name)
    )


def _word(words: EnumMapping[Any]) -> Callable[[str], _Mapping]:
    """Return the conversion of an enumeration."""
    return lambda name: _Mapping(
        lambda payload, _, value: setattr(payload, name, words.number(value)),
        lambda payload, _: words.received(getattr(payload, name)),
    )


def _plain(name: str, check: Callable[[Any, str], Any]) -> _Mapping:
    return _Mapping(
        lambda payload, _, value: setattr(payload, name, value),
        lambda payload, experiment: check(getattr(payload, name), experiment),
    )


def _optional(name: str, mapping: _Mapping) -> _Mapping:
    """Return the conversion of a number that may be missing."""

    def write(payload: Any, experiment: str, value: Any) -> None:
        if value is not None:
            mapping.write(payload, experiment, value)

    return _Mapping(
        write, lambda payload, experiment: mapping.read(payload, experiment) if payload.HasField(name) else None
    )


def _nested(write: Callable[[str, Any], Message], read: Callable[[str, Any], Any]) -> Callable[[str], _Mapping]:
    """Return the conversion of a nested message."""
    return lambda name: _Mapping(
        lambda payload, experiment, value: getattr(payload, name).CopyFrom(write(experiment, value)),
        lambda payload, experiment: read(experiment, getattr(payload, name)),
    )


def _write_experiment(payload: pb.ExperimentCreated, _: str, experiment: Experiment) -> None:
    payload.uuid, payload.seed, payload.config_yaml = experiment.uuid, experiment.seed, experiment.config_yaml
    payload.provenance.update(dict(experiment.provenance.facts))


def _read_experiment(payload: pb.ExperimentCreated, experiment: str) -> Experiment:
    return Experiment(
        id=experiment,
        uuid=unique_id(payload.uuid),
        seed=payload.seed,
        config_yaml=payload.config_yaml,
        provenance=Provenance(facts=tuple(sorted(payload.provenance.items()))),
    )


def _write_environment(payload: pb.ExperimentStarted, _: str, environment: RunEnvironment | None) -> None:
    if environment is not None:
        payload.environment.SetInParent()
        payload.environment.packages.update(dict(environment.packages))
        for each in environment.commits:
            payload.environment.commits.add(
                folder=each.folder, commit=each.commit, dirty=each.dirty, unavailable=each.unavailable
            )


def _read_environment(payload: pb.ExperimentStarted, _: str) -> RunEnvironment | None:
    if not payload.HasField("environment"):
        return None
    commits = [
        SourceCommit(
            folder=each.folder,
            commit=each.commit if each.HasField("commit") else None,
            dirty=each.dirty if each.HasField("dirty") else None,
            unavailable=each.unavailable if each.HasField("unavailable") else None,
        )
        for each in payload.environment.commits
    ]
    return RunEnvironment(commits=tuple(commits), packages=tuple(sorted(payload.environment.packages.items())))


def _write_agents(payload: pb.GenerationStarted, _: str, agents: tuple[Agent, ...]) -> None:
    for agent in agents:
        payload.agents.add(
            agent_id=agent.id,
            genome=agent.genome,
            parent_ids=[ref.agent_id(agent.experiment) for ref in agent.parents],
            operator=agent.operator,
        )


def _read_agents(payload: pb.GenerationStarted, experiment: str) -> tuple[Agent, ...]:
    agents = [
        Agent(
            experiment=experiment,
            ref=agent_ref(experiment, message.agent_id),
            genome=genome_from(message),
            parents=tuple([agent_ref(experiment, parent) for parent in message.parent_ids]),
            operator=message.operator,
        )
        for message in payload.agents
    ]
    stray = next((agent.id for agent in agents if agent.ref.generation != payload.generation), None)
    if stray:
        raise InvalidMessage(f"agent {stray} is not of generation {payload.generation}")
    return tuple(agents)


def _write_trace(payload: Any, _: str, trace: FailureTrace | None) -> None:
    if trace is not None:
        payload.traceback.digest = trace.digest
        if trace.text is not None:
            payload.traceback.text = sendable(trace.text)


def _read_trace(payload: Any, _: str) -> FailureTrace | None:
    if not payload.HasField("traceback"):
        return None
    trace = payload.traceback
    return FailureTrace(digest=trace.digest, text=trace.text if trace.HasField("text") else None)


_AGENT = _Mapping(
    lambda payload, experiment, ref: setattr(payload, "agent_id", ref.agent_id(experiment)),
    lambda payload, experiment: agent_ref(experiment, payload.agent_id),
)
_BASELINE_OR_AGENT = _Mapping(
    lambda payload, _, agent: setattr(payload, "agent_id", agent),
    lambda payload, experiment: player_id(experiment, payload.agent_id),
)
_BY_TYPE: dict[Any, Callable[[str], _Mapping]] = {
    bool: lambda name: _plain(name, lambda value, _: value),
    float: lambda name: _plain(name, lambda value, _: value),
    str: _text_mapping,
    Purpose: _word(PURPOSES),
    FailureKind: _word(FAILURE_KINDS),
    AgentRef: lambda _: _AGENT,
    tuple[Agent, ...]: lambda _: _Mapping(_write_agents, _read_agents),
    Episode: _nested(lambda _, episode: episode_message(episode), episode_from),
    GenerationSummary: _nested(summary_message, summary_from),
    Experiment: lambda _: _Mapping(_write_experiment, _read_experiment),
    FailureTrace: lambda _: _Mapping(_write_trace, _read_trace),
    RunEnvironment: lambda _: _Mapping(_write_environment, _read_environment),
    Genome: lambda name: _Mapping(
        lambda payload, _, genome: getattr(payload, name).extend(genome), lambda payload, _: genome_from(payload)
    ),
}
