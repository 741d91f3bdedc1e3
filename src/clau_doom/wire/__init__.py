"""Mapping between protobuf messages and domain values, with validation of received messages.

Received messages are untrusted. An invalid message of a worker raises `MalformedMessage`: it does not parse, is too
long or does not fit its task. An invalid message of a client, a server or a bus raises `InvalidMessage`.
"""

from clau_doom.wire.commands import MAX_COMMAND_ID, command_from, command_message, done_message, refused_message
from clau_doom.wire.configuration import config_fields, config_message
from clau_doom.wire.events import event_from_json, event_json, event_message, is_large, recorded_event
from clau_doom.wire.framing import MAX_FRAME, PREFIX, frame, frame_size
from clau_doom.wire.message_validation import claimed_traceback
from clau_doom.wire.resources import (
    agent_brief,
    agent_message,
    agent_status,
    budget_from,
    experiment_message,
    generation_message,
    reader_failures,
)
from clau_doom.wire.shared_values import EXPERIMENT_STATES, FAILURE_KINDS, PURPOSES
from clau_doom.wire.worker_service import (
    MalformedMessage,
    episode_from_played,
    frame_from_glimpse,
    glimpse_message,
    inflate_actions,
    parse,
    play_episode,
    played,
)

__all__ = [
    "EXPERIMENT_STATES",
    "FAILURE_KINDS",
    "MAX_COMMAND_ID",
    "MAX_FRAME",
    "PREFIX",
    "PURPOSES",
    "MalformedMessage",
    "agent_brief",
    "agent_message",
    "agent_status",
    "budget_from",
    "claimed_traceback",
    "command_from",
    "command_message",
    "config_fields",
    "config_message",
    "done_message",
    "episode_from_played",
    "event_from_json",
    "event_json",
    "event_message",
    "experiment_message",
    "frame",
    "frame_from_glimpse",
    "frame_size",
    "generation_message",
    "glimpse_message",
    "inflate_actions",
    "is_large",
    "parse",
    "play_episode",
    "played",
    "reader_failures",
    "recorded_event",
    "refused_message",
]
