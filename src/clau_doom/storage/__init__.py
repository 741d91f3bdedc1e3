"""Storage of experiments: one folder for each, with results in SQLite that other tools can query during a run.

The event log is the record. All other tables are derived from events in the transaction that stores the event, so that
log and tables always agree. A lock ensures that one process writes; any number of processes read. `ExperimentFolders`
creates, finds and lists the folders; `SqliteStore` is the store of one experiment.
"""

from clau_doom.storage.experiment_folder import ExperimentFolder
from clau_doom.storage.experiment_folders import ExperimentFolders
from clau_doom.storage.experiment_reader import PAGE, ExperimentReader
from clau_doom.storage.folder_name_check import move_command
from clau_doom.storage.played_episodes import PlayedEpisodes
from clau_doom.storage.sqlite_store import SqliteStore
from clau_doom.storage.state_tables import KeepRecordings
from clau_doom.storage.stored_inputs import CFG, GENES, LARGEST_INPUT, START, WAD, StoredInputs

__all__ = [
    "CFG",
    "GENES",
    "LARGEST_INPUT",
    "PAGE",
    "START",
    "WAD",
    "ExperimentFolder",
    "ExperimentFolders",
    "ExperimentReader",
    "KeepRecordings",
    "PlayedEpisodes",
    "SqliteStore",
    "StoredInputs",
    "move_command",
]
