"""Tests of readers on randomly mutated experiments, which have results or are reported as damaged.

`CLAU_DOOM_FUZZ_SEEDS=FIRST:END` selects other seeds.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from clau_doom.cli import run_command

SOUND = Path(__file__).parents[1] / "cases" / "db-provenance" / "gen" / "results.sqlite"
FIRST, END = map(int, os.environ.get("CLAU_DOOM_FUZZ_SEEDS", "0:10").split(":"))

TABLES = ("experiment", "provenance", "configs", "agents", "generations", "played", "log", "injected")
VALUES: tuple[object, ...] = (
    None,
    *(0, 1, -1, 2, 7, 999, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)),
    *(0.0, -0.0, 0.5, -1.5, 1e-320, 1e100, -1e150, 1e200, 1.7976931348623157e308, float("inf"), float("-inf")),
    *("", "x", "0:0", "3:1 3:1", "-1:0", "completed", "failed", "pending", "running", "paused", "held_out", "{}", "[]"),
    *("null", "name: gen\n", "name: gen\nseed: 1\n", "\x1b[2J\0", "\U0001f600" * 40, "9" * 400, "a" * 3000, "[" * 5000),
    *(b"", b"\0" * 8, b"\xff" * 8, b"\0\0\0\0\0\0\xf0\x7f" * 4, bytes(range(32)), b"\xff\xfe"),
)
READERS = (
    ("status",),
    ("status", "gen", "--json"),
    ("agent", "list", "gen", "--json"),
    ("agent", "show", "gen-g003-a000"),
    ("agent", "export", "gen", "-o", "agent.json", "--force"),
    ("events", "gen", "--json"),
    ("export", "gen", "--to", "tables", "--force"),
    ("analyze", "gen", "--all", "--report", "report.html"),
)


def _unbound(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA journal_mode = DELETE")


def _change_values(random: Random, results: Path) -> str:
    """Replace values. With loose tables, values of another type are used as well."""
    done = []
    loose = random.random() < 0.3
    with closing(sqlite3.connect(results, isolation_level=None)) as connection:
        kept = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
        if loose:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')')")
    with closing(sqlite3.connect(results, isolation_level=None)) as connection:
        _unbound(connection)
        for _ in range(random.choice([1, 1, 1, 2, 5])):
            table = random.choice(TABLES)
            column = random.choice([row[1] for row in connection.execute(f"PRAGMA table_info({table})")])
            rows = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")] or [1]
            some = random.choice([[random.choice(rows)], rows])
            value = random.choice(VALUES)
            with contextlib.suppress(sqlite3.Error):
                for row in some:
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
            done.append(f"{table}.{column} = {value!a:.60} in {len(some)} rows")
        connection.execute("PRAGMA writable_schema = ON")
        connection.executemany("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [(sql, name) for name, sql in kept])
    return "; ".join(done)


def _change_rows(random: Random, results: Path) -> str:
    """Delete rows, or swap their keys."""
    with closing(sqlite3.connect(results, isolation_level=None)) as connection:
        _unbound(connection)
        table = random.choice(TABLES)
        share = random.choice([0.05, 0.5, 1.0])
        rows = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
        gone = [row for row in rows if random.random() < share]
        connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", [(row,) for row in gone])
    return f"{len(gone)} rows of {table} deleted"


def _change_text(random: Random, results: Path) -> str:
    """Replace characters of configurations, event texts, genomes and parents."""
    with closing(sqlite3.connect(results, isolation_level=None)) as connection:
        _unbound(connection)
        table, column = random.choice(
            [("configs", "config_yaml"), ("log", "payload"), ("agents", "parents"), ("agents", "genome")]
        )
        rows = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} <> ''").fetchall()
        place, text = random.choice(rows)
        at = random.randrange(len(text))
        new = random.choice(["-", "9", "1e999", "NaN", "\0", '"', "{", ": ", "\n", "\ud7ff", "99999999999999999999"])
        piece = random.randbytes(2) if isinstance(text, bytes) else new
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (text[:at] + piece + text[at + 1 :], place)
        )
    return f"{table}.{column} of row {place} at {at}: {piece!a}"


def _change_bytes(random: Random, results: Path) -> str:
    """Flip bytes, copy a page over another, or cut the file."""
    data = bytearray(results.read_bytes())
    how = random.choice(["flip", "flip", "flip", "page", "cut"])
    if how == "flip":
        for _ in range(random.choice([1, 3, 30])):
            # Half of them in the first bytes of a page, which say what it holds and point to others.
            at = random.randrange(len(data))
            data[at - at % 4096 + at % 12 if random.random() < 0.5 else at] = random.randrange(256)
    elif how == "page":
        here, there = (4096 * random.randrange(1, len(data) // 4096) for _ in range(2))
        data[here : here + 4096] = data[there : there + 4096]
    else:
        del data[random.randrange(len(data)) :]
    results.write_bytes(data)
    return how


MUTATIONS: tuple[Callable[[Random, Path], str], ...] = (
    _change_values,
    _change_values,
    _change_rows,
    _change_text,
    _change_bytes,
)


@pytest.mark.parametrize("seed", range(FIRST, END))
def test_mutated_experiment_is_read_or_reported_as_damaged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """No reader ends with an internal error or hangs."""
    monkeypatch.chdir(tmp_path)
    random = Random(seed)
    results = tmp_path / "runs" / "gen" / "results.sqlite"
    results.parent.mkdir(parents=True)
    shutil.copy(SOUND, results)
    what = random.choice(MUTATIONS)(random, results)
    for words in READERS:
        code = run_command([*words])
        captured = capfd.readouterr()
        assert code in {0, 1, 2}, (what, words, captured.err)
        assert "internal error" not in captured.err, (what, words, captured.err)
        if code == 1:
            assert "damaged" in captured.err or "cannot be read" in captured.err, (what, words, captured.err)
