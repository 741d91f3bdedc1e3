"""Where experiments are kept: a folder each, with results in SQLite that any tool can query while they grow.

The event log is the record, and every table beside it is read off an event in the transaction that keeps the event, so
that the two cannot disagree. One process writes, held to that by a lock; any number of others read. `Runs` makes, finds
and lists the folders; `SqliteStore` is the store of one experiment.
"""

from clau_doom.storage.atomic_write import write_whole
from clau_doom.storage.identity import move_command
from clau_doom.storage.inputs import CFG, GENES, LARGEST_INPUT, WAD, Inputs
from clau_doom.storage.projection import KeepRecordings
from clau_doom.storage.runs import RunFolder, Runs
from clau_doom.storage.sqlite import SqliteStore

__all__ = [
    "CFG",
    "GENES",
    "LARGEST_INPUT",
    "WAD",
    "Inputs",
    "KeepRecordings",
    "RunFolder",
    "Runs",
    "SqliteStore",
    "move_command",
    "write_whole",
]
