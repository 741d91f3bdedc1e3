"""Event buses, the relay that publishes an experiment's log on a bus, and commands over a bus.

The log of an experiment is the only record; a bus has copies. `Relay` publishes each event after its commit. Runs do
not wait for a bus, and events of an outage are published later. `InProcessBus` serves one process, `NatsBus` all
clients of a NATS server. `accepting_commands` carries out commands over a bus, if the configuration enables them.
"""

from clau_doom.events.command_channel import VERBS, Command, CommandChannel, accepting_commands
from clau_doom.events.in_process_bus import InProcessBus
from clau_doom.events.nats_bus import NatsBus, redacted
from clau_doom.events.relay import Relay
from clau_doom.events.subjects import ALL_COMMANDS, ALL_EVENTS, covers, events_of, subject_of

__all__ = [
    "ALL_COMMANDS",
    "ALL_EVENTS",
    "VERBS",
    "Command",
    "CommandChannel",
    "InProcessBus",
    "NatsBus",
    "Relay",
    "accepting_commands",
    "covers",
    "events_of",
    "redacted",
    "subject_of",
]
