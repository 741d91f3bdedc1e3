"""The console for untrusted text. `tests/unit/cli/test_console.py` tests it with all output of commands."""

import io

from rich.text import Text

from clau_doom.app.literal_console import LiteralConsole


def test_escaped_texts_keep_their_styles() -> None:
    """Spans are moved where earlier characters become longer."""
    console = LiteralConsole(file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text.assemble("a\x1bb", ("c\u202ed", "bold"), "e"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "a\\x1bb\x1b[1mc\\u202ed\x1b[0me\n"
