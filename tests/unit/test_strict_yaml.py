"""Tests of the strict YAML loader."""

import contextlib
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.errors import ConfigError
from clau_doom.parsing_limits import MOST_BYTES
from clau_doom.strict_yaml import parse_document, parse_value, read_document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("0", 0),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", "017"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-11-23", "2026-11-23"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-1.5E-2", -0.015),
        ("'1'", "1"),
        ('"true"', "true"),
        (".inf", math.inf),
        ("[1, {a: no}]", [1, {"a": "no"}]),
        ("=", "="),
        ("{<<: {a: 1}}", {"<<": {"a": 1}}),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    """Only true and false are booleans. Numbers are decimal without a prefix."""
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def _nested(levels: int) -> str:
    return "a: " + "[" * (levels - 1) + "]" * (levels - 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1", "line 1: anchors (&x) are not supported"),
        ("a: 1\nb: *x", "line 2: aliases (*x) are not supported"),
        ("a: 1\n*x : 2", "line 2: aliases (*x) are not supported"),
        ("a: 1\nb: 2\na: 3", "line 3: 'a' is given twice (first on line 1)"),
        ("s:\n  a: 1\n  a: 1", "line 3: 'a' is given twice (first on line 2)"),
        ("a: 1\n'a': 2", "line 2: 'a' is given twice"),
        ("a: !!python/object:os.system x", "are not supported: write the plain value"),
        ("a: ! x", "tags (!) are not supported"),
        ("a: !!str 1", "line 1: tags (tag:yaml.org,2002:str) are not supported"),
        ("a: 1\n---\nb: 2", "line 2: a second document begins"),
        ("1: a", "line 1: the key '1' is not text: put it in quotes"),
        ("true: a", "line 1: the key 'true' is not text"),
        ("~: a", "line 1: the key '~' is not text"),
        ("? [a]\n: 1", "line 1: a key is not text"),
        ("- a\n- b", "line 1: the document is not a mapping"),
        ("just text", "line 1: the document is not a mapping"),
        ("", "line 1: the document is empty"),
        ("# only a comment\n", "line 1: the document is empty"),
        ("a: [1", "line 1: while parsing a flow sequence expected ',' or ']'"),
        ("a: 1\n\tb: 2", "line 2: "),
        ("a: 1\nb: \x01", "line 2: the character U+0001 is not allowed"),
        ('a: "\\UFFFFFFFF"', "line 1: an escape is not a character"),
        ("a: " + "9" * 5000, "line 1: a number of more than 30 digits"),
        (_nested(33), "line 1: more than 32 levels deep"),
        ("a: " + "[" * 100_000, "line 1: more than 32 levels deep"),
    ],
)
def test_yaml_outside_the_strict_subset_is_refused(text: str, message: str) -> None:
    """Text outside the strict subset is a parsing error with file and line."""
    with pytest.raises(ConfigError) as caught:
        parse_document(text, name="c.yaml")
    assert str(caught.value).startswith("c.yaml is not valid YAML: line ")
    assert message in str(caught.value)


def test_thirty_two_levels_are_accepted() -> None:
    """This is the maximum depth."""
    assert parse_document(_nested(32), name="c").data


def test_values_have_line_numbers() -> None:
    """Keys and list items have lines. Deeper values have the nearest line."""
    document = parse_document("a: 1\n\nb:\n  c: 2\n  d:\n    - 1\n    - {e: 3}\n", name="c")
    assert dict(document.lines) == {
        ("a",): 1,
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "d"): 5,
        ("b", "d", 0): 6,
        ("b", "d", 1): 7,
        ("b", "d", 1, "e"): 7,
    }
    assert document.line(("b", "c", "x")) == 4
    assert document.line(("z",)) is None


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """Windows editors write it."""
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: \xc3\xa4\r\nseed: 1\r\n")
    assert read_document(path).data == {"name": "ä", "seed": 1}


def test_invalid_utf_8_is_a_parsing_error(tmp_path: Path) -> None:
    """The message names the line of the first bad byte."""
    path = tmp_path / "c.yaml"
    path.write_bytes(b"seed: 1\nname: \xff\n")
    with pytest.raises(ConfigError, match=r"c\.yaml is not valid YAML: line 2: it is not UTF-8 text"):
        read_document(path)


def test_unreadable_file_is_an_error(tmp_path: Path) -> None:
    """A missing file, a folder and a file above 1 MB are errors with the reason."""
    with pytest.raises(ConfigError, match=r"^cannot read .*none\.yaml: No such file or directory$"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match=r"^cannot read .*: Is a directory$"):
        read_document(tmp_path)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigError, match=r"^cannot read .*large\.yaml: it is larger than 1,000,000 bytes$"):
        read_document(large)


@settings(deadline=None)
@given(st.text() | st.text(alphabet="ab01:-[]{}&*!|>'\"\\#%@,? \n\t"))
def test_arbitrary_text_raises_only_config_errors(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(parse_document(text, name="c").data, dict)
