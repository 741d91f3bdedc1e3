"""Help of all commands: summaries, examples, options and their types."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from clau_doom.cli import app, run_command
from clau_doom.cli.deferred_commands import DeferredCommand

WIDEST_SUMMARY = 66
"""Characters beside the name of a command in the list of commands, on a terminal of 80 columns."""


@dataclass(frozen=True)
class Case:
    words: tuple[str, ...]
    command: Any

    def __str__(self) -> str:
        return " ".join(self.words) or "clau-doom"


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[Case]:
    if isinstance(command, DeferredCommand):
        command = command.load()
    yield Case(words, command)
    if isinstance(command, TyperGroup):
        for name, member in command.commands.items():
            yield from commands(member, (*words, name))


COMMANDS = [*commands(get_command(app))]


def parameters(case: Case) -> list[Any]:
    with case.command.make_context("clau-doom", ["--help"], resilient_parsing=True) as context:
        return [parameter for parameter in case.command.get_params(context) if not getattr(parameter, "hidden", False)]


@pytest.mark.parametrize("case", COMMANDS[1:], ids=str)
def test_summary_of_a_command_is_one_line(case: Case) -> None:
    summary = case.command.help.split("\n\n")[0].strip()
    assert "\n" not in summary
    assert len(summary) <= WIDEST_SUMMARY
    assert summary[0].isupper()
    assert summary.endswith(".")


@pytest.mark.parametrize("case", COMMANDS, ids=str)
def test_each_command_has_a_valid_example(case: Case) -> None:
    title, *examples = case.command.epilog.split("\n")
    assert title == ("Example:" if len(examples) == 1 else "Examples:")
    for example in examples:
        program, *words = example.partition(" > ")[0].split()
        assert program == "clau-doom"
        assert tuple(words[: len(case.words)]) == case.words
        parse(get_command(app), words)


def parse(command: Any, words: list[str]) -> None:
    """Parse a command line without running the command."""
    if isinstance(command, TyperGroup):
        _, found, words = command.resolve_command(command.context_class(command), words)
        assert found is not None
        parse(found, words)
    else:
        command.make_context(command.name, words)


@pytest.mark.parametrize("case", COMMANDS, ids=str)
@pytest.mark.parametrize("columns", ["80", "140"])
def test_help_describes_each_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: Case, columns: str
) -> None:
    """Flags have no type, and each option has a text."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.argv", ["clau-doom", *case.words, "--help"])
    assert run_command([*case.words, "--help"]) == 0
    page = capsys.readouterr().out
    assert "<bool>" not in page
    for parameter in parameters(case):
        assert parameter.help, parameter.name
        if isinstance(parameter, TyperOption):
            assert any(option in page for option in parameter.opts)
            assert not parameter.secondary_opts
