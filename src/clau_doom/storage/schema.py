"""Tables of `results.sqlite`, their migrations, and the set-up of connections.

The event log is the record. All other tables are derived from it in the same transaction, so that users and programs
can query results without decoding events. The payload of a finished episode is stored once, as columns of `played`.
Bundled measures have columns of type ANY, because a REAL column would lose the sign of negative zero. Measures of users
are a JSON object in the column `custom`. The views `episodes` and `events` show `played` and `log` with readable names
and ids.
"""

import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from clau_doom.domain.fitness import MEASURES
from clau_doom.errors import StorageFailed, StoreCorrupted
from clau_doom.regular_files import check_regular
from clau_doom.storage import experiment_lock
from clau_doom.storage.episode_rows import PURPOSES

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
"""  # noqa: S608 (constant names)

_BUDGETS = """
ALTER TABLE configs ADD COLUMN episodes INTEGER;
ALTER TABLE configs ADD COLUMN tics INTEGER;
ALTER TABLE generations ADD COLUMN tics INTEGER
"""

_CUSTOM_MEASURES = """
ALTER TABLE played ADD COLUMN custom TEXT
"""

_PROCESSOR_TIME = """
ALTER TABLE played ADD COLUMN processor_seconds REAL;
CREATE TABLE processor_time (
    purpose INTEGER PRIMARY KEY,
    seconds REAL NOT NULL,
    unmeasured INTEGER NOT NULL
) STRICT;
INSERT INTO processor_time SELECT purpose, 0.0, count(*) FROM played GROUP BY purpose
"""

# Reading creates files next to the results, which fails on a full or read-only disk.
_NO_SIDE_FILES = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}

_STEPS_AT_ONCE = 10_000
_OPENING_CALLS = 200
"""Maximum calls of the progress handler, one for `_STEPS_AT_ONCE` steps, during opening: a fraction of a second."""

_SIDE_FILES = ("-wal", "-shm", "-journal")

MIGRATIONS: Sequence[str] = (_FIRST, _BUDGETS, _CUSTOM_MEASURES, _PROCESSOR_TIME)
"""Migration scripts from an empty file to the current tables; each adds one version."""

FIRST_VERSION = 2
"""Version after the first script, stored in `PRAGMA user_version`. Version 1 was never released."""


def newest(migrations: Sequence[str] | None = None) -> int:
    """Return the version after all migrations (default: `MIGRATIONS`)."""
    return FIRST_VERSION - 1 + len(MIGRATIONS if migrations is None else migrations)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open the results with explicit transactions.

    SQLite reads the whole schema with the first statement. In a damaged file pages may point to each other, so that
    this never ends. The number of steps is therefore limited. A `ReadBudget` replaces this limit for reading.
    """
    if not write:
        return _connect_to_read(path)
    connection = _open(path, "mode=rw")
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.set_progress_handler(None, 0)  # writing transactions have no limit
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
            companion = path.with_name(path.name + end)
            check_regular(companion.stat(), companion)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{query}", uri=True, isolation_level=None)
    calls = itertools.count()
    connection.set_progress_handler(lambda: next(calls) >= _OPENING_CALLS, _STEPS_AT_ONCE)
    return connection


def _at_rest(path: Path) -> bool:
    """Return whether the database file is complete and no process writes to it."""
    log = path.with_name(f"{path.name}-wal")
    return experiment_lock.holder(path.parent) is None and not (log.exists() and log.stat().st_size)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables.

    Raises:
        StoreCorrupted: The file does not contain results.
        StorageFailed: This version of clau-doom does not support the version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        raise StoreCorrupted("results.sqlite does not contain results")
    _refuse_unknown(version, newest())
    return int(version)


def check_tables(connection: sqlite3.Connection, migrations: Sequence[str] | None = None) -> None:
    """Check that all tables have the expected columns and are not views, which may be endless.

    Args:
        connection: The results.
        migrations: Migrations that the tables have; default: `MIGRATIONS`.

    Raises:
        StoreCorrupted: A table is missing, or has other columns.
    """
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    there = _tables(connection)
    for name, columns in _expected(tuple(MIGRATIONS if migrations is None else migrations)).items():
        if there.get(name) != columns:
            raise StoreCorrupted(f"table {name} is missing or has other columns than clau-doom's")
    if trigger := connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchone():
        raise StoreCorrupted(f"it has a trigger, {trigger[0][:40]!a}, which clau-doom does not create")


@cache
def _expected(migrations: tuple[str, ...]) -> Mapping[str, object]:
    """Return the tables after all migrations."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, migrations)
        return _tables(connection)


def _tables(connection: sqlite3.Connection) -> dict[str, object]:
    """Return kind, strictness and columns of each table by name; views and virtual tables have other kinds."""
    found = connection.execute("SELECT name, type, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
    return {
        name: (kind, strict, *connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)))
        for name, kind, strict in found
    }


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] | None = None) -> None:
    """Migrate the tables to the newest version, each migration in its own transaction.

    Raises:
        StorageFailed: `migrations` (default: `MIGRATIONS`) do not support the version of the tables.
    """
    migrations = MIGRATIONS if migrations is None else migrations
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version:
        _refuse_unknown(version, newest(migrations))
        if version < newest(migrations):  # scripts fail on damaged tables, with less precise errors
            check_tables(connection, migrations[: version - FIRST_VERSION + 1])
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
            f"the results were written by an older clau-doom (tables of version {version}; this one reads version "
            f"{FIRST_VERSION} and later): use the older version, or run the experiment again"
        )
