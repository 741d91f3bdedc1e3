"""The console for untrusted text. `tests/unit/cli/test_console.py` tests it with all output of commands."""

import io

import pytest
from rich.text import Text

from clau_doom.app.literal_console import literal_console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_escaped_texts_keep_their_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are moved where earlier characters become longer."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    console = literal_console(file=Terminal())
    console.print(Text.assemble("a\x1bb", ("c\u202ed", "bold"), "e"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "a\\x1bb\x1b[1mc\\u202ed\x1b[0me\n"
