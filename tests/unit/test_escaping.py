"""Tests of escaping untrusted text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.escaping import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("defend_the_center", "defend_the_center"),
        ("\x1b[2J\x07\x00", r"\x1b[2J\x07\x00"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("a\u202eb\u200bc\u2028\udcff\x9b", r"a\u202eb\u200bc\u2028\udcff\x9b"),
        ("naïve 试验 \u00a0\u3000 🙂", "naïve 试验 \u00a0\u3000 🙂"),
        ("x" * 201, "x" * 200 + "... (201 characters)"),
    ],
)
def test_control_characters_are_escaped_and_long_text_is_shortened(text: str, shown: str) -> None:
    """Letters of all scripts are unchanged."""
    assert printable(text) == shown


def test_selected_control_characters_are_kept() -> None:
    assert printable("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


@settings(max_examples=30)
@given(st.text())
def test_escaped_text_is_printable_and_stable(text: str) -> None:
    """Escaping a text twice gives the same result as escaping it once."""
    shown = printable(text, limit=None)
    assert all(char.isprintable() or char.isspace() for char in shown)
    shown.encode()
    assert printable(shown, limit=None) == shown
