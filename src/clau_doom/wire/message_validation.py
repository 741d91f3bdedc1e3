"""Validation of received values. Each function returns the validated value or raises `InvalidMessage`."""

import math
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from clau_doom.domain import AgentRef, baseline_id, check_experiment_id, parse_agent_id
from clau_doom.errors import AgentNotFound, ConfigError, InvalidMessage
from clau_doom.escaping import printable_message
from clau_doom.protos.claudoom.worker.v1.worker_pb2 import EpisodeFailed

__all__ = [
    "EnumMapping",
    "agent_ref",
    "check_finite",
    "claimed_traceback",
    "digest",
    "experiment_id",
    "moment",
    "player_id",
    "sendable",
    "timestamp",
    "unique_id",
    "whole",
]

MemberT = TypeVar("MemberT", bound=StrEnum)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_TRACEBACK = 8000
_BILLION = 1_000_000_000


class EnumMapping(Generic[MemberT]):
    """Mapping between an enumeration and the protobuf enumeration with the same member names after a prefix."""

    def __init__(self, words: type[MemberT], enum: EnumDescriptor) -> None:
        """Pair the enumerations. The protobuf enumeration may have additional members."""
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper()
        self._name = enum.name
        self._sent = {word: f"{prefix}_{word.name}" for word in words}
        self._numbers = {word: enum.values_by_name[name].number for word, name in self._sent.items()}
        self._received = {number: word for word, number in self._numbers.items()}

    def sent(self, word: MemberT) -> str:
        """Return the protobuf name of a member."""
        return self._sent[word]

    def number(self, word: MemberT) -> int:
        """Return the protobuf number of a member."""
        return self._numbers[word]

    def received(self, number: int) -> MemberT:
        """Return the member of a received number."""
        try:
            return self._received[number]
        except KeyError:
            raise InvalidMessage(f"{self._name} {number} is unknown") from None


def sendable(text: str) -> str:
    """Return a text that protobuf accepts. Invalid Unicode, such as undecodable bytes of a file name, is escaped."""
    return text.encode(errors="backslashreplace").decode()


def check_finite(message: Message) -> None:
    """Reject a message that contains a number that is not finite, at any depth."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_DOUBLE:
            wrong = next((number for number in _each(value) if not math.isfinite(number)), None)
            if wrong is not None:
                raise InvalidMessage(f"{field.name} is {wrong}: use a finite number")
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            for inner in [value] if isinstance(value, Message) else value:
                check_finite(inner)


def _each(value: float | Iterable[float]) -> Iterable[float]:
    return (value,) if isinstance(value, float) else value


def whole(value: int, what: str, *, least: int = 0) -> int:
    """Validate a whole number against a minimum. `what` names it in the error."""
    if value < least:
        raise InvalidMessage(f"{what} is {value}: it is at least {least}")
    return value


def experiment_id(text: str) -> str:
    """Validate an experiment's id."""
    try:
        return check_experiment_id(text)
    except ConfigError as error:
        raise InvalidMessage(str(error)) from None


def agent_ref(experiment: str, text: str) -> AgentRef:
    """Parse the id of an experiment's agent."""
    try:
        named, generation, index = parse_agent_id(text)
    except AgentNotFound as error:
        raise InvalidMessage(str(error)) from None
    if named != experiment:
        raise InvalidMessage(f"agent {text} is not an agent of experiment {experiment}")
    return AgentRef(generation, index)


def player_id(experiment: str, text: str) -> str:
    """Validate the id of an experiment's agent or random baseline."""
    if text != baseline_id(experiment):
        agent_ref(experiment, text)
    return text


def unique_id(text: str) -> str:
    """Validate an experiment's UUID."""
    try:
        canonical = str(UUID(text))
    except ValueError:
        canonical = None
    if text != canonical:
        raise InvalidMessage(f"{text!r} is not a UUID: use the form 0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44")
    return text


def digest(text: str) -> str:
    """Validate a SHA-256 in hexadecimal digits."""
    if not _SHA256.fullmatch(text):
        raise InvalidMessage(f"{text!r} is not a SHA-256: use 64 of 0-9 and a-f")
    return text


def timestamp(time: float) -> Timestamp:
    """Convert seconds since the epoch to nanoseconds. This is finer than a float's resolution of times since 1971."""
    seconds = math.floor(time)
    seconds, nanos = divmod(seconds * _BILLION + round((time - seconds) * _BILLION), _BILLION)
    return Timestamp(seconds=seconds, nanos=nanos)


def moment(message: Timestamp) -> float:
    """Convert a timestamp to the exact float that `timestamp` received. A ratio of integers is rounded only once."""
    if not (0 <= message.seconds < 2**38 and 0 <= message.nanos < _BILLION):
        raise InvalidMessage(f"{message.seconds} s and {message.nanos} ns are not a time since the epoch")
    return (message.seconds * _BILLION + message.nanos) / _BILLION


def claimed_traceback(failed: EpisodeFailed) -> str:
    """Return a worker's traceback, shortened and escaped. Line breaks are kept."""
    return printable_message(failed.traceback, limit=_LONGEST_TRACEBACK) if failed.traceback else ""
