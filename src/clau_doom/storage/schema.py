"""The tables of `results.sqlite`, how they came to be, and how its connections are set up.

The event log is the record; every other table is read off it in the same transaction, so that people and programs can
query results without decoding events. What a finished episode was is kept once, in `played`, which has its event's
payload in columns. Measures are stored in columns of type ANY, because a column declared REAL would lose the sign of a
negative zero. The views `episodes` and `events` show `played` and `log` with the names and ids that people know.
"""

import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from clau_doom.domain.score import MEASURES
from clau_doom.errors import StorageFailed, StoreCorrupted
from clau_doom.files import check_regular
from clau_doom.storage import lock
from clau_doom.storage.episodes import PURPOSES

__all__ = ["FIRST_VERSION", "MIGRATIONS", "check_tables", "connect", "migrate", "newest", "version_of"]

_MEASURE_COLUMNS = ",\n    ".join(
    f"{name} ANY NOT NULL CHECK (typeof({name}) IN ('real', 'integer'))" for name in MEASURES
)
_MEASURE_VALUES = ",\n    ".join(f"CAST({name} AS REAL) AS {name}" for name in MEASURES)
_PURPOSE_NAMES = " ".join(f"WHEN {code} THEN '{purpose.value}'" for code, purpose in enumerate(PURPOSES))

_FIRST = f"""
CREATE TABLE experiment (
    id TEXT NOT NULL PRIMARY KEY,
    uuid TEXT NOT NULL,
    seed INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    running_seconds REAL NOT NULL,
    champion_generation INTEGER,
    champion_number INTEGER,
    validation_fitness ANY CHECK (typeof(validation_fitness) IN ('real', 'null')),
    FOREIGN KEY (champion_generation, champion_number) REFERENCES agents (generation, number)
) STRICT;

CREATE TABLE provenance (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE configs (
    sequence INTEGER PRIMARY KEY REFERENCES log (sequence),
    generations INTEGER,
    config_yaml TEXT NOT NULL
) STRICT;

CREATE TABLE agents (
    generation INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    operator TEXT NOT NULL,
    parents TEXT NOT NULL,
    genome BLOB NOT NULL,
    status TEXT NOT NULL,
    fitness ANY CHECK (typeof(fitness) IN ('real', 'null')),
    failure_kind TEXT,
    failure TEXT,
    paused INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (generation, number)
) STRICT;

CREATE TABLE injected (
    sequence INTEGER PRIMARY KEY REFERENCES log (sequence),
    generation INTEGER NOT NULL,
    genome BLOB NOT NULL
) STRICT;

CREATE TABLE generations (
    number INTEGER PRIMARY KEY,
    best INTEGER NOT NULL,
    best_fitness ANY NOT NULL CHECK (typeof(best_fitness) = 'real'),
    mean_fitness ANY NOT NULL CHECK (typeof(mean_fitness) = 'real'),
    worst_fitness ANY NOT NULL CHECK (typeof(worst_fitness) = 'real'),
    std_fitness ANY NOT NULL CHECK (typeof(std_fitness) = 'real'),
    failed INTEGER NOT NULL,
    episodes INTEGER NOT NULL,
    FOREIGN KEY (number, best) REFERENCES agents (generation, number)
) STRICT;

CREATE TABLE played (
    sequence INTEGER PRIMARY KEY REFERENCES log (sequence),
    purpose INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    number INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    {_MEASURE_COLUMNS},
    trajectory BLOB NOT NULL CHECK (length(trajectory) = 32),
    seconds REAL NOT NULL,
    attempts INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    repeated INTEGER NOT NULL,
    UNIQUE (purpose, generation, agent, number)
) STRICT;

CREATE INDEX played_repeated ON played (sequence) WHERE repeated > 0;

CREATE TABLE recordings (
    episode INTEGER PRIMARY KEY REFERENCES played (sequence),
    lmp BLOB NOT NULL
) STRICT;

CREATE TABLE actions (
    episode INTEGER PRIMARY KEY REFERENCES played (sequence),
    deflated BLOB NOT NULL
) STRICT;

CREATE TABLE log (
    sequence INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    kind TEXT,
    payload TEXT,
    CHECK ((kind IS NULL) = (payload IS NULL))
) STRICT;

CREATE VIEW events AS
SELECT sequence, time, coalesce(kind, 'episode_finished') AS kind, payload FROM log;

CREATE VIEW episodes AS
SELECT
    played.sequence,
    CASE purpose {_PURPOSE_NAMES} END AS purpose,
    experiment.id
        || CASE generation WHEN -1 THEN '-random' ELSE printf('-g%03d-a%03d', generation, agent) END AS agent,
    number,
    played.seed,
    {_MEASURE_VALUES},
    lower(hex(trajectory)) AS trajectory_sha256,
    seconds,
    attempts,
    worker,
    repeated
FROM played CROSS JOIN experiment;
"""  # noqa: S608 (names of ours)

# Reading makes files beside the results, for which a full disk or one that is read-only has no room.
_NO_SIDE_FILES = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}

_STEPS_AT_ONCE = 10_000
_OPENING_CALLS = 200
"""Calls of the progress handler, each after `_STEPS_AT_ONCE` steps, that opening may take: a fraction of a second."""

_SIDE_FILES = ("-wal", "-shm", "-journal")

MIGRATIONS: Sequence[str] = (_FIRST,)
"""The scripts that lead from an empty file to today's tables, each to one version more."""

FIRST_VERSION = 2
"""The version to which the first script leads; `PRAGMA user_version` holds it. Version 1 was never released."""


def newest(migrations: Sequence[str] | None = None) -> int:
    """Return the version to which migrations (default: `MIGRATIONS`) lead."""
    return FIRST_VERSION - 1 + len(MIGRATIONS if migrations is None else migrations)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open the results; transactions are begun by hand.

    SQLite reads the whole schema with the first statement, which a damaged file can make endless: pages may point to
    each other. So its steps are limited, of a connection that reads until a `ReadBudget` has other limits.
    """
    if not write:
        return _connect_to_read(path)
    connection = _open(path, "mode=rw")
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.set_progress_handler(None, 0)  # a transaction takes as many steps as it needs
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_to_read(path: Path) -> sqlite3.Connection:
    connection = _open(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in _NO_SIDE_FILES or not _at_rest(path):
            raise
        return _open(path, "mode=ro&immutable=1")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, query: str) -> sqlite3.Connection:
    check_regular(path.stat(), path)
    for end in _SIDE_FILES:
        with suppress(FileNotFoundError):
            beside = path.with_name(path.name + end)
            check_regular(beside.stat(), beside)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{query}", uri=True, isolation_level=None)
    calls = itertools.count()
    connection.set_progress_handler(lambda: next(calls) >= _OPENING_CALLS, _STEPS_AT_ONCE)
    return connection


def _at_rest(path: Path) -> bool:
    """Say whether nobody writes the results and all of them are in the one file."""
    log = path.with_name(f"{path.name}-wal")
    return lock.holder(path.parent) is None and not (log.exists() and log.stat().st_size)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the tables' version.

    Raises:
        StoreCorrupted: There is none: the file does not hold results.
        StorageFailed: This version of clau-doom does not know it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        raise StoreCorrupted("results.sqlite holds no results")
    _refuse_unknown(version, newest())
    return int(version)


def check_tables(connection: sqlite3.Connection) -> None:
    """Do nothing if the tables are ours: no view, which may be endless, and no column of another type.

    Raises:
        StoreCorrupted: A table is missing, or has other columns.
    """
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    there = _tables(connection)
    for name, columns in _expected(tuple(MIGRATIONS)).items():
        if there.get(name) != columns:
            raise StoreCorrupted(f"table {name} is missing or has other columns than clau-doom's")
    if trigger := connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchone():
        raise StoreCorrupted(f"it has a trigger, {trigger[0][:40]!a}, which clau-doom does not make")


@cache
def _expected(migrations: tuple[str, ...]) -> Mapping[str, object]:
    """Return the tables to which migrations lead."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, migrations)
        return _tables(connection)


def _tables(connection: sqlite3.Connection) -> dict[str, object]:
    """Return each table's kind, strictness and columns, by name; a virtual table and a view are of other kinds."""
    found = connection.execute("SELECT name, type, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
    return {
        name: (kind, strict, *connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)))
        for name, kind, strict in found
    }


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] | None = None) -> None:
    """Bring the tables up to date, each migration in a transaction of its own.

    Raises:
        StorageFailed: The tables are of a version that `migrations` (default: `MIGRATIONS`) do not lead to.
    """
    migrations = MIGRATIONS if migrations is None else migrations
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version:
        _refuse_unknown(version, newest(migrations))
    for number in range(max(version, FIRST_VERSION - 1) + 1, newest(migrations) + 1):
        script = migrations[number - FIRST_VERSION]
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")


def _refuse_unknown(version: int, known: int) -> None:
    if version > known:
        raise StorageFailed(
            f"the results were written by a newer clau-doom (tables of version {version}; this one knows {known}): "
            "upgrade clau-doom"
        )
    if version < FIRST_VERSION:
        raise StorageFailed(
            f"the results were written by an older clau-doom (tables of version {version}; this one reads them from "
            f"{FIRST_VERSION} on): read them with that one, or run the experiment again"
        )
