"""Fuzz tests of every command with arbitrary arguments and options."""

from collections.abc import Callable, Iterator
from typing import Any

import typer
from hypothesis import strategies as st

from clau_doom.cli import app
from clau_doom.cli.deferred_commands import DeferredCommand

NEVER = {
    "doctor",  # plays in an engine
    "serve",  # would serve; its configuration is that of `config check`
    "replay",  # plays in an engine; its files are read in test_files
}
ALWAYS = {"run": ["--dry-run"], "cleanup": ["--dry-run"]}
NUMBERS = ["0", "1", "-1", "2", "7", "99999999999999999999999", "-0", "nan", "inf", "1e999", "0x10", "1_0", "٣", ""]
# Commands write where an option says: no absolute path here is one that even root may write files to.
TEXTS = [
    *(
        "tiny",
        "tiny-g000-a000",
        "tiny-g001-a003",
        "tiny-g999-a999",
        "tiny-g000-a",
        "tiny-random",
        "Tiny",
        "-",
        "--",
        ".",
    ),
    *(
        "..",
        "/proc",
        "/proc/self",
        "~nosuchuser/x",
        "/dev/null",
        "config.yaml",
        "runs",
        "runs/tiny/results.sqlite",
        "a" * 5000,
    ),
    *(
        "a/" * 3000,
        "x\x1b[2J\x07",
        "[/b]",
        "[red]",
        "{}",
        "%s",
        "\u202e",
        "\udcff",
        "é",
        "🙂",
        "a,b",
        "kills:1",
        ",",
        ":",
    ),
    *(
        "kills:nan",
        "kills:1e999",
        "fitness",
        "x == 1",
        "x = = 1",
        "(" * 200,
        "not " * 2000 + "x",
        "'",
        '"',
        "1,2",
        "nan,inf",
    ),
    *(
        "127.0.0.1:1",
        "unix:nowhere.sock",
        "unix:",
        "localhost:99999",
        "[::1",
        "host:port:port",
        "127.0.0.1:",
        "http://x",
    ),
    *("generations", "local", "csv", "parquet", "90s", "-1h", "1e9h", "held-out", "640x480", "0x0", "module:Class"),
]
values = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
    st.text(st.characters(exclude_characters="\0/", exclude_categories=()), max_size=12),
)


def _commands(group: Any, path: list[str]) -> Iterator[tuple[list[str], list[Any]]]:
    for name, listed in group.commands.items():
        each = listed.load() if isinstance(listed, DeferredCommand) else listed
        if hasattr(each, "commands"):
            yield from _commands(each, [*path, name])
        elif name not in NEVER:
            yield [*path, name], [part for part in each.params if part.name != "help"]


COMMANDS = list(_commands(typer.main.get_command(app), []))


@st.composite
def command_lines(draw: Callable[[Any], Any]) -> list[str]:
    """Return a command with some of its parameters, each with a value of any kind."""
    path, parameters = draw(st.sampled_from(COMMANDS))
    words = [*path]
    for parameter in parameters:
        chosen = draw(st.integers(0, 9))
        if parameter.param_type_name == "argument":
            words += [] if chosen == 9 else ["tiny"] if chosen < 3 else [draw(values)]
        elif chosen < 2:
            option = draw(st.sampled_from(parameter.opts))
            words += [option] if parameter.is_flag else [option, draw(values)]
    words += ALWAYS.get(path[-1], [])
    return words


def test_no_command_line_is_an_internal_error(explore: Any, command: Any) -> None:
    """Each ends with output, or with one message and the exit code of a user's error."""

    def check(words: list[str]) -> None:
        command(words).check()

    explore(check, brief=25, words=command_lines())


def test_all_commands_are_known() -> None:
    """A new command is fuzzed, unless it is named above."""
    assert {" ".join(path) for path, _ in COMMANDS} >= {
        "run",
        "status",
        "analyze",
        "agent show",
        "config check",
        "export",
    }
