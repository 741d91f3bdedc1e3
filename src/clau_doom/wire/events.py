"""Mapping between the events of the log and `ExperimentEvent`, as a message and as JSON.

A message contains all data of its event except recordings. Decoding it returns the same event to the last bit. Received
messages are untrusted, and this module validates them for the clients of a server.
"""

import json

from google.protobuf.json_format import MessageToDict, Parse, ParseError

from clau_doom.domain.events import Event, RecordedEvent
from clau_doom.errors import InvalidMessage
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2 as pb
from clau_doom.wire.event_payloads import event_from, write_payload
from clau_doom.wire.message_validation import check_finite, experiment_id, moment, timestamp, whole

__all__ = ["event_from_json", "event_json", "event_message", "is_large", "recorded_event"]

_MANY_GENES = 20_000


def is_large(event: Event) -> bool:
    """Return whether an event contains so many genes that it must be serialised on a thread, off the event loop."""
    holders = (event, *getattr(event, "agents", ()))
    return sum(len(getattr(holder, "genome", ())) for holder in holders) > _MANY_GENES


def event_message(experiment: str, recorded: RecordedEvent) -> pb.ExperimentEvent:
    """Encode an event of an experiment's log."""
    message = pb.ExperimentEvent(experiment_id=experiment, sequence=recorded.sequence, time=timestamp(recorded.time))
    write_payload(message, experiment, recorded.event)
    return message


def recorded_event(message: pb.ExperimentEvent) -> tuple[str, RecordedEvent]:
    """Decode and validate an event, and return it with the experiment's id.

    Raises:
        InvalidMessage: The message is not a valid event. The error has the reason.
    """
    check_finite(message)
    experiment = experiment_id(message.experiment_id)
    payload = message.WhichOneof("payload")
    if payload is None:
        raise InvalidMessage(f"event {message.sequence} of {experiment} has an unknown payload")
    if not message.HasField("time"):
        raise InvalidMessage(f"event {message.sequence} of {experiment} has no time")
    return experiment, RecordedEvent(
        sequence=whole(message.sequence, "an event's sequence", least=1),
        time=moment(message.time),
        event=event_from(experiment, payload, getattr(message, payload)),
    )


def event_json(message: pb.ExperimentEvent) -> str:
    """Encode an event in protobuf's JSON mapping, on one line, with sorted keys and without white space.

    Names are in lowerCamelCase, whole numbers of 64 bits are strings, and zeros and empty texts are included.
    """
    plain = MessageToDict(message, always_print_fields_with_no_presence=True)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def event_from_json(text: str | bytes) -> pb.ExperimentEvent:
    """Parse an event in protobuf's JSON mapping. The values are not validated.

    Raises:
        InvalidMessage: The text is not a JSON event.
    """
    try:
        plain = text if isinstance(text, str) else text.decode()
        if not plain.lstrip().startswith("{"):  # protobuf accepts an empty list as an empty message
            raise InvalidMessage(f"not an event: {plain[:100]!r}")
        return Parse(plain, pb.ExperimentEvent())
    except (ParseError, UnicodeDecodeError) as error:
        raise InvalidMessage(f"not an event: {error}") from error
