"""Tests of reading damaged or hostile results."""

import os
import shutil
import sqlite3
import struct
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from clau_doom.errors import StorageFailed, StoreCorrupted
from clau_doom.storage import experiment_lock
from clau_doom.storage.event_writer import EventWriter
from clau_doom.storage.experiment_reader import ExperimentReader

CASES = Path(__file__).parents[2] / "cases"

Spoil = Callable[..., Path]


@pytest.fixture
def spoil(tmp_path: Path) -> Spoil:
    """Return a function that copies a valid experiment and runs SQL on the copy's results."""

    def damage(*statements: str) -> Path:
        folder = tmp_path / "gen"
        folder.mkdir()
        results = folder / "results.sqlite"
        shutil.copy(CASES / "db-provenance" / "gen" / "results.sqlite", results)
        with closing(sqlite3.connect(results, isolation_level=None)) as connection:
            for pragma in ("ignore_check_constraints = ON", "writable_schema = ON", "journal_mode = DELETE"):
                connection.execute(f"PRAGMA {pragma}")
            for statement in statements:
                connection.execute(statement)
        return results

    return damage


def _read(results: Path) -> None:
    """Read all data of an experiment."""
    with closing(ExperimentReader(results)) as reader:
        snapshot = reader.snapshot()
        for episodes in snapshot.episodes.values():
            tuple(episodes)
        for row in snapshot.generations:
            for evaluation in row:
                reader.agent(evaluation.agent.ref)
        after = 0
        while page := reader.page(after).events:
            after = page[-1].sequence


def test_valid_experiment_is_read(spoil: Spoil) -> None:
    """Other tests damage this experiment."""
    _read(spoil())


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE experiment SET state = 'owned'", "its state is 'owned': it must be one of pending"),
        ("UPDATE experiment SET id = '../../etc'", "not an experiment id"),
        ("UPDATE experiment SET seed = -1", "its seed is -1"),
        ("UPDATE experiment SET running_seconds = 9e999", "its running time is inf"),
        ("UPDATE experiment SET champion_generation = 77", "the champion is agent . of generation 77"),
        ("UPDATE experiment SET champion_generation = NULL", "the champion's generation is None"),
        ("UPDATE experiment SET validation_fitness = 1e300", "the champion's fitness is 1e.300"),
        ("DELETE FROM experiment", "table experiment has 0 rows"),
        ("INSERT INTO experiment SELECT 'b', uuid, 1, state, NULL, 0, 0, 0, NULL FROM experiment", "has 2 rows"),
        ("DELETE FROM configs", "the configuration is missing"),
        ("UPDATE configs SET config_yaml = printf('%.*c', 5000000, '#')", "its configuration has 5000000 characters"),
        ("UPDATE provenance SET value = printf('%.*c', 20000, '#')", "has 20000 characters"),
        ("UPDATE agents SET generation = generation - 1", "a generation is -1"),
        ("UPDATE agents SET number = -1 WHERE generation = 1 AND number = 0", "an agent's index is -1"),
        ("DELETE FROM agents WHERE generation = 1 AND number = 3", "missing or duplicate agents"),
        ("UPDATE agents SET parents = '3:0' WHERE generation = 0", "parents must be evaluated before their children"),
        ("UPDATE agents SET parents = generation || ':' || number", "parents must be evaluated before their children"),
        ("UPDATE agents SET parents = '0:99' WHERE generation = 1", "agent 99 of generation 0, which is missing"),
        ("UPDATE agents SET parents = '0:-1' WHERE generation = 1", "it must be GENERATION:INDEX"),
        ("UPDATE agents SET operator = char(27) || '[2J'", "the operator of gen-g000-a000"),
        ("UPDATE agents SET status = 'adored'", "the status of gen-g000-a000 is 'adored'"),
        ("UPDATE agents SET fitness = 9e999", "the fitness of gen-g000-a000 is inf"),
        ("UPDATE agents SET fitness = NULL WHERE generation = 0", "the fitness of gen-g000-a000 is None"),
        ("UPDATE agents SET genome = x'00' WHERE number = 2", "a genome is not a row of 8-byte numbers"),
        ("UPDATE agents SET genome = x'' WHERE number = 2", "has 0 genes"),
        ("UPDATE agents SET genome = x'000000000000f07f'", "has a number that is not finite"),
        ("UPDATE generations SET number = 9 WHERE number = 1", "a summary of generation 2 is in the place of"),
        ("UPDATE generations SET best = 99", "which is missing or has no fitness"),
        ("UPDATE generations SET std_fitness = -1.0", "the standard deviation of generation 0 is -1.0"),
        ("UPDATE generations SET failed = -1", "the failed agents of generation 0 is -1"),
        ("UPDATE played SET seed = -1 WHERE purpose = 0", "seed is out of range"),
        ("UPDATE played SET seed = -1 WHERE purpose = 2", "an episode's seed is -1"),
        ("UPDATE played SET kills = 9e999 WHERE purpose = 0", "kills of a training episode is out of range"),
        ("UPDATE played SET kills = 9e999 WHERE purpose = 1", "kills is inf"),
        ("UPDATE played SET seconds = -1.0", "is out of range|duration is -1.0"),
        ("UPDATE played SET trajectory = x'00'", "have 1|32 bytes|hashes of"),
        ("UPDATE played SET agent = agent + 500 WHERE purpose = 0", "which is missing"),
        ("UPDATE played SET generation = -5 - generation WHERE purpose = 1", "an episode's generation is -"),
        ("UPDATE played SET purpose = 7 WHERE purpose = 2", "a purpose of processor time is 7"),
        ("DELETE FROM log WHERE sequence = 5", "events are missing"),
        ("DELETE FROM log", "its log has 0 events"),
        ("UPDATE log SET time = 1e300", "the time of event 1 is 1e.300"),
        ("UPDATE log SET payload = '{' WHERE kind IS NOT NULL", "invalid experiment_started event|malformed JSON"),
        (
            "UPDATE log SET payload = '[' || printf('%.*c', 90000, '[') WHERE sequence = 2",
            "invalid experiment_started event",
        ),
        ("UPDATE log SET kind = 'agent_adored' WHERE sequence = 3", "invalid agent_adored event"),
        ("DELETE FROM played WHERE purpose = 1", "finishes an episode that is missing"),
        ("DROP TABLE generations", "table generations is missing"),
        ("ALTER TABLE agents ADD COLUMN more TEXT", "table agents is missing or has other columns"),
        ("CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM log; END", "it has a trigger, 't'"),
        ("PRAGMA user_version = 0", "does not contain results"),
    ],
)
def test_damage_is_described(spoil: Spoil, statement: str, message: str) -> None:
    """Reading ends at once."""
    results = spoil(statement)
    with pytest.raises(StoreCorrupted, match=f"experiment gen is damaged: .*({message}).*: restore its folder"):
        _read(results)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE played SET processor_seconds = -2.0 WHERE purpose = 0", "processor_seconds of a training episode is"),
        ("UPDATE played SET processor_seconds = -2.0 WHERE purpose = 1", "an episode's processor time is -2.0"),
        ("UPDATE processor_time SET seconds = -1.0", "the processor time of training episodes is -1.0"),
        ("UPDATE processor_time SET unmeasured = -1", "the training episodes without a processor time is -1"),
    ],
)
def test_damage_of_newer_columns_is_described(spoil: Spoil, statement: str, message: str) -> None:
    """The case is of an older version, so that it is migrated before the damage."""
    results = spoil()
    _read(results)
    with closing(sqlite3.connect(results, isolation_level=None)) as connection:
        connection.execute(statement)
    with pytest.raises(StoreCorrupted, match=f"experiment gen is damaged: .*({message}).*: restore its folder"):
        _read(results)


def test_view_in_place_of_a_table_is_refused(spoil: Spoil) -> None:
    """The view is endless, and is not evaluated."""
    endless = "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x FROM n) SELECT x AS name, x AS value FROM n"
    results = spoil("DROP TABLE provenance", f"CREATE VIEW provenance AS {endless}")
    with pytest.raises(StoreCorrupted, match="table provenance is missing"):
        ExperimentReader(results)
    with pytest.raises(StoreCorrupted, match="table provenance is missing"):
        EventWriter(results, keep_recordings="all", wall=lambda: 0.0)


def test_values_of_another_type_are_damage(spoil: Spoil) -> None:
    results = spoil("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'agents'")
    with pytest.raises(StoreCorrupted, match="table agents"):
        ExperimentReader(results)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agents SET genome = zeroblob(80000000) WHERE generation = 0 AND number = 0",
        "UPDATE log SET payload = printf('%.*c', 80000000, 'x') WHERE sequence = 2",
    ],
)
def test_oversized_value_is_not_read(spoil: Spoil, statement: str) -> None:
    """The value is a genome of 80 MB, or an oversized event."""
    with closing(ExperimentReader(spoil(statement))) as reader:
        tracemalloc.start()
        try:
            with pytest.raises(StoreCorrupted, match="a value exceeds the maximum"):
                _ = reader.snapshot(), reader.page(0)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()


NUMBERS = "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n LIMIT {}) SELECT {} FROM n"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (NUMBERS.format(-1, "max(x)"), "too many steps for its size"),
        (NUMBERS.format(5000, "printf('%.*c', 1000, 'x')"), "larger than its file"),
    ],
)
def test_cyclic_pages_of_a_table_are_damage(spoil: Spoil, query: str, message: str) -> None:
    """The maximum number of steps follows from the file's size."""
    with closing(ExperimentReader(spoil())) as reader:
        with pytest.raises(StoreCorrupted, match=message), reader._transaction() as rows:
            list(rows(query))
        reader.snapshot()


_PAGE = 4096


def _inner_page(children: list[int], head: bytes = b"") -> bytes:
    """Return an inner page with these children. The last child comes first, and `head` precedes page 1."""
    content = b"".join([struct.pack(">IB", child, 2) for child in children[1:]])
    places = range(_PAGE - len(content), _PAGE, 5)
    count = len(children) - 1
    page = head + struct.pack(">BHHHBI", 5, 0, count, places.start, 0, children[0])
    return (page + struct.pack(f">{count}H", *places)).ljust(places.start, b"\0") + content


@pytest.mark.parametrize("opened", [ExperimentReader, partial(EventWriter, keep_recordings="all", wall=time.time)])
def test_cyclic_pages_of_the_schema_are_damage(tmp_path: Path, opened: Callable[[Path], object]) -> None:
    """SQLite reads the schema when it opens a file. Each of six pages refers to one page 500 times."""
    results = tmp_path / "results.sqlite"
    with closing(sqlite3.connect(results)) as connection:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("CREATE TABLE t (a UNIQUE)")
        connection.execute("PRAGMA user_version = 2")
    content = results.read_bytes()
    head, places = content[:100], struct.unpack(">HH", content[108:112])
    leaf = (content[100:112] + bytes(100) + content[112:])[:_PAGE]
    index = leaf[:3] + struct.pack(">H", 1) + leaf[5:8] + struct.pack(">H", places[1]) + leaf[10:]
    first = len(content) // _PAGE + 1
    chain = [_inner_page([page] * 500) for page in range(first + 3, first + 7)] + [_inner_page([first + 1] * 500)]
    header = head[:28] + struct.pack(">I", first + 6) + head[32:]
    page_1 = _inner_page([first + 2, first, *[first + 2] * 400], header)
    results.write_bytes(page_1 + content[_PAGE:] + leaf + index + b"".join(chain))
    with pytest.raises(StorageFailed, match=r"too many steps for its size|interrupted"):
        opened(results)


@pytest.mark.parametrize("name", ["results.sqlite", "results.sqlite-wal", "results.sqlite-journal"])
def test_fifo_in_place_of_a_file_is_refused(spoil: Spoil, name: str) -> None:
    results = spoil()
    path = results.with_name(name)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(StoreCorrupted, match=f"{name}: it is a FIFO or a pipe, not a regular file"):
        ExperimentReader(results)


def test_fifo_in_place_of_the_lock_is_refused(spoil: Spoil) -> None:
    folder = spoil().parent
    os.mkfifo(folder / "lock")
    with pytest.raises(StoreCorrupted, match="lock: it is a FIFO"):
        experiment_lock.holder(folder)
    with pytest.raises(StoreCorrupted, match="lock: it is a FIFO"):
        experiment_lock.acquire(folder)


def test_missing_results_name_the_file(spoil: Spoil) -> None:
    results = spoil()
    results.unlink()
    with pytest.raises(StorageFailed, match=r"experiment gen cannot be read: results\.sqlite: No such file"):
        ExperimentReader(results)
