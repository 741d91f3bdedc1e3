"""Fuzz tests of damaged files: configurations, tables, agents, scenarios, maps and stored experiments."""

import asyncio
import contextlib
import copy
import json
import os
import shutil
import sqlite3
import struct
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import vizdoom as vzd
from hypothesis import strategies as st

from clau_doom.app.replay_agent_lookup import find_agent
from clau_doom.config import ScenarioConfig, config_from_yaml, starter
from clau_doom.errors import ClauDoomError, ConfigError
from clau_doom.game import resolve as resolve_scenario
from clau_doom.game.wad_maps import read_maps

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
CASES = Path(__file__).parents[1] / "cases"
STRANGE_TEXTS = [
    *(
        "",
        "x",
        "a" * 300,
        "a/" * 3000,
        "\x1b[2J",
        "\0",
        "/x\0",
        "~nosuchuser/x.cfg",
        "/",
        ".",
        "../..",
        "/dev/null",
        "x.cfg",
    ),
    *(
        "90s",
        "1e9h",
        "null",
        "[::1",
        "nats://a:b/c@h",
        "module:Class",
        "sys:exit",
        "127.0.0.1:1",
        "host:99999",
        "\u202e",
    ),
]
STRANGE_NUMBERS = [0, -1, 1, 2**31, 2**63, 2**70, 1e308, float("nan"), float("inf"), 0.5]
STRANGE: list[Any] = [
    *(None, True, [], {}, [[]], {"kind": "x"}, ["a"] * 300, {"a": {"a": {}}}, *STRANGE_TEXTS, *STRANGE_NUMBERS),
]
strange = st.one_of(st.sampled_from(STRANGE), st.text(max_size=8), st.integers(), st.floats())
Draw = Callable[[Any], Any]


@st.composite
def damaged_bytes(draw: Draw, whole: bytes) -> bytes:
    """Return bytes with some of them replaced, cut out or repeated."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        size = draw(st.sampled_from([0, 1, 4, 16, len(data)]))
        data[at : at + size] = draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f" * 4]))
        )
    return bytes(data)


def _leaves(whole: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values, including mappings and lists."""
    items = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _leaves(value, (*path, key))


@st.composite
def damaged_json(draw: Draw, whole: Any) -> Any:
    """Return plain data with some values replaced, removed or added; texts mostly by texts, numbers by numbers."""
    paths = list(_leaves(whole))
    texts = [path for path in paths if isinstance(_at(whole, path), str)]
    changed = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(draw(st.sampled_from([texts, paths]))))
        with contextlib.suppress(KeyError, IndexError, TypeError):  # it lay in what has been replaced
            place, old = _at(changed, path[:-1]), _at(changed, path)
            how = draw(st.integers(0, 9))
            if how == 0:
                del place[path[-1]]
            elif how == 1 and isinstance(place, dict):
                place[draw(st.text(max_size=5))] = draw(strange)
            elif how < 8 and isinstance(old, str):
                place[path[-1]] = draw(st.sampled_from(STRANGE_TEXTS))
            elif how < 8 and isinstance(old, int | float):
                place[path[-1]] = draw(st.one_of(st.integers(), st.floats(), st.sampled_from(STRANGE_NUMBERS)))
            else:
                place[path[-1]] = draw(strange)
    return changed


def _at(whole: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        whole = whole[key]
    return whole


def _plain(text: str) -> Any:
    return config_from_yaml(text, name="starter").model_dump(mode="json")


def test_no_configuration_is_an_internal_error(explore: Any, command: Any, folder: Path) -> None:
    """Damaged YAML raises `ConfigError` or gives a plan of a run."""
    text = starter()
    as_json = damaged_json(_plain(text)).map(lambda data: json.dumps(data, default=str).encode())
    words = st.text(max_size=60).map(lambda given: given.encode("utf-8", "surrogatepass"))

    def check(given: bytes) -> None:
        _read("configuration", given, command, folder)

    explore(check, brief=10, given=st.one_of(as_json, damaged_bytes(text.encode()), words))


@pytest.mark.parametrize("kind", ["configuration", "agent"])
def test_no_text_is_an_internal_error(kind: str, command: Any, folder: Path) -> None:
    """Each text of a configuration and of an agent file is replaced by unusual texts."""
    whole = _plain(starter()) if kind == "configuration" else _agent()
    paths = [path for path in _leaves(whole) if isinstance(_at(whole, path), str)]
    pairs = [(path, text) for path in paths for text in STRANGE_TEXTS]
    for path, text in pairs if SECONDS else pairs[::97]:
        changed = copy.deepcopy(whole)
        _at(changed, path[:-1])[path[-1]] = text
        _read(kind, json.dumps(changed).encode(), command, folder)


def _agent() -> Any:
    whole = json.loads((CASES / "agent-scenario-escape" / "agent.json").read_text())
    whole["scenario"]["name"] = "basic"
    return whole


def _read(kind: str, given: bytes, command: Any, folder: Path) -> None:
    if kind == "configuration":
        (folder / "fuzzed.yaml").write_bytes(given)
        command(["run", "--dry-run", "-c", "fuzzed.yaml"]).check()
        return
    (folder / "fuzzed.json").write_bytes(given)
    try:
        # The fuzzer calls this synchronously, next to commands that run loops of their own.
        setting, _ = asyncio.run(find_agent("fuzzed.json", None, folder))
        resolve_scenario(setting.scenario)
    except ClauDoomError:
        command(["replay", "fuzzed.json"]).check()


@st.composite
def tables(draw: Draw) -> tuple[bytes, list[str]]:
    """Return a table and the options of its analysis."""
    names = draw(
        st.lists(
            st.sampled_from(["a", "b", "y", "[/x]", "\x1b[2J", "", "a b", "é", "C(a)", "Intercept"]),
            min_size=1,
            max_size=4,
        )
    )
    cell = st.one_of(
        st.sampled_from(
            [
                "1",
                "2",
                "3.5",
                "-1e308",
                "1e400",
                "nan",
                "inf",
                "",
                "x",
                "y",
                "007",
                "2024-01-01",
                "true",
                "1,5",
                '"',
                "[/n]",
            ]
        ),
        st.floats().map(str),
    )
    rows = draw(
        st.lists(st.lists(cell, min_size=len(names), max_size=len(names) + draw(st.integers(0, 1))), max_size=24)
    )
    mark = draw(st.sampled_from([",", ",", ",", ";", "\t"]))
    text = draw(st.sampled_from(["", "", "\ufeff", "# a comment\n", "sep=;\n"])) + "\n".join(
        mark.join(row) for row in [names, *rows]
    )
    options = ["--response", draw(st.sampled_from([*names, "none"])), "--factor", draw(st.sampled_from(names))]
    options += draw(
        st.sampled_from([[], ["--factor", names[-1]], ["--block", names[0]], ["--where", "a == 1"], ["--json"]])
    )
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-16", "latin-1"])), "replace"), options


def test_no_table_is_an_internal_error(explore: Any, command: Any, folder: Path) -> None:
    """A damaged table is analysed or refused with one message."""

    def check(given: tuple[bytes, list[str]]) -> None:
        (folder / "fuzzed.csv").write_bytes(given[0])
        command(["analyze", "--data", "fuzzed.csv", *given[1]]).check()

    explore(check, brief=10, given=tables())


def test_no_agent_file_is_an_internal_error(explore: Any, command: Any, folder: Path) -> None:
    """A damaged file is an agent or raises `ClauDoomError`."""
    whole = _agent()
    as_json = damaged_json(whole).map(lambda data: json.dumps(data).encode())
    text = json.dumps(whole).encode()

    def check(given: bytes) -> None:
        _read("agent", given, command, folder)

    explore(check, given=st.one_of(as_json, damaged_bytes(text), st.binary(max_size=40)))


CFG_LINES = [
    *(
        "doom_map = map01",
        "doom_map =",
        "doom_skill = 9",
        "doom_skill = x",
        "available_buttons = { ATTACK }",
        "mode = SPECTATOR",
    ),
    *(
        "available_buttons = { NONE NONE",
        "available_buttons = {}",
        "screen_resolution = RES_1X1",
        "episode_timeout = -1",
    ),
    *(
        "available_game_variables = { HEALTH HEALTH }",
        "game_args += +exec x",
        "doom_game_path = /dev/null",
        "x = y",
        "# x",
    ),
    *(
        "doom_scenario_path = ../../etc/passwd",
        "doom_scenario_path = basic.wad",
        "living_reward = 1e999",
        "}",
        "{",
        "=",
        "\x1b",
    ),
    *(
        "ticrate = 0",
        "screen_format = CRCGCB",
        "render_hud = maybe",
        "doom_config_path = x",
        "seed = -1",
        "depth_buffer_enabled = 1",
    ),
]


def test_no_scenario_is_an_internal_error(explore: Any, folder: Path) -> None:
    """A damaged .cfg file is a scenario or raises `ConfigError`. ViZDoom's parser does not crash."""
    whole = (Path(vzd.scenarios_path) / "basic.cfg").read_bytes()
    lines = st.lists(st.sampled_from([*CFG_LINES, *whole.decode().splitlines()]), max_size=12)

    def check(given: bytes) -> None:
        (folder / "fuzzed.cfg").write_bytes(given)
        with contextlib.suppress(ConfigError):
            resolve_scenario(ScenarioConfig(name=str(folder / "fuzzed.cfg")))

    explore(check, given=st.one_of(lines.map(lambda found: "\n".join(found).encode()), damaged_bytes(whole)))


def test_no_map_file_is_an_internal_error(explore: Any, folder: Path) -> None:
    """A damaged .wad or .pk3 file has maps or raises `ConfigError`."""
    whole = (Path(vzd.scenarios_path) / "basic.wad").read_bytes()
    head, size = whole[:12], len(whole)
    directory = struct.unpack("<i", head[8:12])[0]

    def check(given: bytes, suffix: str) -> None:
        path = folder / f"fuzzed.{suffix}"
        path.write_bytes(given)
        with contextlib.suppress(ConfigError):
            read_maps(path)

    ends = st.tuples(damaged_bytes(head), st.just(whole[12:directory]), damaged_bytes(whole[directory:])).map(b"".join)
    cut = st.integers(0, size).map(lambda end: whole[:end])
    explore(check, brief=40, given=st.one_of(ends, cut, st.binary(max_size=64)), suffix=st.sampled_from(["wad", "pk3"]))


READING = [
    *(["status"], ["status", "tiny"], ["status", "tiny", "--json"], ["events", "tiny"], ["events", "tiny", "--json"]),
    *(
        ["agent", "list", "tiny"],
        ["agent", "show", "tiny-g001-a000"],
        ["analyze", "tiny"],
        ["analyze", "tiny", "--all"],
    ),
    *(["run", "--resume", "tiny", "--dry-run"], ["agent", "export", "tiny", "-o", "out.json", "--force"]),
]


def test_no_stored_experiment_is_an_internal_error(explore: Any, command: Any, folder: Path) -> None:
    """Commands read a damaged database or print one message."""
    original = folder / "runs" / "tiny"
    with sqlite3.connect(original / "results.sqlite") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = [(table, row[1]) for table in tables for row in database.execute(f"PRAGMA table_info({table})")]
    database.close()
    whole = (original / "results.sqlite").read_bytes()
    cells = st.tuples(
        st.sampled_from(columns),
        st.one_of(
            st.sampled_from(
                [None, -1, 0, 2**62, 1e308, "", "x", "\x1b[2J", b"", b"\xff" * 9, "[]", "{}", "a" * 100_000]
            )
        ),
    )

    def check(given: Any, words: list[str]) -> None:
        place = folder / uuid.uuid4().hex / "runs"
        shutil.copytree(original, place / "tiny")
        store = place / "tiny" / "results.sqlite"
        if isinstance(given, bytes):
            store.write_bytes(given)
        else:
            (table, column), value = given
            with sqlite3.connect(store) as changed:
                changed.execute("PRAGMA ignore_check_constraints = ON")
                with contextlib.suppress(sqlite3.IntegrityError):  # SQLite refuses the value itself
                    changed.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid % 3 = 1", (value,))
            changed.close()
        command([*words, "--output-dir", str(place)]).check()
        shutil.rmtree(place.parent)

    explore(check, brief=12, given=st.one_of(cells, cells, damaged_bytes(whole)), words=st.sampled_from(READING))
