"""Tests of limits of configuration texts and of parsing outside the event loop."""

import ast
from pathlib import Path

import pytest

import clau_doom
from clau_doom.config import config_from_yaml, resolve_fields
from clau_doom.errors import ConfigError
from clau_doom.parsing_limits import MOST_BYTES, MOST_ENTRIES, MOST_LINES, MOST_PROBLEMS
from clau_doom.strict_yaml import parse_document

PARSING = {"config_from_yaml", "load_config", "parse_document", "plan_config", "read_document", "resolve_fields"}


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config_from_yaml(text, name="c")
    return str(caught.value)


def test_limit_on_entries_is_checked_before_parsing() -> None:
    """The limit on entries is checked before the invalid end of the text is parsed."""
    text = "fitness: [" + "a," * 480_000 + "]" + "}" * 5
    assert refusal(text) == "c is not valid YAML: line 1: more than 10,000 keys and list items: leave some out"


def test_keys_and_list_items_count_at_all_levels() -> None:
    """10,000 entries are accepted and 10,001 are refused, in text and in fields."""
    rows = "".join(f"k{number}: [a]\n" for number in range(MOST_ENTRIES // 2))
    assert len(parse_document(rows, name="c").data) == MOST_ENTRIES // 2
    assert "more than 10,000 keys and list items" in refusal(rows + "one: 1\n")
    with pytest.raises(ConfigError, match=r"^config has more than 10,000 keys and list items: leave some out$"):
        resolve_fields({"server": {"policies": ["a:B"] * MOST_ENTRIES}}, name="config")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#" * (MOST_BYTES + 1), "cannot read c: it is larger than 1,000,000 bytes"),
        ("# " + "é" * (MOST_BYTES // 2), "cannot read c: it is larger than 1,000,000 bytes"),
        ("%a\n" * (MOST_LINES + 1), "c has more than 20,000 lines: leave some out"),
    ],
)
def test_size_and_lines_of_any_text_are_limited(text: str, message: str) -> None:
    """The limits apply to files and messages."""
    assert refusal(text) == message


def test_depth_of_message_fields_is_limited() -> None:
    """A message has the same limit on depth as a text."""
    data: dict[str, object] = {}
    for _ in range(40):
        data = {"a": data}
    with pytest.raises(ConfigError, match="config is more than 32 levels deep"):
        resolve_fields(data, name="config")


def test_number_of_reported_problems_is_limited() -> None:
    """Thousands of problems would take minutes and megabytes. The others are counted."""
    with pytest.raises(ConfigError) as caught:
        config_from_yaml("".join(f"k{number}: 1\n" for number in range(3000)), name="c")
    lines = str(caught.value).splitlines()
    assert lines[0] == "c: 3,000 problems:"
    assert lines[-1] == "  and 2,980 more: correct these first"
    assert len(caught.value.problems) == len(caught.value.lines) == len(lines) - 2 == MOST_PROBLEMS


def test_problems_of_the_environment_count_too() -> None:
    """All sources of an error share one limit."""
    environ = {f"CLAU_DOOM_K{number:02}": "1" for number in range(15)}
    with pytest.raises(ConfigError) as caught:
        config_from_yaml("server: {policies: [1,2,3,4,5,6,7,8]}", name="c", environ=environ)
    assert len(caught.value.problems) == MOST_PROBLEMS
    assert str(caught.value).startswith("c: 23 problems:")


@pytest.mark.parametrize(
    "text", ["{}: 1", "a: 1\n{}: 2\n", "policy: {{kind: class, target: 'a:B', options: {{{}: []}}}}"]
)
def test_long_names_are_shortened(text: str) -> None:
    """The message shortens a key of 900 characters."""
    assert "k" * 100 not in refusal(text.format("k" * 900))


def test_coroutines_do_not_parse_configurations() -> None:
    """Coroutines parse in a thread, because parsing takes up to 1 s of CPU time."""
    root = Path(clau_doom.__file__).parent
    found = [
        f"{path.relative_to(root)}:{call.lineno}"
        for path in root.rglob("*.py")
        if path.parts[-2] != "testing"
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in PARSING
    ]
    assert found == []
