"""Text from outside, made harmless."""

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
def test_what_is_shown(text: str, shown: str) -> None:
    """Letters of all scripts stay, what acts on a terminal is escaped, and what is long is shortened."""
    assert printable(text) == shown


def test_line_breaks_can_be_kept() -> None:
    """A caller that prints several lines keeps them."""
    assert printable("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


@settings(max_examples=30)
@given(st.text())
def test_nothing_acts_and_nothing_is_shown_twice(text: str) -> None:
    """What is shown holds no control character, can be encoded, and is shown as it is a second time."""
    shown = printable(text, limit=None)
    assert all(char.isprintable() or char.isspace() for char in shown)
    shown.encode()
    assert printable(shown, limit=None) == shown
