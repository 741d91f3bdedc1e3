"""Tests of schema versions, migrations and connections."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from clau_doom.errors import ExperimentBusy, StorageFailed, StoreCorrupted
from clau_doom.storage import ExperimentFolder, experiment_lock, schema
from clau_doom.storage.experiment_reader import ExperimentReader

NEXT = "ALTER TABLE experiment ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    (tmp_path / "results.sqlite").touch()
    with closing(schema.connect(tmp_path / "results.sqlite", write=True)) as connection:
        yield connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_missing_migrations_are_applied_in_order(connection: sqlite3.Connection) -> None:
    """Stored rows are kept."""
    schema.migrate(connection)
    connection.execute(
        "INSERT INTO experiment (id, uuid, seed, state, running_seconds) VALUES ('lab', '4f8', 1, 'pending', 0.0)"
    )
    schema.migrate(connection, [*schema.MIGRATIONS, NEXT])
    assert connection.execute("SELECT id, colour FROM experiment").fetchall() == [("lab", "red")]
    assert _version(connection) == schema.newest() + 1
    schema.migrate(connection, [*schema.MIGRATIONS, NEXT])


def test_episodes_before_processor_times_are_unmeasured(connection: sqlite3.Connection) -> None:
    """The migration counts the stored episodes by purpose."""
    before = schema.MIGRATIONS[:3]
    schema.migrate(connection, before)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(played)")]
    connection.execute("PRAGMA foreign_keys = OFF")
    for sequence, purpose in enumerate((0, 0, 2)):
        values = dict.fromkeys(columns, 0) | {"trajectory": bytes(32), "custom": None}
        values |= {"sequence": sequence, "purpose": purpose, "number": sequence}
        connection.execute(f"INSERT INTO played VALUES ({', '.join('?' * len(columns))})", [*values.values()])
    schema.migrate(connection, schema.MIGRATIONS[:4])
    assert connection.execute("SELECT * FROM processor_time").fetchall() == [(0, 0.0, 2), (2, 0.0, 1)]
    assert connection.execute("SELECT DISTINCT processor_seconds FROM played").fetchall() == [(None,)]


def test_failed_migration_is_rolled_back(connection: sqlite3.Connection) -> None:
    schema.migrate(connection)
    with pytest.raises(sqlite3.Error):
        schema.migrate(connection, [*schema.MIGRATIONS, f"{NEXT}; SELECT nonsense"])
    connection.rollback()
    assert _version(connection) == schema.newest()
    assert "colour" not in [row[1] for row in connection.execute("PRAGMA table_info(experiment)")]


def test_newer_version_is_refused(folder: ExperimentFolder) -> None:
    """The error has the remedy."""
    results = folder.path / "results.sqlite"
    with closing(schema.connect(results, write=True)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.newest() + 1}")
        with pytest.raises(StorageFailed, match=r"newer clau-doom.*: upgrade clau-doom"):
            schema.migrate(connection)
    with pytest.raises(StorageFailed, match="upgrade clau-doom"):
        ExperimentReader(results)


def test_tables_from_before_the_first_release_are_refused(folder: ExperimentFolder) -> None:
    """The error has the remedy."""
    results = folder.path / "results.sqlite"
    with closing(schema.connect(results, write=True)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.FIRST_VERSION - 1}")
        with pytest.raises(StorageFailed, match=r"older clau-doom.*: use the older version"):
            schema.migrate(connection)
    with pytest.raises(StorageFailed, match="older clau-doom"):
        ExperimentReader(results)


def test_reader_migrates_old_results(folder: ExperimentFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results of an older version are migrated at the first reading, but not during a run."""
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, NEXT))
    results = folder.path / "results.sqlite"
    descriptor = experiment_lock.acquire(folder.path)
    with pytest.raises(ExperimentBusy):
        ExperimentReader(results)
    os.close(descriptor)
    with closing(ExperimentReader(results)) as reader:
        assert reader.stored_id() == "lab"
    with closing(schema.connect(results, write=False)) as connection:
        assert _version(connection) == schema.newest()


def test_empty_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").touch()
    with pytest.raises(StoreCorrupted, match="does not contain results"):
        ExperimentReader(tmp_path / "results.sqlite")


def test_writing_connection_is_durable(connection: sqlite3.Connection) -> None:
    """The connection has a write-ahead log, synchronised commits and checked references."""
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_reading_connection_cannot_write(folder: ExperimentFolder) -> None:
    with (
        closing(schema.connect(folder.path / "results.sqlite", write=False)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM log")


def test_every_table_is_strict(connection: sqlite3.Connection) -> None:
    """A value of another type than its column's is refused."""
    schema.migrate(connection)
    tables = connection.execute("PRAGMA table_list").fetchall()
    assert {
        row[1]: row[5] for row in tables if row[2] == "table" and not row[1].startswith("sqlite_")
    } == dict.fromkeys(
        [
            "actions",
            "agents",
            "configs",
            "experiment",
            "generations",
            "injected",
            "log",
            "played",
            "processor_time",
            "provenance",
            "recordings",
        ],
        1,
    )


def test_results_are_private(folder: ExperimentFolder) -> None:
    """The files that SQLite adds are private as well."""
    with closing(schema.connect(folder.path / "results.sqlite", write=True)) as connection:
        connection.execute("PRAGMA user_version = 1")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.path.glob("results.sqlite*")}
    assert modes == dict.fromkeys(["results.sqlite", "results.sqlite-wal", "results.sqlite-shm"], 0o600)
