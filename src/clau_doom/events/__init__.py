"""Telling others what happens, and hearing what persons want: the buses, the relay that feeds them, and control.

The log of an experiment is the one record; a bus only repeats it. `Relay` reads the log behind the run and publishes
each event once it is committed, so that the run never waits for a bus, and whatever a bus missed is told later.
`LocalBus` serves one process, `NatsBus` everybody who reaches a NATS server. `accepting_commands` carries out commands that come
over a bus, where the configuration allows it.
"""

from clau_doom.events.control import VERBS, Command, Control, accepting_commands
from clau_doom.events.local import LocalBus
from clau_doom.events.nats import NatsBus, redacted
from clau_doom.events.relay import Relay
from clau_doom.events.subjects import ALL_COMMANDS, ALL_EVENTS, covers, events_of, subject_of

__all__ = [
    "ALL_COMMANDS",
    "ALL_EVENTS",
    "VERBS",
    "Command",
    "Control",
    "LocalBus",
    "NatsBus",
    "Relay",
    "accepting_commands",
    "covers",
    "events_of",
    "redacted",
    "subject_of",
]
